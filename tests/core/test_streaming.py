"""Server-sent events: the parser by the standard, and streams over real sockets."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from together_di import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncTogether,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
    Timeout,
    Together,
)
from together_di.streaming import EventParser

from .support.http_server import (
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
from .support.sides import (
    CHAT,
    KEY,
    AsyncSide,
    OpenSide,
    Side,
    SyncSide,
    both_sides,
    chat,
    completion,
    record_waits,
    stream_chat,
)

Events = list[tuple[str, bytes]]

# The parser


def parse(*pieces: bytes) -> Events:
    parser = EventParser()
    return [(name, data) for piece in pieces for name, data in parser.feed(piece)]


def reference(data: bytes) -> Events:
    """The events of a whole stream, word for word by the standard (WHATWG HTML, 9.2.6)."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    *lines, _ = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    events: Events = []
    name, values = b"", list[bytes]()
    for line in lines:
        if line == b"":
            if values:
                events.append((name.decode("utf-8", "replace") or "message", b"\n".join(values)))
            name, values = b"", []
        elif not line.startswith(b":"):
            field, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if field == b"data":
                values.append(value)
            elif field == b"event":
                name = value
    return events


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_each_line_end_ends_a_line(end: bytes) -> None:
    # A CR at the very end waits for a LF that may follow: one more line shows that it did not.
    stream = b"event: a" + end + b"data: 1" + end + end + b"data: 2" + end + end + b":" + end
    assert parse(stream) == [("a", b"1"), ("message", b"2")]


EXAMPLES: dict[str, tuple[bytes, Events]] = {
    "mixed line ends": (b"data: 1\r\ndata: 2\rdata: 3\n\r\n", [("message", b"1\n2\n3")]),
    "byte order mark": (b"\xef\xbb\xbfdata: 1\n\n", [("message", b"1")]),
    "only the first byte order mark": (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n", [("message", b"1")]),
    "comments": (b": hello\n\n:data: 0\ndata: 1\n: there\n\n", [("message", b"1")]),
    "several data lines": (b"data: 1\ndata: 2\n\n", [("message", b"1\n2")]),
    "event name": (b"event: error\ndata: 1\n\ndata: 2\n\n", [("error", b"1"), ("message", b"2")]),
    "last event name counts": (b"event: a\nevent: b\ndata: 1\n\n", [("b", b"1")]),
    "empty event name": (b"event: a\nevent\ndata: 1\n\n", [("message", b"1")]),
    "no space after the colon": (b"data:1\ndata:  2\n\n", [("message", b"1\n 2")]),
    "a tab is not a space": (b"data:\t1\n\n", [("message", b"\t1")]),
    "a colon in the value": (b"data: a: b\n\n", [("message", b"a: b")]),
    "field without a colon": (b"data\n\n", [("message", b"")]),
    "empty data": (b"data:\n\n", [("message", b"")]),
    "two empty data lines": (b"data\ndata\n\n", [("message", b"\n")]),
    "no data, no event": (b"event: a\n\ndata: 1\n\n", [("message", b"1")]),
    "id and retry": (b"id: 1\nretry: 5\ndata: 1\n\n", [("message", b"1")]),
    "unknown fields": (b"dataset: 0\nDATA: 0\n data: 0\ndata: 1\n\n", [("message", b"1")]),
    "blank lines": (b"\n\n\ndata: 1\n\n\n\n", [("message", b"1")]),
    "unterminated last event": (b"data: 1\n\ndata: 2\n", [("message", b"1")]),
    "unterminated last line": (b"data: 1\n\ndata: 2", [("message", b"1")]),
    "other line separators": ("data: a\u2028b\x0bc\x85\n\n".encode(), [("message", "a\u2028b\x0bc\x85".encode())]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("stream", "events"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_parser_follows_the_standard(stream: bytes, events: Events) -> None:
    assert reference(stream) == events
    assert parse(stream) == events


@pytest.mark.parametrize(("stream", "events"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_parser_follows_the_standard_byte_by_byte(stream: bytes, events: Events) -> None:
    assert parse(*(stream[index : index + 1] for index in range(len(stream)))) == events


@pytest.mark.parametrize("cut", range(1, 22))
def test_a_character_of_several_bytes_may_be_cut_anywhere(cut: int) -> None:
    stream = "data: né 🦙 漢\n\n".encode()
    assert parse(stream[:cut], stream[cut:]) == [("message", "né 🦙 漢".encode())]


def test_the_parser_finds_cr_lf_cut_in_two() -> None:
    assert parse(b"data: 1\r", b"\ndata: 2\r", b"\n\r", b"\n") == [("message", b"1\n2")]


LINE_ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])
LINES = st.one_of(
    st.sampled_from(
        [b"", b"", b"data: {}", b"data:x", b"data", b"data: ", b"event: e", b"event", b": c", b"id: 1", b"\xef\xbb\xbf"]
    ),
    st.text(alphabet="da:te \u00e9\U0001f999v", max_size=12).map(str.encode),
    st.binary(max_size=8),
)
STREAMS = st.builds(
    lambda mark, lines: (b"\xef\xbb\xbf" if mark else b"") + b"".join(line + end for line, end in lines),
    st.booleans(),
    st.lists(st.tuples(LINES, LINE_ENDS), max_size=14),
)


@given(STREAMS, st.lists(st.integers(0, 150), max_size=12))
def test_any_cutting_gives_the_events_of_the_whole(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]
    # What ends the last line, so that a CR at the end need not wait.
    assert parse(*pieces, b":\n") == reference(stream + b":\n")


@given(STREAMS)
def test_no_event_waits_for_more_than_a_line_feed(stream: bytes) -> None:
    whole = reference(stream)
    assert parse(stream) in (whole, whole[:-1])
    assert parse(stream, b"\n" if stream.endswith(b"\r") else b"") == whole


# Streams


def chunk(text: str, **more: Any) -> bytes:
    """One event of a streamed chat completion."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}}
    body = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def events(*texts: str) -> bytes:
    return b"".join(map(chunk, texts))


def texts(chunks: list[Any]) -> list[str]:
    return [one.choices[0].delta.content for one in chunks]


DONE = b"data: [DONE]\n\n"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return record_waits(monkeypatch)


def collected(open_side: OpenSide, script: Answer, **options: Any) -> list[str]:
    chunks: list[Any] = []
    with HTTPServer(script) as server, open_side(server.url, **options) as side:
        side.collect(stream_chat, chunks)
    return texts(chunks)


@both_sides
def test_chunks_come_as_models(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    with HTTPServer(raw(chunked(events("a", "é🦙") + DONE))) as server, open_side(server.url) as side:
        side.collect(stream_chat, chunks)
    assert {type(one).__name__ for one in chunks} == {"ChatCompletionChunk"}
    assert texts(chunks) == ["a", "é🦙"]
    assert server.requests[0].json()["stream"] is True


@both_sides
def test_a_chunk_is_delivered_before_the_next_is_sent(open_side: OpenSide) -> None:
    received = threading.Event()

    def in_step(peer: Peer) -> None:
        peer.send(chunked(chunk("a"), end=False))
        assert received.wait(PATIENCE)
        peer.send(chunked(chunk("b") + DONE).partition(b"\r\n\r\n")[2])

    class Chunks(list[Any]):
        def append(self, item: Any) -> None:
            received.set()
            super().append(item)

    chunks = Chunks()
    with HTTPServer(in_step) as server, open_side(server.url) as side:
        side.collect(stream_chat, chunks)
    assert texts(chunks) == ["a", "b"]


@both_sides
def test_done_ends_a_stream_that_the_server_leaves_open(open_side: OpenSide) -> None:
    assert collected(open_side, then_stall(chunked(events("a") + DONE, end=False))) == ["a"]


@both_sides
@pytest.mark.xfail(strict=True, reason="each read after [DONE] has its own limit, so they may go on for ever")
def test_done_ends_a_stream_on_which_the_server_goes_on_talking(open_side: OpenSide) -> None:
    gave_up = False

    def talk(peer: Peer) -> None:
        nonlocal gave_up
        peer.send(chunked(events("a") + DONE, end=False))
        ping = chunked(b": ping\n\n", end=False).partition(b"\r\n\r\n")[2]
        for _ in range(100_000):
            peer.send(ping)
        gave_up = True

    assert collected(open_side, talk) == ["a"]
    assert not gave_up


@both_sides
def test_done_gives_the_connection_back_when_the_answer_ends_there(open_side: OpenSide) -> None:
    script = raw(chunked(events("a") + DONE))
    with HTTPServer(script, answer(completion())) as server, open_side(server.url) as side:
        side.collect(stream_chat, [])
        side.call(chat)
    assert server.connections == 1


@both_sides
def test_nothing_after_done_is_delivered(open_side: OpenSide) -> None:
    assert collected(open_side, raw(chunked(events("a") + DONE + events("b")))) == ["a"]


@both_sides
def test_a_stream_without_done_ends_with_the_answer(open_side: OpenSide) -> None:
    assert collected(open_side, raw(chunked(events("a", "b")))) == ["a", "b"]


@both_sides
def test_comments_and_blank_lines_keep_a_stream_alive(open_side: OpenSide) -> None:
    body = b": ping\n\n" + events("a") + b": ping\n\n\n\n" + events("b") + DONE
    assert collected(open_side, raw(chunked(body))) == ["a", "b"]


@both_sides
def test_events_cut_into_single_bytes_are_whole(open_side: OpenSide) -> None:
    body = events("a", "é🦙漢") + DONE
    pieces = [body[index : index + 1] for index in range(len(body))]
    assert collected(open_side, raw(chunked(*pieces))) == ["a", "é🦙漢"]


@both_sides
def test_a_stream_can_be_iterated_over_only_once(open_side: OpenSide) -> None:
    with HTTPServer(raw(chunked(events("a") + DONE))) as server, open_side(server.url) as side:
        stream = side.call(stream_chat)
        first: list[Any] = []
        second: list[Any] = []
        side.collect(lambda _: stream, first)
        side.collect(lambda _: stream, second)
    assert (texts(first), second) == (["a"], [])


@both_sides
def test_a_stream_counts_what_it_delivered_and_shows_the_headers(open_side: OpenSide) -> None:
    with HTTPServer(raw(chunked(events("a", "b") + DONE))) as server, open_side(server.url) as side:
        stream = side.call(stream_chat)
        assert stream.response.headers["content-type"] == "text/event-stream"
        side.collect(lambda _: stream, [])
    assert stream.received == 2


# Streams that are left

OPEN_ENDED = then_stall(chunked(events("a", "b"), end=False))


def leave_by_break(client: Any) -> None:
    for _ in client.chat.completions.create(stream=True, **CHAT):
        break


def leave_by_error(client: Any) -> None:
    with suppress(ZeroDivisionError):
        for _ in client.chat.completions.create(stream=True, **CHAT):
            raise ZeroDivisionError


def leave_with(client: Any) -> None:
    with client.chat.completions.create(stream=True, **CHAT) as stream:
        next(stream)


def leave_unread(client: Any) -> None:
    with client.chat.completions.create(stream=True, **CHAT):
        pass


def leave_by_close(client: Any) -> None:
    stream = client.chat.completions.create(stream=True, **CHAT)
    next(stream)
    stream.close()


@pytest.mark.parametrize(
    "leave",
    [leave_by_break, leave_by_error, leave_with, leave_unread, leave_by_close],
    ids=lambda leave: leave.__name__,
)
def test_a_stream_that_is_left_closes_its_connection(leave: Callable[[Any], None]) -> None:
    with HTTPServer(OPEN_ENDED, answer(completion())) as server, Together(api_key=KEY, base_url=server.url) as client:
        leave(client)
        server.wait_until_closed(1)
        assert client.chat.completions.create(**CHAT).id == "c-1"
    assert server.connections == 2


async def aleave_by_break(client: Any) -> None:
    async for _ in await client.chat.completions.create(stream=True, **CHAT):
        break


async def aleave_by_error(client: Any) -> None:
    with suppress(ZeroDivisionError):
        async for _ in await client.chat.completions.create(stream=True, **CHAT):
            raise ZeroDivisionError


async def aleave_with(client: Any) -> None:
    async with await client.chat.completions.create(stream=True, **CHAT) as stream:
        await anext(stream)


async def aleave_unread(client: Any) -> None:
    async with await client.chat.completions.create(stream=True, **CHAT):
        pass


async def aleave_by_close(client: Any) -> None:
    stream = await client.chat.completions.create(stream=True, **CHAT)
    await anext(stream)
    await stream.close()


@pytest.mark.parametrize(
    "leave",
    [aleave_by_break, aleave_by_error, aleave_with, aleave_unread, aleave_by_close],
    ids=lambda leave: leave.__name__,
)
def test_an_async_stream_that_is_left_closes_its_connection(leave: Callable[[Any], Any]) -> None:
    async def main(server: HTTPServer) -> None:
        async with AsyncTogether(api_key=KEY, base_url=server.url) as client:
            await leave(client)
            await asyncio.to_thread(server.wait_until_closed, 1)
            assert (await client.chat.completions.create(**CHAT)).id == "c-1"

    with HTTPServer(OPEN_ENDED, answer(completion())) as server:
        asyncio.run(main(server))
    assert server.connections == 2


def test_a_cancelled_task_closes_the_connection_of_its_stream() -> None:
    async def main(server: HTTPServer) -> None:
        waiting = asyncio.Event()

        async def read() -> None:
            stream = await client.chat.completions.create(stream=True, **CHAT)
            await anext(stream)
            await anext(stream)
            waiting.set()
            await anext(stream)

        async with AsyncTogether(api_key=KEY, base_url=server.url) as client:
            task = asyncio.create_task(read())
            await asyncio.wait_for(waiting.wait(), PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(server.wait_until_closed, 1)
            assert (await client.chat.completions.create(**CHAT)).id == "c-1"

    with HTTPServer(OPEN_ENDED, answer(completion())) as server:
        asyncio.run(main(server))


def test_closing_a_client_ends_its_open_streams() -> None:
    with HTTPServer(OPEN_ENDED) as server:
        client = Together(api_key=KEY, base_url=server.url)
        stream = client.chat.completions.create(stream=True, **CHAT)
        next(stream)
        client.close()
        server.wait_until_closed(1)


# Streams that go wrong


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


@both_sides
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


@both_sides
def test_an_error_event_has_the_status_it_names_and_the_request_id(open_side: OpenSide) -> None:
    event = b'data: {"error":{"message":"Slow down","code":429,"param":"model"}}\n\n'
    reply = chunked(event).replace(b"\r\n", b"\r\nx-request-id: req-5\r\n", 1)
    error = failure(open_side, raw(reply), [])
    assert isinstance(error, APIStatusError)
    assert (error.status_code, error.request_id, error.code, error.param) == (429, "req-5", "429", "model")


@both_sides
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


@both_sides
def test_a_null_error_beside_a_chunk_is_no_error(open_side: OpenSide) -> None:
    assert collected(open_side, raw(chunked(chunk("a", error=None) + DONE))) == ["a"]


@both_sides
def test_a_null_error_before_a_chunk_is_no_error(open_side: OpenSide) -> None:
    event = chunk("a").replace(b"data: {", b'data: {"error": null, ')
    assert collected(open_side, raw(chunked(event + DONE))) == ["a"]


@both_sides
def test_an_error_event_is_not_retried_and_closes_the_connection(open_side: OpenSide) -> None:
    event = b'data: {"error":{"message":"Down","code":503}}\n\n'
    with HTTPServer(then_stall(chunked(event, end=False))) as server, open_side(server.url) as side:
        with pytest.raises(InternalServerError):
            side.collect(stream_chat, [])
        server.wait_until_closed(1)
    assert len(server.requests) == 1


@both_sides
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


@both_sides
def test_a_silent_stream_times_out_and_names_the_limit(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    error = failure(open_side, OPEN_ENDED, chunks, timeout=Timeout(PATIENCE, read=0.05))
    assert isinstance(error, APITimeoutError)
    assert "0.05 s" in str(error)
    assert texts(chunks) == ["a", "b"]


@both_sides
def test_a_broken_stream_is_not_asked_for_again(open_side: OpenSide) -> None:
    with (
        HTTPServer(then_hang_up(chunked(events("a"), end=False))) as server,
        open_side(server.url) as side,
        pytest.raises(APIConnectionError),
    ):
        side.collect(stream_chat, [])
    assert len(server.requests) == 1


@both_sides
def test_a_chunk_that_does_not_fit_is_kept_as_it_came(open_side: OpenSide) -> None:
    odd = b'data: {"id": 7, "choices": [{"delta": {"role": "narrator", "content": "x"}}], "extra": [1]}\n\n'
    chunks: list[Any] = []
    with HTTPServer(raw(chunked(odd + DONE))) as server, open_side(server.url) as side:
        side.collect(stream_chat, chunks)
    assert (chunks[0].id, chunks[0].model, chunks[0].extra) == (7, None, [1])
    assert (chunks[0].choices[0].delta.role, chunks[0].choices[0].delta.content) == ("narrator", "x")


@both_sides
def test_strict_raises_for_a_chunk_that_does_not_fit(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    body = events("a") + b'data: {"id": 7}\n\n'
    error = failure(open_side, raw(chunked(body)), chunks, strict=True)
    assert isinstance(error, APIResponseValidationError)
    assert "id: " in str(error)
    assert texts(chunks) == ["a"]


@both_sides
def test_an_event_that_is_not_json_is_a_validation_error(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    error = failure(open_side, raw(chunked(events("a") + b"data: {oops\n\n")), chunks)
    assert isinstance(error, APIResponseValidationError)
    assert error.body == "{oops"
    assert texts(chunks) == ["a"]


@both_sides
@pytest.mark.xfail(strict=True, reason="an answer that is no event stream gives an empty stream, silently")
@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
def test_an_answer_that_is_no_event_stream_is_an_error(open_side: OpenSide, content_type: str) -> None:
    page = raw(message(b'<html lang="en">Sign in</html>', headers={"Content-Type": content_type}))
    error = failure(open_side, page, [])
    assert isinstance(error, APIResponseValidationError)
    assert content_type in str(error)


# Raw and streaming responses


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


#: Runs a test once with each client.
streaming_sides = pytest.mark.parametrize(
    "open_side",
    [
        pytest.param(SyncSide, id="sync"),
        pytest.param(
            AsyncSide,
            id="async",
            marks=pytest.mark.xfail(
                strict=True, reason="AsyncTogether.with_streaming_response gives a coroutine, not a context manager"
            ),
        ),
    ],
)


def streamed(client: Any, **more: Any) -> Any:
    manager = client.chat.completions.with_streaming_response.create(**CHAT, **more)
    if inspect.iscoroutine(manager):
        manager.close()
        pytest.fail("The result is a coroutine, not a context manager")
    return manager


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


@streaming_sides
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


@pytest.mark.xfail(strict=True, reason="AsyncTogether.with_streaming_response gives a coroutine, not a context manager")
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


@streaming_sides
def test_a_streaming_response_that_is_left_closes_its_connection(open_side: OpenSide) -> None:
    async def nothing() -> None:
        return None

    with HTTPServer(OPEN_ENDED) as server, open_side(server.url) as side:
        in_context(side, lambda _: nothing() if side.name == "async" else None, stream=True)
        server.wait_until_closed(1)


@streaming_sides
def test_a_streaming_response_gives_lines(open_side: OpenSide) -> None:
    pieces = [b"a\r", b"\nb", b"\n\n", b"\xc3", b"\xa9", b"\nlast"]
    with HTTPServer(raw(chunked(*pieces))) as server, open_side(server.url) as side:
        lines = in_context(side, lambda response: gathered(response.iter_lines()), stream=True)
    assert lines == ["a", "b", "", "é", "last"]


@streaming_sides
def test_a_streaming_response_gives_its_bytes(open_side: OpenSide) -> None:
    with HTTPServer(raw(chunked(b"abc", b"def"))) as server, open_side(server.url) as side:
        data = in_context(side, lambda response: gathered(response.iter_bytes()))
    assert b"".join(data) == b"abcdef"


@streaming_sides
def test_a_streaming_response_parses_to_the_stream(open_side: OpenSide) -> None:
    with HTTPServer(raw(chunked(events("a", "b") + DONE))) as server, open_side(server.url) as side:
        if side.name == "sync":
            assert texts(in_context(side, lambda response: list(response.parse()), stream=True)) == ["a", "b"]
            return

        async def read(response: Any) -> list[Any]:
            return [one async for one in await response.parse()]

        assert texts(in_context(side, read, stream=True)) == ["a", "b"]


@streaming_sides
def test_a_refused_streaming_call_raises_when_entered(open_side: OpenSide) -> None:
    with (
        HTTPServer(answer({"error": {"message": "No."}}, 401)) as server,
        open_side(server.url) as side,
        pytest.raises(AuthenticationError, match="No"),
    ):
        in_context(side, lambda response: response.read())
