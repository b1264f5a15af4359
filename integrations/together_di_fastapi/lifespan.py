"""`together_lifespan`: the clients of an application live from its start to its end."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from threading import Lock
from typing import Any, TypeAlias, cast
from weakref import WeakKeyDictionary

from starlette.applications import Starlette
from starlette.types import Lifespan

from together_di import ConfigurationError, TogetherContainer, TogetherError
from together_di.credentials import conceal
from together_di.sources import client_names

from .dependencies import get_async_together_named, get_together_named
from .state import KEY, OWNER

__all__ = ["together_lifespan"]

TogetherLifespan: TypeAlias = Callable[[Starlette], AbstractAsyncContextManager[Mapping[str, Any]]]


def together_lifespan(
    app_lifespan: Lifespan[Any] | None = None,
    *,
    container: TogetherContainer | None = None,
    config: Mapping[str, object] | None = None,
    ping: bool = False,
    **options: object,
) -> TogetherLifespan:
    """The lifespan of an application that uses Together: `FastAPI(lifespan=together_lifespan())`.

    It checks the configuration when the application starts, and closes the clients when it has shut down. Between
    them `app_lifespan` runs; what it yields is yielded on.

    Args:
        app_lifespan: The application's own lifespan.
        container: The container to use. Its clients are closed at the end, after which it can be used again.
        config: The options of the client, or a dict of them for each: `{"default": {...}, "eu": {...}}`.
        ping: Whether to ask the API at the start if it takes the key, and not to start if it does not.
        **options: Instead of `config`, the options of the one client, as `TogetherSettings` has them:
            `together_lifespan(timeout=20)`. What is left out is looked for in the environment, and so on.

    Raises:
        TypeError: The arguments make no sense together.
    """
    options = _concealed(options)
    if isinstance(config, Mapping):
        config = _concealed(config)
    _check_arguments(app_lifespan, container, config, options)
    running = _Running(lambda: container or _built(config, options))
    run_app: Callable[[Starlette], AbstractAsyncContextManager[Mapping[str, Any] | None]]
    run_app = app_lifespan or (lambda _app: nullcontext())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[Mapping[str, Any]]:
        found = running.enter(app)
        try:
            await _check_clients(app, found, ping=ping)
            async with run_app(app) as state:
                yield {**(state or {}), KEY: found, OWNER: app}
        finally:
            if running.leave(app):
                await found.aclose()

    return lifespan


def _concealed(options: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with the keys out of sight: it lives as long as the application, and may be shown in a traceback."""
    if client_names(options):
        clients = cast("Mapping[str, Mapping[str, Any]]", options)
        return {name: _concealed(client) if isinstance(client, Mapping) else client for name, client in clients.items()}
    return {name: conceal(value) if str(name).lower() == "api_key" else value for name, value in options.items()}


def _check_arguments(app_lifespan: object, container: object, config: object, options: Mapping[str, Any]) -> None:
    if isinstance(app_lifespan, Starlette):
        raise TypeError("Write FastAPI(lifespan=together_lifespan()), with parentheses after together_lifespan.")
    if inspect.isasyncgenfunction(app_lifespan) or inspect.isgeneratorfunction(app_lifespan):
        raise TypeError(f"Write @contextlib.asynccontextmanager above `async def {app_lifespan.__name__}`.")
    if app_lifespan is not None and not callable(app_lifespan):
        raise TypeError(
            f"The first argument of together_lifespan is a lifespan of your own, not a {type(app_lifespan).__name__}. "
            'Write together_lifespan(timeout=20), or together_lifespan(config={"timeout": 20}).'
        )
    given = [name for name, value in (("container", container), ("config", config)) if value is not None]
    given += sorted(options)[:1]
    if len(given) > 1:
        raise TypeError(
            f"together_lifespan got {' and '.join(given)}: write either container=..., or config={{...}}, or the "
            "options of one client."
        )
    if config is not None and not isinstance(config, Mapping):
        raise TypeError(
            f"together_lifespan takes as config a dict of options, not a {type(config).__name__}. "
            'Write together_lifespan(config={"timeout": 20}).'
        )


def _built(config: Mapping[str, Any] | None, options: Mapping[str, Any]) -> TogetherContainer:
    source = "argument {} of together_lifespan" if config is None else 'together_lifespan config["{}"]'
    return TogetherContainer(
        config=dict(options if config is None else config), source=source, defaults={"blocking_calls": "warn"}
    )


class _Running:
    """The container of each application that runs, and how often it does: a server may run one in several threads."""

    def __init__(self, build: Callable[[], TogetherContainer]) -> None:
        self._build = build
        self._lock = Lock()
        self._runs: WeakKeyDictionary[Starlette, int] = WeakKeyDictionary()

    def enter(self, app: Starlette) -> TogetherContainer:
        with self._lock:
            runs = self._runs.get(app, 0)
            if not runs:
                if hasattr(app.state, KEY):
                    raise ConfigurationError(
                        "together_lifespan has been set up twice for this application. Keep one; several clients go "
                        'into it as together_lifespan(config={"default": {...}, "eu": {...}}).'
                    )
                setattr(app.state, KEY, self._build())
            self._runs[app] = runs + 1
            return cast("TogetherContainer", getattr(app.state, KEY))

    def leave(self, app: Starlette) -> bool:
        """Whether that was the last run."""
        with self._lock:
            self._runs[app] -= 1
            if self._runs[app]:
                return False
            delattr(app.state, KEY)
            return True


async def _check_clients(app: Starlette, container: TogetherContainer, *, ping: bool) -> None:
    for name in container.names:
        named = container.named(name)
        if _is_faked(app, named, name):
            continue
        named.client_config()
        if ping and not (health := await named.aping()):
            raise TogetherError(f"The client {name!r} does not work: {health.reason}")


def _is_faked(app: Starlette, container: TogetherContainer, name: str) -> bool:
    """Whether a test has put something in the place of a client, so that there need not be a key."""
    overrides: Mapping[object, object] = getattr(app, "dependency_overrides", {})
    dependencies = {get_together_named(name), get_async_together_named(name)}
    providers: list[Any] = [container.client, container.async_client]
    return any(provider.overridden for provider in providers) or not dependencies.isdisjoint(overrides)
