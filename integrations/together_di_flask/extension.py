"""`FlaskTogether`: sets an app up."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple, Never, TypeVar

from flask import Flask

from together_di import AsyncTogether, Together, TogetherContainer

from .cli import says_what_is_wrong, together_group
from .clients import EXTENSION, AppClients, FlaskSetupError, container_of, current_container
from .settings import read

ClientT = TypeVar("ClientT", bound=Together | AsyncTogether)

logger = logging.getLogger("together_di")


class _Fake(NamedTuple):
    """A client that takes the place of others, and the providers that give it for now."""

    alias: str
    client: Together | AsyncTogether
    providers: list[Any]

    def replace_in(self, container: TogetherContainer) -> None:
        """Have `container` give the client."""
        named = container.named(self.alias)
        if isinstance(self.client, AsyncTogether):
            self._override(named.async_client, self.client)
            return
        self._override(named.client, self.client)
        # A FakeTogether brings the async client of its script.
        if twin := getattr(self.client, "async_client", None):
            self._override(named.async_client, twin)

    def _override(self, provider: Any, client: Together | AsyncTogether) -> None:
        provider.override(client)
        self.providers.append(provider)

    def undo(self) -> None:
        """Have every container give its own again, also those whose app has gone."""
        for provider in self.providers:
            provider.reset_last_overriding()


class FlaskTogether(AppClients):
    """The extension. Make one at import, and call `init_app` for each app.

    Its `client` and `async_client` are those of the current app; `named("eu")` has those of another name.

    Args:
        app: The app to set up at once, if there is one already.
        **options: There are none: they stand in `app.config`.

    Raises:
        TypeError: There are options; or it is no app.
    """

    def __init__(self, app: Flask | None = None, **options: Never) -> None:
        if options:
            raise TypeError(
                f"FlaskTogether takes no options, but got {', '.join(options)}. Write them into "
                'app.config["TOGETHER"], as in {"timeout": 20}, before init_app(app).'
            )
        super().__init__()
        self._containers: weakref.WeakKeyDictionary[Flask, TogetherContainer] = weakref.WeakKeyDictionary()
        self._fakes: list[_Fake] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read the configuration of `app`, and give it its clients, `flask together`, and `together` in `flask shell`.

        What changes in `app.config` afterwards does not count. Nothing is opened or fetched. Under `flask together`,
        the command says what is wrong.

        Raises:
            FlaskSetupError: It has been called for this app before.
            ConfigurationError: An option cannot be used; the message says which, and where it stands.
            MissingAPIKeyError: There is no key anywhere.
            TypeError: It is no app.
        """
        if not isinstance(app, Flask):
            raise TypeError(f"FlaskTogether(app) and init_app(app) take the Flask app, not a {type(app).__name__}.")
        if EXTENSION in app.extensions:
            raise FlaskSetupError(
                f"The app {app.name!r} is set up already. Likely mistakes: both `FlaskTogether(app)` and "
                "`together.init_app(app)`; or a FlaskTogether for each client, where one has them all: "
                'app.config["TOGETHER"] = {"default": {...}, "eu": {...}}.'
            )
        given = read(app.config)
        container = TogetherContainer(config=given.options, source=given.source, defaults={"blocking_calls": "warn"})
        if not says_what_is_wrong():
            self._check(container)
        for fake in self._fakes:
            fake.replace_in(container)
        app.extensions[EXTENSION] = self._containers[app] = container
        weakref.finalize(app, _close_at_the_end, container)
        app.cli.add_command(together_group())
        app.shell_context_processor(lambda: {"together": self})

    def _check(self, container: TogetherContainer) -> None:
        """Fail now rather than in a request; a client that a test has replaced needs no key."""
        replaced = {fake.alias for fake in self._fakes}
        for named in map(container.named, container.names):
            if named.client_name() in replaced:
                named.settings()
            else:
                named.client_config()

    def named(self, alias: str) -> AppClients:
        """The clients of that name, of whichever app is the current one."""
        return AppClients(alias)

    @contextmanager
    def override(self, fake: ClientT, alias: str = "default") -> Generator[ClientT]:
        """Have every app of this extension use `fake`, in a `with` block of a test; apps may also be made inside it.

        Args:
            fake: It takes the place of the sync client, an `AsyncTogether` that of the async one, and a `FakeTogether`
                that of both.
            alias: The name of the client whose place it takes.

        Raises:
            ConfigurationError: An app has no client of that name.
        """
        replacing = _Fake(alias, fake, [])
        try:
            for container in self._containers.values():
                replacing.replace_in(container)
            self._fakes.append(replacing)
            yield fake
        finally:
            self._fakes = [other for other in self._fakes if other is not replacing]
            replacing.undo()

    def close(self, app: Flask | None = None) -> None:
        """Close the clients of `app`, or of the current app; asking for one afterwards builds a new one.

        At exit, and when an app is no longer referred to, this happens by itself.

        Raises:
            ExceptionGroup: Some could not be closed; the others were.
        """
        (container_of(app) if app is not None else current_container()).close()


def _close_at_the_end(container: TogetherContainer) -> None:
    try:
        container.close()
    except ExceptionGroup as group:
        for error in group.exceptions:
            logger.warning("A client could not be closed: %s", error)
