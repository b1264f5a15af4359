"""What `Depends(get_together)` costs a request, next to an empty `async def` dependency.

The floor is the empty dependency. Each app is called in this process, without a server, and has one route.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, MutableMapping
from typing import Any

from fastapi import Depends, FastAPI

from together_di_fastapi import get_async_together, get_together, together_lifespan

from .measure import FLOOR, OURS, Case, Contender, timed

REQUESTS = 300


def cases(stack: contextlib.ExitStack) -> list[Case]:
    """One case; the apps run until `stack` is left."""
    runner = stack.enter_context(asyncio.Runner())
    dependencies = {
        FLOOR: _nothing,
        OURS: get_together,
        "ours, async": get_async_together,
        "an empty `def`": _nothing_in_a_thread,
    }
    contenders = [Contender(name, _request(what, runner, stack)) for name, what in dependencies.items()]
    return [Case("dependency-fastapi", "s", contenders, rounds=60)]


async def _nothing() -> None:
    pass


def _nothing_in_a_thread() -> None:
    pass


def _request(dependency: Any, runner: asyncio.Runner, stack: contextlib.ExitStack) -> Callable[[], float]:
    needed = Depends(dependency)
    app = FastAPI(lifespan=together_lifespan(transport="embedded"))

    @app.get("/")
    async def route(_together: Any = needed) -> int:
        return 1

    lifespan = contextlib.AsyncExitStack()
    running: Any = app.router.lifespan_context(app)
    state = runner.run(lifespan.enter_async_context(running))
    stack.callback(lambda: runner.run(lifespan.aclose()))
    return timed(lambda: runner.run(_requests(app, state)), each=REQUESTS)


async def _requests(app: FastAPI, state: dict[str, Any]) -> None:
    for _ in range(REQUESTS):
        await app(
            {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.3"},
                "http_version": "1.1",
                "method": "GET",
                "scheme": "http",
                "path": "/",
                "raw_path": b"/",
                "query_string": b"",
                "root_path": "",
                "headers": [],
                "state": dict(state),
            },
            _receive,
            _send,
        )


async def _receive() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_message: MutableMapping[str, Any]) -> None:
    pass
