"""The clients, from anywhere in a project."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from together_di import AsyncTogether, Together

if TYPE_CHECKING:
    from together_di import TogetherContainer

    from .apps import TogetherConfig


def get_container(alias: str = "default") -> TogetherContainer:
    """The container of a client: `explain()`, `ping()`, `aping()`, `refresh()`, `close()`, `aclose()`, `wire(...)`.

    For `@inject`, wire it once, in `ready()` of your own app: `get_container().wire(modules=["shop.views"])`; then
    `client: Together = Provide["client"]` is an argument with the client.

    Raises:
        ImproperlyConfigured: `"together_di_django"` is not in `INSTALLED_APPS`.
        AppRegistryNotReady: The apps are being loaded; ask in a function, not when a settings module is imported.
        ConfigurationError: There is no client of that name.
    """
    try:
        app = cast("TogetherConfig", apps.get_app_config("together_di"))
    except LookupError:
        raise ImproperlyConfigured('Together is not set up: add "together_di_django" to INSTALLED_APPS.') from None
    return app.container.named(alias)


def get_together(alias: str = "default") -> Together:
    """The client whose methods block: one for each alias and process, shared by all threads.

    Args:
        alias: Its name in `TOGETHER`.

    Raises:
        MissingAPIKeyError: There is no key; the message lists every place that was looked at.
        ConfigurationError: Some options cannot be used, or there is no client of that name.
        ImproperlyConfigured: `"together_di_django"` is not in `INSTALLED_APPS`.
    """
    return get_container(alias).client()


def get_async_together(alias: str = "default") -> AsyncTogether:
    """The client whose methods are awaited, itself not awaited: it works in the event loop of every async view.

    Args:
        alias: Its name in `TOGETHER`.

    Raises:
        MissingAPIKeyError: There is no key; the message lists every place that was looked at.
        ConfigurationError: Some options cannot be used, or there is no client of that name.
        ImproperlyConfigured: `"together_di_django"` is not in `INSTALLED_APPS`.
    """
    return get_container(alias).async_client()


@contextmanager
def override(client: Together | AsyncTogether, alias: str = "default") -> Generator[None]:
    """Give everyone `client` instead of the one of its kind, in a test.

    Args:
        client: A `Together` for `get_together`, an `AsyncTogether` for `get_async_together`, a `FakeTogether` for both.
        alias: Whose place it takes.

    Raises:
        TypeError: It is no client.
    """
    if not isinstance(client, Together | AsyncTogether):
        raise TypeError(f"override() takes a FakeTogether, or another client, not a {type(client).__name__}.")
    container: Any = get_container(alias)
    with ExitStack() as stack:
        if isinstance(client, AsyncTogether):
            stack.enter_context(container.async_client.override(client))
        else:
            stack.enter_context(container.client.override(client))
            if twin := getattr(client, "async_client", None):
                stack.enter_context(container.async_client.override(twin))
        yield
