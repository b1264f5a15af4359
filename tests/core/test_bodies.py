"""Bodies: what is left of one that has been read, what is packed in one, and what its request still shows."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from together_di import APIConnectionError, APIResponseValidationError, Together

from .support.http_server import HTTPServer, answer, chunked, message, raw, then_hang_up
from .support.sides import CHAT, KEY, OpenSide, Side, both_sides, chat, completion, stream_chat

pytestmark = pytest.mark.usefixtures("waits")

SPEECH = {"model": "m", "input": "Hi", "voice": "v"}


def speech(client: Any) -> Any:
    return client.audio.speech.create(**SPEECH)


def iterate(side: Side, response: Any) -> bytes:
    parts: list[bytes] = []
    side.collect(lambda _: response.iter_bytes(), parts)
    return b"".join(parts)


@both_sides
def test_a_body_that_was_iterated_over_is_not_taken_for_an_empty_one(open_side: OpenSide, tmp_path: Path) -> None:
    with HTTPServer(raw(message(b"sound"))) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.files.content("f"))
        assert iterate(side, response) == b"sound"
        again: list[Callable[[Any], Any]] = [
            lambda _: response.read(),
            lambda _: response.write_to_file(tmp_path / "a"),
        ]
        for read in again:
            with pytest.raises(RuntimeError, match=r"has gone: it was iterated over.*call read\(\) first"):
                side.call(read)
    assert list(tmp_path.iterdir()) == []


@both_sides
def test_a_body_that_broke_off_is_not_empty_when_it_is_read_again(open_side: OpenSide) -> None:
    cut = then_hang_up(message(b"sound")[:-2])
    with HTTPServer(cut) as server, open_side(server.url, max_retries=0) as side:
        response = side.call(lambda client: client.files.content("f"))
        with pytest.raises(APIConnectionError):
            side.call(lambda _: response.read())
        with pytest.raises(RuntimeError, match="broke off"):
            side.call(lambda _: response.read())


@both_sides
def test_a_body_that_was_read_can_be_read_and_iterated_over_again(open_side: OpenSide) -> None:
    with HTTPServer(raw(message(b"sound"))) as server, open_side(server.url) as side:
        response = side.call(speech)
        assert side.call(lambda _: response.read()) == side.call(lambda _: response.read()) == b"sound"
        assert iterate(side, response) == iterate(side, response) == b"sound"


def packed(body: bytes, encoding: str = "gzip") -> bytes:
    return message(body, headers={"Content-Encoding": encoding, "Content-Type": "audio/wav"})


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress)],
    ids=["gzip", "deflate"],
)
@both_sides
def test_a_packed_body_that_ends_too_early_is_not_taken_for_a_whole_one(
    open_side: OpenSide, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(bytes(range(256)) * 9)
    cut = [raw(packed(body[:size], encoding)) for size in (5, len(body) // 2, len(body) - 1)]
    with HTTPServer(*cut, raw(packed(body, encoding))) as server, open_side(server.url, max_retries=0) as side:
        for _ in cut:
            with pytest.raises(APIConnectionError, match="The compressed body of the response was cut off"):
                side.call(lambda client: client.chat.completions.create(**CHAT))
        response = side.call(speech)
        assert side.call(lambda _: response.read()) == bytes(range(256)) * 9


MEMBERS = {
    "one": gzip.compress(b"first second"),
    "two": gzip.compress(b"first ") + gzip.compress(b"second"),
    "an empty one between": gzip.compress(b"first ") + gzip.compress(b"") + gzip.compress(b"second"),
    "zeros at the end": gzip.compress(b"first second") + bytes(9),
}


@pytest.mark.parametrize("body", MEMBERS.values(), ids=MEMBERS.keys())
@pytest.mark.parametrize("size", [1, 7, 1000])
@both_sides
def test_all_members_of_a_packed_body_are_unpacked(open_side: OpenSide, size: int, body: bytes) -> None:
    head, _, rest = chunked(*(body[at : at + size] for at in range(0, len(body), size))).partition(b"\r\n")
    with (
        HTTPServer(raw(head + b"\r\nContent-Encoding: gzip\r\n" + rest)) as server,
        open_side(server.url) as side,
    ):
        response = side.call(speech)
        assert side.call(lambda _: response.read()) == b"first second"


@both_sides
def test_an_empty_body_is_whole_though_it_says_it_is_packed(open_side: OpenSide) -> None:
    with HTTPServer(raw(packed(b""))) as server, open_side(server.url) as side:
        response = side.call(speech)
        assert side.call(lambda _: response.read()) == b""


@both_sides
def test_the_request_of_an_answer_has_no_key(open_side: OpenSide) -> None:
    with HTTPServer(answer({}, status=500), answer(completion())) as server, open_side(server.url) as side:
        response = side.call(lambda client: client.chat.completions.with_raw_response.create(**CHAT))
    assert response.http_request.key is None
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {KEY}"] * 2


def test_a_file_that_says_the_key_and_is_not_as_wished_is_an_error_that_does_not() -> None:
    with (
        HTTPServer(answer({"said": KEY})) as server,
        Together(api_key=KEY, base_url=server.url) as client,
        client.files.with_streaming_response.content("f") as response,
        pytest.raises(APIResponseValidationError) as caught,
    ):
        response.parse(to=list[int])
    assert "***" in str(caught.value.body)
    assert KEY not in f"{caught.value} {caught.value.body!r} {caught.value.response.text}"


@both_sides
def test_of_a_body_that_is_cut_short_no_part_of_the_key_is_shown(open_side: OpenSide) -> None:
    page = "x" * 1990 + KEY
    html = message(page.encode(), headers={"Content-Type": "text/html"})
    with HTTPServer(raw(html), raw(html)) as server, open_side(server.url) as side:
        for ask in (chat, stream_chat):
            with pytest.raises(APIResponseValidationError) as caught:
                side.call(ask)
            assert str(caught.value.body).startswith("x" * 1990 + "***")
