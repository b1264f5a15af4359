"""A server that is out of patience cancels requests, and ends the lifespan at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.testclient import TestClient

from together_di.testing import FakeTogether

Message: TypeAlias = MutableMapping[str, Any]


def test_what_was_written_until_then_is_kept(app: FastAPI, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.streams(["Two ", "years."])
    with TestClient(app) as client:
        messages = client.get("/").url.path + "/messages"
    asyncio.run(shut_down_in_the_middle(app, messages))
    with TestClient(app) as client:
        assert client.get(messages).json()["messages"][-1] == {"role": "assistant", "text": "Two "}


async def shut_down_in_the_middle(app: FastAPI, path: str) -> None:
    """Ask, take a first piece of the answer but no second one, and shut down."""
    has_taken = asyncio.Event()
    received = asyncio.Queue[Message]()
    received.put_nowait({"type": "http.request", "body": json.dumps({"text": "How long?"}).encode()})

    async def send(message: Message) -> None:
        if b"Two " in message.get("body", b""):
            has_taken.set()
            await asyncio.Event().wait()

    async with app.router.lifespan_context(app) as state:
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "state": dict(state or {})}
        headers = [(b"content-type", b"application/json")]
        task = asyncio.create_task(app({**scope, "headers": headers}, received.get, send))
        await has_taken.wait()
        task.cancel()
