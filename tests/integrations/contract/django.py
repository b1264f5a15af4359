"""The contract's rig for Django: a project has one setting for the whole process, so each app is an alias in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.test import Client, override_settings

from together_di import AsyncTogether, Together
from together_di_django import get_async_together, get_container, get_together, override

from ..django.project import configure
from .rig import Answer


class DjangoApp:
    """The views of a project with the client of one alias, asked by Django's own test client."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    @property
    def client(self) -> Together:
        return get_together(self._alias)

    @property
    def async_client(self) -> AsyncTogether:
        return get_async_together(self._alias)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, path: str) -> Any:
        return Client(raise_request_exception=False).get(path, {"alias": self._alias})

    def get(self, path: str) -> Answer:
        response = self._ask(path)
        return Answer(response.status_code, response.content.decode())

    def read_one_event(self, path: str) -> bytes:
        response = self._ask(path)
        event: bytes = next(iter(response))
        response.close()
        return event

    def override(self, fake: Together | AsyncTogether) -> AbstractContextManager[object]:
        return override(fake, self._alias)

    def set_up_again(self) -> None:
        django.setup()
        apps.get_app_config("together_di").ready()

    def close(self) -> None:
        get_container(self._alias).close()


class DjangoRig:
    """Django."""

    mistakes = (ImproperlyConfigured,)
    set_up = "INSTALLED_APPS"

    def make_apps(self, *options: Mapping[str, Any]) -> list[DjangoApp]:
        configure()
        aliases = ["default", "other"][: len(options)]
        settings.TOGETHER = dict(zip(aliases, options, strict=True))
        setting_changed.send(sender=type(self), setting="TOGETHER", value=settings.TOGETHER, enter=True)
        return [DjangoApp(alias) for alias in aliases]

    def use_before_set_up(self) -> None:
        configure()
        with override_settings(INSTALLED_APPS=[]):
            get_together()


RIG = DjangoRig()
