"""Streams over real sockets: read, ended and left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from together_di import AsyncTogether, Timeout, Together
from together_di.decoding import Reader
from together_di.streaming import LAST_READS, AsyncStream, Stream
from together_di.types.chat import ChatCompletionChunk
from together_di.wire import Body, Response

from .support.events import DONE, OPEN_ENDED, chunk, collected, events, texts
from .support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, raw, then_stall
from .support.sides import CHAT, KEY, OpenSide, both_sides, chat, completion, stream_chat

pytestmark = pytest.mark.usefixtures("waits")


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
def test_done_ends_a_stream_that_the_server_leaves_open_whatever_the_read_timeout(open_side: OpenSide) -> None:
    ended = threading.Event()

    def keep_open(peer: Peer) -> None:
        peer.send(chunked(events("a") + DONE, end=False))
        assert ended.wait(PATIENCE), "The stream did not end while its body was open"
        peer.wait_for_end()

    limit = Timeout(PATIENCE, read=None)
    chunks: list[Any] = []
    with HTTPServer(keep_open, answer(completion())) as server, open_side(server.url, timeout=limit) as side:
        side.collect(stream_chat, chunks)
        ended.set()
        server.wait_until_closed(1)
        assert side.call(chat).id == "c-1"
    assert (texts(chunks), server.connections) == (["a"], 2)


@both_sides
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


READ = Reader(ChatCompletionChunk, "chat.completions.create", strict=False)


class Talkative:
    """The body of an answer that goes on after [DONE], and counts how often it is asked for more."""

    def __init__(self) -> None:
        self.last_reads = 0

    def chunks(self) -> Iterator[bytes]:
        yield events("a") + DONE
        while True:
            self.last_reads += 1
            yield b": ping\n\n"

    async def achunks(self) -> AsyncGenerator[bytes]:
        for data in self.chunks():
            yield data


def test_after_done_no_more_is_read_than_the_last_reads() -> None:
    body = Talkative()
    response = Response(200, [], body=Body(chunks=body.chunks(), hurry=lambda: None))
    assert len(list(Stream(response, READ))) == 1
    assert body.last_reads == LAST_READS
    assert response.is_closed


def test_after_done_no_more_is_read_by_an_async_stream_than_the_last_reads() -> None:
    body = Talkative()
    response = Response(200, [], body=Body(achunks=body.achunks(), hurry=lambda: None))

    async def main() -> list[ChatCompletionChunk]:
        return [item async for item in AsyncStream(response, READ)]

    assert len(asyncio.run(main())) == 1
    assert body.last_reads == LAST_READS
    assert response.is_closed


def test_after_done_nothing_is_read_that_cannot_be_hurried() -> None:
    body = Talkative()
    response = Response(200, [], body=Body(chunks=body.chunks()))
    assert len(list(Stream(response, READ))) == 1
    assert body.last_reads == 0


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


def test_a_stream_closed_by_another_thread_ends_at_once_and_without_an_error() -> None:
    """The thread that reads may be waiting for bytes that never come."""
    limit = Timeout(PATIENCE, read=None)
    held = then_stall(chunked(events("a"), end=False))
    with HTTPServer(held) as server, Together(api_key=KEY, base_url=server.url, timeout=limit) as client:
        stream = stream_chat(client)
        chunks = iter(stream)
        first = next(chunks)
        rest: list[Any] = []
        reader = threading.Thread(target=lambda: rest.extend(chunks))
        reader.start()
        stream.close()
        reader.join(PATIENCE)
        assert not reader.is_alive()
        server.wait_until_closed(1)
    assert (texts([first]), rest) == (["a"], [])
