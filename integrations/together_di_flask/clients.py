"""The clients of the current app."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from together_di import AsyncTogether, Together, TogetherContainer, TogetherError
from together_di.check import Health
from together_di.explain import Explanation

#: The key in `app.extensions`, and the name of the command.
EXTENSION = "together_di"


class FlaskSetupError(TogetherError, RuntimeError):
    """The extension is used where it cannot work; the message names the likely mistakes."""


def get_together(alias: str = "default") -> Together:
    """The client of the current app; all its threads share it.

    Args:
        alias: Which of them, if `app.config["TOGETHER"]` has several.

    Raises:
        FlaskSetupError: There is no current app, or `init_app` was not called for it.
        ConfigurationError: There is no client of that name.
    """
    return current_container().named(alias).client()


def get_async_together(alias: str = "default") -> AsyncTogether:
    """The client for `async def` views of the current app. This is not awaited; the methods of the client are.

    Args:
        alias: Which of them, if `app.config["TOGETHER"]` has several.

    Raises:
        FlaskSetupError: There is no current app, or `init_app` was not called for it.
        ConfigurationError: There is no client of that name.
    """
    return current_container().named(alias).async_client()


class AppClients:
    """The clients of one name, of whichever app is the current one; it may be made before there is any app.

    Args:
        alias: The name.
    """

    def __init__(self, alias: str = "default") -> None:
        self.alias = alias

    @property
    def container(self) -> TogetherContainer:
        """The container that they come from; also for `app.container.client` in other containers."""
        return current_container().named(self.alias)

    @property
    def client(self) -> Together:
        """What `get_together(alias)` gives."""
        return get_together(self.alias)

    @property
    def async_client(self) -> AsyncTogether:
        """What `get_async_together(alias)` gives."""
        return get_async_together(self.alias)

    def ping(self) -> Health:
        """Ask the API whom the key belongs to: whether calls can be made, and if not, why."""
        return self.container.ping()

    async def aping(self) -> Health:
        """The same in an `async def` view."""
        return await self.container.aping()

    def explain(self) -> Explanation:
        """Where each option came from; nothing is fetched."""
        return self.container.explain()


def current_container() -> TogetherContainer:
    """The container of the current app.

    Raises:
        FlaskSetupError: There is no current app, or `init_app` was not called for it.
    """
    if not current_app:
        raise FlaskSetupError(
            "There is no current app, so there is no client to give. Likely mistakes: a client is asked for while a "
            "module is imported (ask in the view), or in a thread or a script of your own (ask inside "
            "`with app.app_context():`, or hand the client over)."
        )
    # The object itself, not the proxy for it.
    return container_of(current_app._get_current_object())  # type: ignore[attr-defined]


def container_of(app: Flask) -> TogetherContainer:
    """The container of `app`.

    Raises:
        FlaskSetupError: `init_app` was not called for it.
    """
    if EXTENSION not in app.extensions:
        raise FlaskSetupError(
            f"The app {app.name!r} has no Together client. Likely mistakes: `together = FlaskTogether()` was made, but "
            "`together.init_app(app)` was not called in create_app(); or it was called for another app than this one."
        )
    return cast("TogetherContainer", app.extensions[EXTENSION])
