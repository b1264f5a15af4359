"""What `Depends` gets. Nothing here waits: an `async def` costs no thread, and takes requests and WebSockets alike."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

# FastAPI reads the annotations at run time.
from starlette.requests import HTTPConnection

from together_di import AsyncTogether, Together

from .state import container_of

__all__ = [
    "get_async_together",
    "get_async_together_named",
    "get_together",
    "get_together_named",
]

T = TypeVar("T")

Dependency: TypeAlias = Callable[[HTTPConnection], Awaitable[T]]


async def get_together(connection: HTTPConnection) -> Together:
    """The application's `Together`, whose methods block, for `def` routes: `Depends(get_together)`.

    In Starlette: `together = await get_together(request)`.

    Raises:
        NotStartedError: `together_lifespan` has not run for the application.
    """
    return container_of(connection).client()


async def get_async_together(connection: HTTPConnection) -> AsyncTogether:
    """The application's `AsyncTogether`, for `async def` routes and WebSockets: `Depends(get_async_together)`.

    In Starlette: `together = await get_async_together(request)`.

    Raises:
        NotStartedError: `together_lifespan` has not run for the application.
    """
    return container_of(connection).async_client()


@functools.cache
def get_together_named(name: str) -> Dependency[Together]:
    """The dependency for the `Together` called `name`: `Depends(get_together_named("eu"))`.

    It is the same function each time, so that `app.dependency_overrides[get_together_named("eu")]` overrides it; that
    of `"default"` is `get_together`.
    """
    if name == "default":
        return get_together

    async def get_named(connection: HTTPConnection) -> Together:
        return container_of(connection).named(name).client()

    return get_named


@functools.cache
def get_async_together_named(name: str) -> Dependency[AsyncTogether]:
    """The same for the `AsyncTogether` called `name`."""
    if name == "default":
        return get_async_together

    async def get_named(connection: HTTPConnection) -> AsyncTogether:
        return container_of(connection).named(name).async_client()

    return get_named
