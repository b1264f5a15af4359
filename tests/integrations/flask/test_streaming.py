"""`sse`: a streamed answer for the browser."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from flask import Flask, Response

from together_di_flask import FlaskTogether, sse

from ...core.support.events import DONE, events
from ...core.support.http_server import HTTPServer, chunked, raw, then_hang_up, then_stall
from ...core.support.sides import CHAT, KEY
from .support import EMBEDDED, make_app


def streaming_app(**options: Any) -> Flask:
    together = FlaskTogether()
    app = make_app(together, TOGETHER={"api_key": KEY, "max_retries": 0, **options})

    @app.get("/")
    def view() -> Response:
        return sse(together.client.chat.completions.create(stream=True, **CHAT))

    return app


def test_the_answer_is_a_stream_of_events_that_proxies_do_not_hold_back() -> None:
    response = streaming_app(**EMBEDDED).test_client().get("/")
    assert response.mimetype == "text/event-stream"
    assert (response.headers["Cache-Control"], response.headers["X-Accel-Buffering"]) == ("no-cache", "no")


def test_each_chunk_is_an_event_and_the_last_word_is_done() -> None:
    with HTTPServer(raw(chunked(events("Bon", "jour") + DONE))) as server:
        data = streaming_app(base_url=server.url).test_client().get("/").data
    parts = data.split(b"\n\n")
    assert [b'"content":"Bon"' in parts[0], b'"content":"jour"' in parts[1], parts[2]] == [True, True, b"data: [DONE]"]


def test_an_answer_that_breaks_off_ends_with_an_event_that_says_so() -> None:
    with HTTPServer(then_hang_up(chunked(events("Bon"), end=False))) as server:
        text = streaming_app(base_url=server.url).test_client().get("/").text
    assert text.endswith('event: error\ndata: {"message": "The answer broke off."}\n\n')


def test_a_browser_that_goes_closes_the_connection_to_the_api() -> None:
    with HTTPServer(then_stall(chunked(events("Bon"), end=False))) as server:
        with streaming_app(base_url=server.url).test_client().get("/", buffered=False) as response:
            next(response.iter_encoded())
        server.wait_until_closed(1)


def test_an_answer_without_its_body_closes_the_connection_to_the_api() -> None:
    together = FlaskTogether()
    with HTTPServer(then_stall(chunked(events("Bon"), end=False))) as server:
        app = make_app(together, TOGETHER={"api_key": KEY, "base_url": server.url})
        kept: list[Any] = []  # so that it is not the garbage collector who closes it

        @app.get("/")
        def view() -> Response:
            kept.append(together.client.chat.completions.create(stream=True, **CHAT))
            return sse(kept[0])

        with app.test_client().head("/") as response:
            assert response.status_code == 200
        server.wait_until_closed(1)


def test_an_async_stream_is_refused_with_the_way_that_works() -> None:
    together = FlaskTogether()
    app = make_app(together, TOGETHER=EMBEDDED)
    app.testing = True

    @app.get("/")
    async def view() -> Response:
        stream = await together.async_client.chat.completions.create(stream=True, **CHAT)
        return sse(stream)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    with pytest.raises(TypeError, match=r"write a `def` view, and call create\(\.\.\., stream=True\) of get_together"):
        app.test_client().get("/")


def test_an_answer_that_is_no_stream_is_refused() -> None:
    together = FlaskTogether()
    with make_app(together, TOGETHER=EMBEDDED).app_context():
        answer: Any = together.client.chat.completions.create(**CHAT)
        with pytest.raises(TypeError, match=r"needs the Stream that create\(\.\.\., stream=True\) gives, not a Chat"):
            sse(answer)


def test_a_call_that_is_not_awaited_is_refused_and_python_does_not_warn_of_it_as_well() -> None:
    together = FlaskTogether()
    with make_app(together, TOGETHER=EMBEDDED).app_context():
        call: Any = together.async_client.chat.completions.create(stream=True, **CHAT)
        with pytest.raises(TypeError, match=r"not a coroutine\. Call create\(\.\.\., stream=True\) of get_together"):
            sse(call)
    assert inspect.getcoroutinestate(call) == inspect.CORO_CLOSED
