"""Connections that are refused, reset or cut, before the request, after it, and in the answer."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest

from together_di import APIConnectionError, APIError, APITimeoutError, Timeout
from together_di.lending import Lease

from ..core.support.events import DONE, events, texts
from ..core.support.http_server import (
    PATIENCE,
    Answer,
    HTTPServer,
    answer,
    chunked,
    message,
    raw,
    then_hang_up,
    then_reset,
    then_stall,
)
from ..core.support.sides import OpenSide, chat, completion, list_files, stream_chat
from .support import SlammingServer, byte_by_byte, free_port

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()
STREAM = chunked(events("a", "b") + DONE)

Kinds = pytest.mark.parametrize("kind", ["plain", "stream"])


def ask(side: Any, kind: str) -> list[str]:
    """Make a chat completion of one kind; gives its text, in pieces if it is streamed."""
    if kind == "plain":
        return [side.call(chat).choices[0].message.content]
    chunks: list[Any] = []
    side.collect(stream_chat, chunks)
    return texts(chunks)


def good(kind: str) -> tuple[Answer, list[str]]:
    """An answer, and what it says."""
    return (GOOD, ["Hello"]) if kind == "plain" else (raw(STREAM), ["a", "b"])


@Kinds
def test_a_refused_connection_is_tried_again(open_side: OpenSide, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reply, said = good(kind)
    with ExitStack() as stack:
        server = HTTPServer(reply)
        port = server.port
        server._listener.close()

        def listen(*_: object) -> None:
            import socket

            server._listener = socket.create_server(("127.0.0.1", port))
            stack.enter_context(server)

        async def alisten(*_: object) -> None:
            listen()

        monkeypatch.setattr(Lease, "pause", listen)
        monkeypatch.setattr(Lease, "apause", alisten)
        with open_side(f"http://127.0.0.1:{port}") as side:
            assert ask(side, kind) == said


@Kinds
def test_a_connection_that_is_always_refused_is_a_typed_error(
    open_side: OpenSide, kind: str, waits: list[float]
) -> None:
    with (
        open_side(f"http://127.0.0.1:{free_port()}", max_retries=3) as side,
        pytest.raises(APIConnectionError, match=r"Connection to 127\.0\.0\.1:\d+ failed") as caught,
    ):
        ask(side, kind)
    assert not isinstance(caught.value, APITimeoutError)
    assert len(waits) == 3


@Kinds
def test_a_connection_that_is_reset_before_the_request_is_replaced(
    open_side: OpenSide, kind: str, waits: list[float]
) -> None:
    reply, said = good(kind)
    with SlammingServer(reply, slammed=2) as server, open_side(server.url) as side:
        assert ask(side, kind) == said
    assert (server.connections, len(server.requests)) == (3, 1)


#: What may have been processed before it went wrong.
LOST: dict[str, Answer] = {
    "closed after the request": then_hang_up(),
    "reset after the request": then_reset(),
    "closed in the headers": then_hang_up(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "silent after the request": then_stall(),
    "silent in the headers": then_stall(b"HTTP/1.1 200 OK\r\nContent-Ty"),
}


@Kinds
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_post_that_may_have_been_processed_is_repeated_under_its_idempotency_key(
    open_side: OpenSide, kind: str, lost: Answer, waits: list[float]
) -> None:
    reply, said = good(kind)
    limit = Timeout(PATIENCE, read=0.5)
    with HTTPServer(lost, lost, reply) as server, open_side(server.url, timeout=limit) as side:
        assert ask(side, kind) == said
    assert {request.connection for request in server.requests} == {1, 2, 3}
    assert len({request.body for request in server.requests}) == 1
    assert len(server.idempotency_keys) == 1
    assert {len(request.headers["idempotency-key"]) for request in server.requests} == {32}


def test_a_get_is_repeated_without_one(open_side: OpenSide, waits: list[float]) -> None:
    with HTTPServer(then_reset(), answer({"data": []})) as server, open_side(server.url) as side:
        assert side.call(list_files).data == []
    assert [request.headers.get("idempotency-key") for request in server.requests] == [None, None]


def test_a_body_that_stalls_is_given_up_and_its_connection_closed(open_side: OpenSide, waits: list[float]) -> None:
    limit = Timeout(PATIENCE, read=0.5)
    with HTTPServer(then_stall(message(BODY)[:-9]), GOOD) as server, open_side(server.url, timeout=limit) as side:
        assert ask(side, "plain") == ["Hello"]
        server.wait_until_closed(1)
    assert len(server.idempotency_keys) == 1


def test_a_stream_that_stalls_is_an_error_and_is_not_begun_again(open_side: OpenSide, waits: list[float]) -> None:
    """What has been delivered cannot be taken back."""
    chunks: list[Any] = []
    limit = Timeout(PATIENCE, read=0.05)
    with (
        HTTPServer(then_stall(chunked(events("a"), end=False))) as server,
        open_side(server.url, timeout=limit) as side,
    ):
        with pytest.raises(APITimeoutError):
            side.collect(stream_chat, chunks)
        server.wait_until_closed(1)
    assert (texts(chunks), len(server.requests)) == (["a"], 1)


@Kinds
def test_an_answer_that_comes_byte_by_byte_is_whole(open_side: OpenSide, kind: str) -> None:
    reply, said = (message(BODY), ["Hello"]) if kind == "plain" else (STREAM, ["a", "b"])
    with HTTPServer(byte_by_byte(reply)) as server, open_side(server.url) as side:
        assert ask(side, kind) == said


def test_a_stream_with_a_length_that_is_too_long_is_an_error(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    head = {"Content-Type": "text/event-stream", "Content-Length": "999"}
    with (
        HTTPServer(then_hang_up(message(events("a"), headers=head))) as server,
        open_side(server.url) as side,
        pytest.raises(APIConnectionError),
    ):
        side.collect(stream_chat, chunks)
    assert texts(chunks) == ["a"]


def test_what_is_sent_beyond_the_stated_length_is_nobodys_answer(open_side: OpenSide) -> None:
    smuggled = message(json.dumps(completion("smuggled")).encode())
    with HTTPServer(raw(message(BODY) + smuggled), default=GOOD) as server, open_side(server.url) as side:
        assert [ask(side, "plain") for _ in range(3)] == [["Hello"]] * 3
    assert server.connections == 2
    assert len(server.requests) == 3


def test_a_stated_length_that_is_too_short_harms_no_other_call(open_side: OpenSide) -> None:
    cut = message(BODY, headers={"Content-Length": str(len(BODY) - 7)})
    with HTTPServer(raw(cut), GOOD) as server, open_side(server.url, max_retries=0) as side:
        # aiohttp takes no part of such an answer.
        with pytest.raises(APIError, match=r"not as documented|failed: "):
            ask(side, "plain")
        assert ask(side, "plain") == ["Hello"]
    assert server.connections == 2
