"""Streams that go wrong: error events, broken connections, and what is no stream."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from together_di import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
    Timeout,
)

from ..core.support.events import DONE, OPEN_ENDED, chunk, collected, events, texts
from ..core.support.http_server import (
    PATIENCE,
    Answer,
    HTTPServer,
    Peer,
    answer,
    chunked,
    message,
    raw,
    then_hang_up,
    then_reset,
    then_stall,
)
from ..core.support.sides import OpenSide, chat, completion, stream_chat

pytestmark = pytest.mark.usefixtures("waits")


def failure(open_side: OpenSide, script: Answer, chunks: list[Any], **options: Any) -> APIError:
    with HTTPServer(script) as server, open_side(server.url, **options) as side, pytest.raises(APIError) as caught:
        side.collect(stream_chat, chunks)
    return caught.value


ERROR_EVENTS: list[tuple[bytes, type[APIError]]] = [
    (b'data: {"error": {"message": "Too much", "type": "rate_limit_exceeded"}}\n\n', RateLimitError),
    (b'data: {"error":{"message":"Too much","code":429}}\n\n', RateLimitError),
    (b'data: {"error":{"message":"Too much","code":"500"}}\n\n', InternalServerError),
    (b'data: {"error":{"message":"Too much","status":401}}\n\n', AuthenticationError),
    (b'data: {"error":{"message":"Too much","type":"invalid_request_error"}}\n\n', BadRequestError),
    (b'data: {"error":{"message":"Too much","type":"server_error"}}\n\n', InternalServerError),
    (b'data: { "error": {"message": "Too much", "type": "new_kind"}}\n\n', APIError),
    (b'event: error\ndata: {"message": "Too much", "code": 503}\n\n', InternalServerError),
    (b"event: error\ndata: Too much\n\n", APIError),
    (b'event: error\ndata: "Too much"\n\n', APIError),
]


@pytest.mark.parametrize(("event", "kind"), ERROR_EVENTS)
def test_an_error_event_is_raised_after_the_chunks_before_it(
    open_side: OpenSide, event: bytes, kind: type[APIError]
) -> None:
    chunks: list[Any] = []
    error = failure(open_side, raw(chunked(events("a", "b") + event + events("c"))), chunks)
    assert type(error) is kind
    assert texts(chunks) == ["a", "b"]
    if b'"Too much"' not in event.replace(b'"message"', b""):
        assert "Too much" in str(error)
    assert "after 2 chunks" in str(error)


def test_an_error_event_has_the_status_it_names_and_the_request_id(open_side: OpenSide) -> None:
    event = b'data: {"error":{"message":"Slow down","code":429,"param":"model"}}\n\n'
    reply = chunked(event).replace(b"\r\n", b"\r\nx-request-id: req-5\r\n", 1)
    error = failure(open_side, raw(reply), [])
    assert isinstance(error, APIStatusError)
    assert (error.status_code, error.request_id, error.code, error.param) == (429, "req-5", "429", "model")


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"id": "x", "error": {"message": "Too much", "code": 503}}\n\n',
        b'data: {\ndata: "error": {"message": "Too much", "code": 503}}\n\n',
        b'data:  {"error": {"message": "Too much", "code": 503}}\n\n',
    ],
    ids=["not the first field", "over two lines", "after two spaces"],
)
def test_an_error_event_is_known_however_it_is_written(open_side: OpenSide, event: bytes) -> None:
    assert isinstance(failure(open_side, raw(chunked(event)), []), InternalServerError)


def test_a_null_error_beside_a_chunk_is_no_error(open_side: OpenSide) -> None:
    assert collected(open_side, raw(chunked(chunk("a", error=None) + DONE))) == ["a"]


def test_a_null_error_before_a_chunk_is_no_error(open_side: OpenSide) -> None:
    event = chunk("a").replace(b"data: {", b'data: {"error": null, ')
    assert collected(open_side, raw(chunked(event + DONE))) == ["a"]


def test_an_error_event_is_not_retried_and_closes_the_connection(open_side: OpenSide) -> None:
    event = b'data: {"error":{"message":"Down","code":503}}\n\n'
    with HTTPServer(then_stall(chunked(event, end=False))) as server, open_side(server.url) as side:
        with pytest.raises(InternalServerError):
            side.collect(stream_chat, [])
        server.wait_until_closed(1)
    assert len(server.requests) == 1


@pytest.mark.parametrize("end", [then_hang_up, then_reset], ids=["closed", "reset"])
def test_a_broken_stream_delivers_what_was_whole_and_raises(
    open_side: OpenSide, end: Callable[[bytes], Answer]
) -> None:
    received = threading.Event()

    def act(peer: Peer) -> None:
        # A reset may overtake what was sent before it: it waits until that has arrived.
        peer.send(chunked(events("a", "b") + b"data: half", end=False))
        assert received.wait(PATIENCE)
        end(b"")(peer)

    class Chunks(list[Any]):
        def append(self, item: Any) -> None:
            super().append(item)
            if len(self) == 2:
                received.set()

    chunks = Chunks()
    error = failure(open_side, act, chunks)
    assert type(error) is APIConnectionError
    assert texts(chunks) == ["a", "b"]


def test_a_silent_stream_times_out_and_names_the_limit(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    error = failure(open_side, OPEN_ENDED, chunks, timeout=Timeout(PATIENCE, read=0.05))
    assert isinstance(error, APITimeoutError)
    assert "0.05 s" in str(error)
    assert texts(chunks) == ["a", "b"]


def test_a_broken_stream_is_not_asked_for_again(open_side: OpenSide) -> None:
    with (
        HTTPServer(then_hang_up(chunked(events("a"), end=False))) as server,
        open_side(server.url) as side,
        pytest.raises(APIConnectionError),
    ):
        side.collect(stream_chat, [])
    assert len(server.requests) == 1


def test_a_chunk_that_does_not_fit_is_kept_as_it_came(open_side: OpenSide) -> None:
    odd = b'data: {"id": 7, "choices": [{"delta": {"role": "narrator", "content": "x"}}], "extra": [1]}\n\n'
    chunks: list[Any] = []
    with HTTPServer(raw(chunked(odd + DONE))) as server, open_side(server.url) as side:
        side.collect(stream_chat, chunks)
    assert (chunks[0].id, chunks[0].model, chunks[0].extra) == (7, None, [1])
    assert (chunks[0].choices[0].delta.role, chunks[0].choices[0].delta.content) == ("narrator", "x")


def test_strict_raises_for_a_chunk_that_does_not_fit(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    body = events("a") + b'data: {"id": 7}\n\n'
    error = failure(open_side, raw(chunked(body)), chunks, strict=True)
    assert isinstance(error, APIResponseValidationError)
    assert "id: " in str(error)
    assert texts(chunks) == ["a"]


def test_an_event_that_is_not_json_is_a_validation_error(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    error = failure(open_side, raw(chunked(events("a") + b"data: {oops\n\n")), chunks)
    assert isinstance(error, APIResponseValidationError)
    assert error.body == "{oops"
    assert texts(chunks) == ["a"]


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
def test_an_answer_that_is_no_event_stream_is_an_error(open_side: OpenSide, content_type: str) -> None:
    page = raw(message(b'<html lang="en">Sign in</html>', headers={"Content-Type": content_type}))
    with (
        HTTPServer(page, answer(completion())) as server,
        open_side(server.url) as side,
        pytest.raises(APIResponseValidationError, match=content_type) as caught,
    ):
        side.call(stream_chat)
    assert caught.value.body == '<html lang="en">Sign in</html>'
    assert len(server.requests) == 1


def test_an_answer_that_is_no_event_stream_gives_the_connection_back(open_side: OpenSide) -> None:
    with HTTPServer(default=answer(completion())) as server, open_side(server.url) as side:
        with pytest.raises(APIResponseValidationError):
            side.call(stream_chat)
        assert side.call(chat).id == "c-1"
    assert server.connections == 1


@pytest.mark.parametrize("content_type", ["text/event-stream; charset=utf-8", "Text/Event-Stream"])
def test_an_event_stream_is_known_however_its_type_is_written(open_side: OpenSide, content_type: str) -> None:
    assert collected(open_side, raw(chunked(events("a") + DONE, content_type=content_type))) == ["a"]
