"""An ASGI application that runs in a thread of its own, and a browser that leaves in the middle of a stream."""

from __future__ import annotations

import threading
from collections.abc import MutableMapping
from contextlib import ExitStack
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.testclient import TestClient

from together_di_fastapi import AsyncTogetherDep

from ...core.support.http_server import PATIENCE

Message = MutableMapping[str, Any]


class Served:
    """An application with its event loop; unlike under `TestClient`, requests can go on while it shuts down."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.client = TestClient(app, raise_server_exceptions=False)
        self._started = threading.Event()
        self._lifespan = ExitStack()
        self._thread = threading.Thread(target=lambda: anyio.run(self._loop), daemon=True)

    async def _loop(self) -> None:
        async with BlockingPortal() as self.portal:
            self._started.set()
            await self.portal.sleep_until_stopped()

    def start(self) -> None:
        """Run the start of the lifespan."""
        self._thread.start()
        assert self._started.wait(PATIENCE)
        self.client.portal = self.portal
        lifespan: Any = self.portal.wrap_async_context_manager(self.app.router.lifespan_context(self.app))
        self.client.app_state = dict(self._lifespan.enter_context(lifespan) or {})

    def shut_down(self) -> None:
        """Run the end of the lifespan; requests may still be going on."""
        try:
            self._lifespan.close()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the event loop when the requests have ended."""
        self.portal.start_task_soon(self.portal.stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def read_one_event(self, path: str) -> bytes:
        """The first piece of the body of a response, after which the browser leaves."""
        return self.portal.call(Browser(self.client.app_state).read_one_event, self.app, path)


class Browser:
    """A browser that reads a piece of a body, and goes away.

    Args:
        state: What the lifespan yielded.
        spec_version: The ASGI version of its server. From 2.4 on, servers say by an `OSError` that it has gone.
        stays: Whether it stays until `leave` is called.
    """

    def __init__(self, state: dict[str, Any], spec_version: str = "2.3", *, stays: bool = False) -> None:
        self.has_read = anyio.Event()
        self._state = state
        self._spec_version = spec_version
        self._stays = stays
        self._read = b""
        self._asked = False
        self._gone = anyio.Event()

    async def leave(self) -> None:
        """Go away."""
        self._gone.set()

    async def read_one_event(self, app: Starlette, path: str) -> bytes:
        """What was read."""
        await app(self._scope(path), self._receive, self._send)
        return self._read

    def _scope(self, path: str) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self._spec_version},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [],
            "state": dict(self._state),
        }

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._gone.is_set() and self._spec_version >= "2.4":
            raise OSError("nobody is there")
        if message["type"] == "http.response.body" and not self._gone.is_set():
            self._read = message["body"]
            self.has_read.set()
            if not self._stays:
                await self.leave()


def showing_timeout(app: FastAPI) -> FastAPI:
    """`app` with a route that answers the time limit of its client."""

    @app.get("/timeout")
    async def timeout(together: AsyncTogetherDep) -> Any:
        return together.timeout

    return app
