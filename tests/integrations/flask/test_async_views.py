"""`async def` views: Flask runs each request in an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from together_di import BlockingCallError, BlockingCallWarning
from together_di_flask import FlaskTogether

from ...core.support.http_server import HTTPServer, answer
from ...core.support.sides import CHAT, KEY, completion
from .support import EMBEDDED, make_app

GOOD = answer(completion("Good"))


def async_app(**options: Any) -> Flask:
    together = FlaskTogether()
    app = make_app(together, TOGETHER={"api_key": KEY, "max_retries": 0, **options})

    @app.get("/")
    async def view() -> str:
        answers = await asyncio.gather(*(together.async_client.chat.completions.create(**CHAT) for _ in range(2)))
        return " ".join(answer.choices[0].message.content or "" for answer in answers)

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"ok": (await together.aping()).ok}

    return app


def test_request_after_request_gets_an_answer() -> None:
    with HTTPServer(default=GOOD) as server:
        client = async_app(base_url=server.url).test_client()
        assert [client.get("/").text for _ in range(3)] == ["Good Good"] * 3


def test_many_requests_at_once_get_an_answer() -> None:
    with HTTPServer(default=GOOD) as server, ThreadPoolExecutor(8) as pool:
        app = async_app(base_url=server.url)
        assert set(pool.map(lambda _: app.test_client().get("/").text, range(40))) == {"Good Good"}


def test_the_connections_of_a_request_are_closed_with_its_event_loop() -> None:
    with HTTPServer(default=GOOD) as server:
        assert async_app(base_url=server.url).test_client().get("/").text == "Good Good"
        assert server.connections >= 1
        for connection in range(server.connections):
            server.wait_until_closed(connection + 1)


def test_the_api_can_be_checked() -> None:
    assert async_app(**EMBEDDED).test_client().get("/health").json == {"ok": True}


def blocking_app(**options: Any) -> Callable[[], object]:
    """Asks for a view that uses the sync client where it must not."""
    together = FlaskTogether()
    app = make_app(together, TOGETHER={**EMBEDDED, **options})
    app.testing = True

    @app.get("/")
    async def view() -> str:
        return str(together.client.chat.completions.create(**CHAT).id)

    return lambda: app.test_client().get("/")


def test_the_sync_client_in_an_async_view_warns_and_names_the_other() -> None:
    with pytest.warns(BlockingCallWarning, match="get_async_together"):
        blocking_app()()


def test_the_warning_can_be_made_an_error() -> None:
    with pytest.raises(BlockingCallError):
        blocking_app(blocking_calls="raise")()


def test_the_warning_can_be_turned_off() -> None:
    assert blocking_app(blocking_calls="allow")()
