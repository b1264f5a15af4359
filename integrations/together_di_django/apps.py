"""The app: it holds the container, checks the settings at the start, and starts anew when a test changes them."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.core.checks import Error, register
from django.core.signals import setting_changed

from .checks import TAG, check_configuration, check_deployment
from .settings import DEFAULTS, SOURCE, TogetherSetting

if TYPE_CHECKING:
    from together_di import TogetherContainer

logger = logging.getLogger("together_di")

#: The programs whose commands say what the system checks find; servers and workers do not run these.
_CHECKING = {"manage.py", "django-admin"}


class TogetherConfig(AppConfig):
    """What `"together_di_django"` in `INSTALLED_APPS` stands for."""

    name = "together_di_django"
    label = "together_di"
    verbose_name = "Together AI"

    _container: TogetherContainer | None = None

    def ready(self) -> None:
        """Register the system checks, log what they call an error where nobody runs them, and follow the settings."""
        register(check_configuration, TAG)
        register(check_deployment, TAG, deploy=True)
        setting_changed.connect(self._follow)
        if _CHECKING.isdisjoint(Path(program).name for program in sys.argv[:1]):
            _log_errors()

    @property
    def container(self) -> TogetherContainer:
        """The container of the client `"default"`; the others are its `named(alias)`."""
        if self._container is None:
            # Of threads that come at the same time, the first one's is taken: building another costs nothing.
            vars(self).setdefault("_container", _new_container())
        return vars(self)["_container"]  # type: ignore[no-any-return]

    def _follow(self, *, setting: str, **_: object) -> None:
        # The container stays, with its overrides and with all that is wired to it; its clients are built anew.
        if setting == "TOGETHER" and self._container is not None:
            self._container.close()


def _log_errors() -> None:
    for message in check_configuration():
        if isinstance(message, Error):
            logger.error("%s", message.msg)


def _new_container() -> TogetherContainer:
    # Here, because it takes long: commands that make no call do without it.
    from together_di import TogetherContainer

    return TogetherContainer(config=TogetherSetting(), source=SOURCE, defaults=DEFAULTS)
