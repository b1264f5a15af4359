"""Network reads: one may hold many events, one, or a part of one, and a stream is the same in each case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from together_di import APIError
from together_di.decoding import Reader
from together_di.streaming import AsyncStream, Stream
from together_di.types.chat import ChatCompletionChunk
from together_di.wire import Body, Response

from .support.events import DONE, chunk, events

READ = Reader(ChatCompletionChunk, "chat.completions.create", strict=False)

#: What was delivered, and how many the stream said that it had delivered then.
Delivered = list[tuple[str, int]]

ENDS: dict[str, tuple[bytes, str]] = {
    "the last word": (DONE + chunk("never"), ""),
    "no last word": (b"", ""),
    "an error": (
        b'data: {"error": {"message": "Out of memory"}}\n\n' + chunk("never"),
        "Out of memory (after 6 chunks)",
    ),
    "no JSON": (b"data: {]\n\n" + chunk("never"), "is not as documented"),
}

#: Among others one that is slow to decode because it does not fit, one with the word of an error, one behind a comment.
BODY = [
    *[chunk(text) for text in ("a", "b", "c")],
    chunk("d", created="yesterday"),
    chunk('the word "error"', error=None),
    b": ping\n\n" + chunk("f"),
]
EXPECTED: Delivered = [("a", 1), ("b", 2), ("c", 3), ("d", 4), ('the word "error"', 5), ("f", 6)]


def by_bytes(size: int) -> Callable[[list[bytes]], list[bytes]]:
    def cut(body: list[bytes]) -> list[bytes]:
        whole = b"".join(body)
        return [whole[start : start + size] for start in range(0, len(whole), size)]

    return cut


def by_events(number: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda body: [b"".join(body[start : start + number]) for start in range(0, len(body), number)]


def delivered(reads: list[bytes], to: Delivered) -> None:
    with Stream(Response(200, [], body=Body(chunks=iter(reads))), READ) as stream:
        to += ((item.choices[0].delta.content or "", stream.received) for item in stream)


def adelivered(reads: list[bytes], to: Delivered) -> None:
    async def body() -> AsyncIterator[bytes]:
        for read in reads:
            yield read

    async def main() -> None:
        async with AsyncStream(Response(200, [], body=Body(achunks=body())), READ) as stream:
            async for item in stream:
                to.append((item.choices[0].delta.content or "", stream.received))

    asyncio.run(main())


@pytest.mark.parametrize("deliver", [delivered, adelivered], ids=["sync", "async"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    "cut",
    [by_bytes(1), by_bytes(100), by_bytes(10_000), by_events(1), by_events(2), by_events(3)],
    ids=["single bytes", "parts", "one read", "one event", "two events", "three events"],
)
def test_a_stream_is_the_same_however_its_events_are_cut_into_reads(
    cut: Callable[[list[bytes]], list[bytes]], end: str, deliver: Callable[[list[bytes], Delivered], None]
) -> None:
    rest, problem = ENDS[end]
    found: Delivered = []
    if problem:
        with pytest.raises(APIError) as caught:
            deliver(cut([*BODY, rest]), found)
        assert problem in str(caught.value)
    else:
        deliver(cut([*BODY, rest]), found)
    assert found == EXPECTED


def test_a_read_of_many_events_can_be_left_in_the_middle() -> None:
    stream = Stream(Response(200, [], body=Body(chunks=iter([events("a", "b", "c") + DONE]))), READ)
    assert (next(stream).choices[0].delta.content, stream.received) == ("a", 1)
    stream.close()
    assert stream.received == 1
