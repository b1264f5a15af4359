"""Responses as they came: `with_raw_response` and `with_streaming_response`."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from together_di import AsyncTogether, AuthenticationError, Together

from .support.events import DONE, OPEN_ENDED, events, texts
from .support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, message, raw
from .support.sides import CHAT, KEY, OpenSide, Side, both_sides, completion

pytestmark = pytest.mark.usefixtures("waits")


@both_sides
def test_a_raw_response_has_headers_and_parses_to_what_the_call_gives(open_side: OpenSide) -> None:
    reply = answer(completion(), x_request_id="req-9")
    with HTTPServer(reply) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.chat.completions.with_raw_response.create(**CHAT))
        assert (response.status_code, response.headers["x-request-id"]) == (200, "req-9")
        assert side.call(lambda _: response.parse()).choices[0].message.content == "Hello"
        assert side.call(lambda _: response.json()) == completion()
        assert response.is_closed


@both_sides
def test_a_raw_response_of_a_stream_parses_to_the_stream(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    with HTTPServer(raw(chunked(events("a", "b") + DONE))) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.chat.completions.with_raw_response.create(stream=True, **CHAT))
        side.collect(lambda _: response.parse(), chunks)
    assert texts(chunks) == ["a", "b"]


def streamed(client: Any, **more: Any) -> Any:
    return client.chat.completions.with_streaming_response.create(**CHAT, **more)


def in_context(side: Side, use: Callable[[Any], Any], **more: Any) -> Any:
    """What `use` gives for the response of a streaming call, inside its context."""
    if side.name == "sync":
        with streamed(side.client, **more) as response:
            return use(response)

    async def main() -> Any:
        async with streamed(side.client, **more) as response:
            return await use(response)

    return side.call(lambda _: main())


def gathered(items: Any) -> Any:
    """A list of what an iterator gives, or a coroutine of one."""
    if not hasattr(items, "__aiter__"):
        return list(items)

    async def gather() -> list[Any]:
        return [item async for item in items]

    return gather()


@both_sides
def test_a_streaming_call_sends_nothing_before_it_is_entered(open_side: OpenSide) -> None:
    with HTTPServer(answer(completion())) as server, open_side(server.url) as side:
        streamed(side.client)
        assert server.connections == 0
        assert in_context(side, lambda response: response.parse()).id == "c-1"


def test_a_streaming_response_is_not_read_until_asked() -> None:
    asked = threading.Event()

    def head_first(peer: Peer) -> None:
        head, _, body = message(json.dumps(completion()).encode()).partition(b"\r\n\r\n")
        peer.send(head + b"\r\n\r\n")
        assert asked.wait(PATIENCE)
        peer.send(body)

    with (
        HTTPServer(head_first) as server,
        Together(api_key=KEY, base_url=server.url) as client,
        client.chat.completions.with_streaming_response.create(**CHAT) as response,
    ):
        assert response.status_code == 200
        asked.set()
        assert response.json() == completion()


def test_an_async_streaming_response_is_not_read_until_asked() -> None:
    asked = threading.Event()

    def head_first(peer: Peer) -> None:
        head, _, body = message(json.dumps(completion()).encode()).partition(b"\r\n\r\n")
        peer.send(head + b"\r\n\r\n")
        assert asked.wait(PATIENCE)
        peer.send(body)

    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url) as client, streamed(client) as response:
            assert response.status_code == 200
            asked.set()
            assert await response.json() == completion()

    with HTTPServer(head_first) as server:
        asyncio.run(main(server.url))


@both_sides
def test_a_streaming_response_that_is_left_closes_its_connection(open_side: OpenSide) -> None:
    async def nothing() -> None:
        return None

    with HTTPServer(OPEN_ENDED) as server, open_side(server.url) as side:
        in_context(side, lambda _: None if side.name == "sync" else nothing(), stream=True)
        server.wait_until_closed(1)


@both_sides
def test_a_streaming_response_gives_lines(open_side: OpenSide) -> None:
    pieces = [b"a\r", b"\nb", b"\n\n", b"\xc3", b"\xa9", b"\nlast"]
    with HTTPServer(raw(chunked(*pieces))) as server, open_side(server.url) as side:
        lines = in_context(side, lambda response: gathered(response.iter_lines()), stream=True)
    assert lines == ["a", "b", "", "é", "last"]


@both_sides
def test_a_streaming_response_gives_its_bytes(open_side: OpenSide) -> None:
    with HTTPServer(raw(chunked(b"abc", b"def"))) as server, open_side(server.url) as side:
        data = in_context(side, lambda response: gathered(response.iter_bytes()))
    assert b"".join(data) == b"abcdef"


@both_sides
def test_a_streaming_response_parses_to_the_stream(open_side: OpenSide) -> None:
    with HTTPServer(raw(chunked(events("a", "b") + DONE))) as server, open_side(server.url) as side:
        if side.name == "sync":
            assert texts(in_context(side, lambda response: list(response.parse()), stream=True)) == ["a", "b"]
            return

        async def read(response: Any) -> list[Any]:
            return [one async for one in await response.parse()]

        assert texts(in_context(side, read, stream=True)) == ["a", "b"]


@both_sides
def test_a_refused_streaming_call_raises_when_entered(open_side: OpenSide) -> None:
    with (
        HTTPServer(answer({"error": {"message": "No."}}, 401)) as server,
        open_side(server.url) as side,
        pytest.raises(AuthenticationError, match="No"),
    ):
        in_context(side, lambda response: response.read())
