"""Answers of the wrong type, in the wrong encoding, or of a size that nobody asked for."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from typing import Any

import pytest

from together_di import APIResponseValidationError, APIStatusError, InternalServerError, RateLimitError

from ..core.support.events import DONE, events, texts
from ..core.support.http_server import PATIENCE, HTTPServer, answer, chunked, message, raw
from ..core.support.sides import OpenSide, chat, completion, stream_chat
from .support import Endless

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()

WRONG = {
    "a web page": message(b"<html>Sign in</html>", headers={"Content-Type": "text/html"}),
    "plain text": message(b"ok", headers={"Content-Type": "text/plain"}),
    "no JSON": message(b'{"id": "c-1", "choices": ['),
    "not UTF-8": message(BODY.replace(b"Hello", b"\xff\xfe\xc3")),
    "half a surrogate": message(BODY.replace(b"Hello", rb"\ud800")),
    "a number": message(b"17"),
    "a list": message(b"[]"),
    "nothing": message(b""),
    "nested without end": message(b"[" * 100_000),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_an_answer_that_is_no_chat_completion_is_a_typed_error_and_its_connection_is_kept(
    open_side: OpenSide, wrong: bytes
) -> None:
    with HTTPServer(raw(wrong), GOOD) as server, open_side(server.url) as side:
        with pytest.raises(APIResponseValidationError):
            side.call(chat)
        assert side.call(chat).id == "c-1"
    assert (server.connections, len(server.requests)) == (1, 2)


@pytest.mark.parametrize(
    "event",
    [b"data: \xff\xfe\n\n", b'data: {"id": "\xc3"}\n\n', b"data: [\n\n", b"data: 17\n\n", b"data: " + b"[" * 9999],
)
def test_an_event_that_is_no_chunk_is_a_typed_error_after_the_chunks_before_it(
    open_side: OpenSide, event: bytes
) -> None:
    chunks: list[Any] = []
    reply = raw(chunked(events("a") + event + b"\n\n" + DONE))
    with HTTPServer(reply) as server, open_side(server.url) as side, pytest.raises(APIResponseValidationError):
        side.collect(stream_chat, chunks)
    assert texts(chunks) == ["a"]


MEGABYTE = 2**20


@pytest.mark.parametrize("ask", [chat, stream_chat], ids=["plain", "stream"])
def test_an_error_page_of_100_megabytes_is_not_read_to_its_end(open_side: OpenSide, ask: Any) -> None:
    page = Endless(100 * MEGABYTE, status=500, headers={"Content-Type": "text/html"})
    with HTTPServer(page) as server, open_side(server.url, max_retries=0) as side:
        tracemalloc.start()
        try:
            with pytest.raises(InternalServerError) as caught:
                side.call(ask)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert page.ended.wait(PATIENCE)
    assert page.sent < 20 * MEGABYTE
    assert most < 10 * MEGABYTE
    assert len(str(caught.value)) < 1000


def test_a_small_error_page_that_unpacks_to_100_megabytes_is_not_unpacked_to_its_end(open_side: OpenSide) -> None:
    packed = zlib.compress(b"x" * 100 * MEGABYTE, wbits=31)
    page = raw(message(packed, 502, {"Content-Encoding": "gzip"}))
    with HTTPServer(page) as server, open_side(server.url, max_retries=0) as side:
        tracemalloc.start()
        try:
            with pytest.raises(InternalServerError):
                side.call(chat)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert most < 10 * MEGABYTE


def test_an_error_of_usual_size_is_read_whole_and_its_connection_kept(open_side: OpenSide) -> None:
    detail = "x" * 500_000
    with HTTPServer(answer({"error": {"message": detail}}, 400), GOOD) as server, open_side(server.url) as side:
        with pytest.raises(APIStatusError) as caught:
            side.call(chat)
        side.call(chat)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["message"] == detail
    assert server.connections == 1


def test_a_compressed_answer_that_unpacks_to_much_is_read_whole(open_side: OpenSide) -> None:
    body = json.dumps(completion("x" * 5 * MEGABYTE)).encode()
    reply = raw(message(zlib.compress(body), headers={"Content-Encoding": "deflate"}))
    with HTTPServer(reply) as server, open_side(server.url) as side:
        assert len(side.call(chat).choices[0].message.content) == 5 * MEGABYTE


def test_an_error_whose_page_is_cut_off_is_still_that_error(open_side: OpenSide, waits: list[float]) -> None:
    page = Endless(3 * MEGABYTE, status=429, headers={"Retry-After": "3"})
    with HTTPServer(page, GOOD) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
    assert waits == [3]
    with (
        HTTPServer(Endless(3 * MEGABYTE, status=429)) as server,
        open_side(server.url, max_retries=0) as side,
        pytest.raises(RateLimitError),
    ):
        side.call(chat)
