"""Answers that are broken, compressed, odd or no answers at all, on real sockets."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from together_di import APIConnectionError, APIError, APIResponseValidationError, Together

from ..core.support.http_server import HTTPServer, answer, chunked, message, raw, then_hang_up, then_reset
from ..core.support.sides import KEY, OpenSide, chat, completion, stream_chat

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()
HTML = {"Content-Type": "text/html; charset=utf-8"}


pytestmark = pytest.mark.usefixtures("waits")


BROKEN = {
    "reset in mid-body": then_reset(message(BODY)[:-5]),
    "closed in mid-body": then_hang_up(message(BODY)[:-5]),
    "closed in mid-chunk": then_hang_up(chunked(BODY, end=False, content_type="application/json")[:-5]),
    "last chunk missing": then_hang_up(chunked(BODY, end=False, content_type="application/json")),
    "closed in the headers": then_hang_up(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "another protocol": then_hang_up(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
    "a bad chunk size": then_hang_up(
        message(b"nothex\r\n", headers={"Content-Length": "", "Transfer-Encoding": "chunked"})
    ),
    "two lengths": then_hang_up(message(BODY, headers={"content-length": "3"})),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_a_typed_error(open_side: OpenSide, broken: Any) -> None:
    with (
        HTTPServer(broken) as server,
        open_side(server.url, max_retries=0) as side,
        pytest.raises(APIConnectionError, match=f"Connection to 127.0.0.1:{server.port} failed"),
    ):
        side.call(chat)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_asked_for_again(open_side: OpenSide, broken: Any) -> None:
    with HTTPServer(broken, GOOD) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
    assert [request.connection for request in server.requests] == [1, 2]


def test_a_web_page_with_status_200_is_a_validation_error_that_names_its_type(open_side: OpenSide) -> None:
    page = raw(message(b"<html><body>Sign in</body></html>", headers=HTML))
    with (
        HTTPServer(page) as server,
        open_side(server.url) as side,
        pytest.raises(APIResponseValidationError, match="200, text/html; charset=utf-8") as caught,
    ):
        side.call(chat)
    assert caught.value.status_code == 200
    assert caught.value.body == "<html><body>Sign in</body></html>"


def test_an_empty_answer_is_a_validation_error(open_side: OpenSide) -> None:
    with (
        HTTPServer(raw(message())) as server,
        open_side(server.url) as side,
        pytest.raises(APIResponseValidationError, match=r"chat\.completions\.create\(\)"),
    ):
        side.call(chat)


def test_no_content_is_a_success_for_a_method_whose_answer_may_be_empty(open_side: OpenSide) -> None:
    gone = raw(message(status=204, headers={"Content-Length": "", "Content-Type": ""}))
    with HTTPServer(gone) as server, open_side(server.url) as side:
        assert side.call(lambda client: client.files.delete("file-1")).deleted is None


def test_a_raw_response_shows_a_204() -> None:
    gone = raw(message(status=204, headers={"Content-Length": "", "Content-Type": ""}))
    with HTTPServer(gone) as server, Together(api_key=KEY, base_url=server.url) as client:
        response = client.with_raw_response.files.delete("file-1")
    assert (response.status_code, response.read()) == (204, b"")


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_a_compressed_answer_is_decompressed(open_side: OpenSide, coding: str) -> None:
    packed = zlib.compress(BODY) if coding == "deflate" else gzip.compress(BODY)
    reply = raw(message(packed, headers={"Content-Encoding": coding}))
    with HTTPServer(reply) as server, open_side(server.url) as side:
        assert side.call(chat).choices[0].message.content == "Hello"
    assert "gzip" in server.requests[0].headers["accept-encoding"]


def test_a_compressed_stream_is_decompressed_as_it_arrives(open_side: OpenSide) -> None:
    packer = zlib.compressobj(wbits=31)
    event = b"data: " + BODY + b"\n\n"
    parts = [packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(3)] + [packer.flush()]
    reply = chunked(*parts).replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1)
    chunks: list[Any] = []
    with HTTPServer(raw(reply)) as server, open_side(server.url) as side:
        side.collect(stream_chat, chunks)
    assert len(chunks) == 3


def test_an_answer_that_cannot_be_decompressed_is_a_typed_error(open_side: OpenSide) -> None:
    reply = raw(message(b"this is not gzip", headers={"Content-Encoding": "gzip"}))
    with HTTPServer(default=reply) as server, open_side(server.url, max_retries=0) as side, pytest.raises(APIError):
        side.call(chat)


def test_an_answer_without_length_ends_with_its_connection(open_side: OpenSide) -> None:
    old = then_hang_up(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY)
    with HTTPServer(old, GOOD) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
        assert side.call(chat).id == "c-1"
    assert server.connections == 2


def test_interim_answers_are_passed_over(open_side: OpenSide) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    with HTTPServer(raw(early + message(BODY))) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"


def test_text_beyond_ascii_survives_the_way_there_and_back(open_side: OpenSide) -> None:
    text = "café 🦙 \u2028 \x00 \ud7ff"
    messages = [{"role": "user", "content": text}]
    with HTTPServer(answer(completion(text))) as server, open_side(server.url) as side:
        reply = side.call(lambda client: client.chat.completions.create(model="m", messages=messages))
    assert reply.choices[0].message.content == text
    assert server.requests[0].json()["messages"] == messages
