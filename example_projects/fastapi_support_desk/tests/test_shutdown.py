"""A server that does not wait any longer cancels what still goes on."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import Any, TypeAlias

import anyio
from fastapi import FastAPI
from fastapi.testclient import TestClient

from together_di.testing import FakeTogether

Message: TypeAlias = MutableMapping[str, Any]


def test_what_was_written_until_then_is_kept(app: FastAPI, client: TestClient, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.streams(["Two ", "years."])
    messages = client.get("/").url.path + "/messages"
    assert client.portal is not None
    client.portal.call(Visit(messages, client.app_state).until_cancelled, app)
    assert client.get(messages).json()["messages"][-1] == {"role": "assistant", "text": "Two "}


class Visit:
    """A visitor who asks, and takes a first piece of the answer but no second one."""

    def __init__(self, path: str, state: dict[str, Any]) -> None:
        headers = [(b"content-type", b"application/json")]
        request = {"method": "POST", "path": path, "query_string": b"", "headers": headers}
        self._scope: Message = {"type": "http", "state": dict(state), **request}
        self._has_taken = anyio.Event()
        self._bodies = 0

    async def until_cancelled(self, app: FastAPI) -> None:
        """Ask, and have the request cancelled when a piece has been taken."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app, self._scope, self._receive, self._send)
            await self._has_taken.wait()
            tasks.cancel_scope.cancel()

    async def _receive(self) -> Message:
        if self._bodies:
            await anyio.sleep_forever()
        self._bodies += 1
        return {"type": "http.request", "body": json.dumps({"text": "How long?"}).encode(), "more_body": False}

    async def _send(self, message: Message) -> None:
        if b"Two " in message.get("body", b""):
            self._has_taken.set()
            await anyio.sleep_forever()
