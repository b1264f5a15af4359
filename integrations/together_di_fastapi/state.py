"""Where an application keeps its container, and how a request finds it."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from together_di import TogetherContainer, TogetherError

__all__ = ["KEY", "OWNER", "NotStartedError", "container_of", "get_container"]

#: The name of the container in `app.state` and in the state of the lifespan.
KEY = "together_di"
#: The name, in the state of the lifespan, of the application whose lifespan it was.
OWNER = "together_di_owner"


class NotStartedError(TogetherError, RuntimeError):
    """A client was asked for in an application for which `together_lifespan` has not run; the message lists why."""


def get_container(source: Starlette | HTTPConnection) -> TogetherContainer:
    """The container of an application that runs.

    A mounted application has that of the one it is mounted in, unless its own lifespan is run as well.

    Args:
        source: The application, or a request or WebSocket in it.

    Raises:
        NotStartedError: `together_lifespan` has not run for it, or is over.
    """
    if isinstance(source, HTTPConnection):
        return container_of(source)
    container: TogetherContainer | None = getattr(source.state, KEY, None)
    if container is None:
        raise NotStartedError(_CAUSES)
    return container


def container_of(connection: HTTPConnection) -> TogetherContainer:
    """The container for a request or WebSocket; every one of them asks, so that this must be quick."""
    scope = connection.scope
    # What the lifespan yielded: servers hand it to every request, and mounting leaves it alone.
    yielded: dict[str, Any] = scope.get("state", {})
    # Without a look at `app.state`, which takes ten times as long.
    if yielded.get(OWNER) is scope["app"] or (KEY in yielded and not hasattr(scope["app"].state, KEY)):
        return yielded[KEY]  # type: ignore[no-any-return]
    return get_container(scope["app"])


_CAUSES = """\
This application has no Together client: together_lifespan has not run for it, or is over. Likely causes:
1. It is not set up. Write FastAPI(lifespan=together_lifespan()); with a lifespan of its own, \
together_lifespan(my_lifespan).
2. It is mounted in another application. Set up the outer one: lifespans of mounted applications are not run.
3. A test does not start it. Write `with TestClient(app) as client:`; for httpx.ASGITransport, \
`async with app.router.lifespan_context(app):` around it.
4. The server runs no lifespan, as daphne, or uvicorn with --lifespan off."""
