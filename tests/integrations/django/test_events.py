"""`sse`: a streamed answer in the browser, chunk by chunk, and nothing left open when the browser goes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import AsyncClient, Client, RequestFactory, override_settings

from together_di_django import get_async_together, get_together, sse

from ...core.support.events import DONE, OPEN_ENDED, events
from ...core.support.http_server import HTTPServer, chunked, raw, then_hang_up
from ...core.support.sides import KEY
from .project import CHAT, async_stream_view, stream_view

WHOLE = raw(chunked(events("Bon", "jour"), DONE))


def to(server: HTTPServer) -> override_settings:
    return override_settings(TOGETHER={"API_KEY": KEY, "BASE_URL": server.url, "MAX_RETRIES": 0})


async def body_of(path: str) -> bytes:
    response: Any = await AsyncClient().get(path)
    return b"".join([part async for part in response])


def test_a_stream_is_relayed_under_wsgi() -> None:
    with HTTPServer(WHOLE) as server, to(server):
        response: Any = Client().get("/stream")
        body = response.getvalue()
    assert body.count(b"data: ") == 3
    assert body.endswith(DONE)


@pytest.mark.parametrize("path", ["/stream", "/async-stream"])
def test_a_stream_is_relayed_under_asgi(path: str) -> None:
    with HTTPServer(WHOLE) as server, to(server):
        body = asyncio.run(body_of(path))
    assert body.count(b"data: ") == 3
    assert body.endswith(DONE)


def test_proxies_and_browsers_are_told_what_it_is() -> None:
    with HTTPServer(WHOLE) as server, to(server):
        response: Any = Client().get("/stream")
        response.getvalue()
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-cache"
    assert response["X-Accel-Buffering"] == "no"


def test_the_first_event_of_a_view_that_blocks_arrives_under_asgi_before_the_second_is_there() -> None:
    async def first() -> bytes:
        response: Any = await AsyncClient().get("/stream")
        async with aclosing(aiter(response)) as parts:
            part: bytes = await anext(parts)
        await asyncio.to_thread(response.close)
        return part

    with HTTPServer(OPEN_ENDED) as server, to(server):
        assert b'"content":"a"' in asyncio.run(first())


def test_a_middleware_may_wrap_the_events_asynchronously() -> None:
    async def shouted(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        for part in parts:
            yield part.upper()

    async def main() -> bytes:
        response: Any = await asyncio.to_thread(stream_view, request())
        response.streaming_content = shouted(response.streaming_content)
        return b"".join([part async for part in response])

    with HTTPServer(WHOLE) as server, to(server):
        assert b"JOUR" in asyncio.run(main())


def test_a_stream_that_breaks_off_ends_with_an_error_event() -> None:
    with HTTPServer(then_hang_up(chunked(events("Bon"), end=False))) as server, to(server):
        response: Any = Client().get("/stream")
        body = response.getvalue()
    assert b"event: error" in body
    assert DONE not in body
    assert server.url.encode() not in body


# Closing


def request() -> HttpRequest:
    return RequestFactory().get("/")


def test_a_response_that_is_never_read_closes_the_stream() -> None:
    with HTTPServer(OPEN_ENDED) as server, to(server):
        stream_view(request()).close()
        server.wait_until_closed(1)


def test_an_async_response_that_is_never_read_closes_the_stream() -> None:
    async def main() -> None:
        response = await async_stream_view(request())
        await asyncio.to_thread(response.close)
        await asyncio.to_thread(server.wait_until_closed, 1)

    with HTTPServer(OPEN_ENDED) as server, to(server):
        asyncio.run(main())


def test_a_response_closed_in_the_event_loop_closes_the_stream() -> None:
    async def main() -> None:
        response = await async_stream_view(request())
        response.close()
        await asyncio.to_thread(server.wait_until_closed, 1)

    with HTTPServer(OPEN_ENDED) as server, to(server):
        asyncio.run(main())


def test_an_async_stream_under_wsgi_is_refused_with_what_to_do() -> None:
    with HTTPServer(OPEN_ENDED) as server, to(server):
        with pytest.raises(ImproperlyConfigured, match=r"Use get_together\(\) .*, or an ASGI server; .* AsyncClient"):
            b"".join(Client().get("/async-stream"))
        server.wait_until_closed(1)


# What is no stream


@override_settings(TOGETHER={"TRANSPORT": "embedded"})
def test_an_answer_that_is_not_streamed_is_refused() -> None:
    answer: Any = get_together().chat.completions.create(**CHAT)
    with pytest.raises(TypeError, match=r"needs the Stream that create\(\.\.\., stream=True\) gives, not a ChatCompl"):
        sse(answer)


@override_settings(TOGETHER={"TRANSPORT": "embedded"})
def test_a_call_that_is_not_awaited_is_refused_and_python_does_not_warn_of_it_as_well() -> None:
    call: Any = get_async_together().chat.completions.create(stream=True, **CHAT)
    with pytest.raises(TypeError, match=r"not a coroutine\. In an `async def` view, write sse\(await \.\.\.\)"):
        sse(call)
    assert inspect.getcoroutinestate(call) == inspect.CORO_CLOSED
