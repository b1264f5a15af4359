"""A streamed answer as server-sent events."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any, cast

import pytest

from together_di import APITimeoutError, AsyncTogether, FakeTogether, Stream, Together
from together_di.relay import aserver_sent_events, server_sent_events
from together_di.types import ChatCompletionChunk

from .support.events import DONE, chunk, events
from .support.http_server import PATIENCE, HTTPServer, chunked, raw, then_stall
from .support.sides import CHAT, KEY, stream_chat

Relay = Callable[..., list[bytes]]


def relayed(fake: FakeTogether, **options: Any) -> list[bytes]:
    return list(server_sent_events(fake.chat.completions.create(**CHAT, stream=True), **options))


def arelayed(fake: FakeTogether, **options: Any) -> list[bytes]:
    async def collect() -> list[bytes]:
        stream = await fake.async_client.chat.completions.create(**CHAT, stream=True)
        return [event async for event in aserver_sent_events(stream, **options)]

    return asyncio.run(collect())


both = pytest.mark.parametrize("relay", [relayed, arelayed], ids=["sync", "async"])


def content(event: bytes) -> str | None:
    found: str | None = json.loads(event.removeprefix(b"data: "))["choices"][0]["delta"].get("content")
    return found


@both
def test_each_chunk_is_an_event_and_the_last_says_that_it_is_the_last(relay: Relay) -> None:
    fake = FakeTogether()
    fake.chat.completions.create.streams(["Bon", "jour"])
    *chunks, end, last = relay(fake)
    assert ([content(chunk) for chunk in chunks], last) == (["Bon", "jour"], b"data: [DONE]\n\n")
    assert b'"finish_reason":"stop"' in end


@both
def test_events_may_come_first_and_each_chunk_is_seen(relay: Relay) -> None:
    fake = FakeTogether()
    fake.chat.completions.create.streams(["Bon", "jour"])
    seen: list[ChatCompletionChunk] = []
    first, *_ = relay(fake, first=[("sources", ["a.md"])], each=seen.append)
    assert first == b'event: sources\ndata: ["a.md"]\n\n'
    assert [chunk.choices[0].delta.content for chunk in seen] == ["Bon", "jour", ""]


@both
def test_an_answer_that_breaks_off_ends_in_an_error_that_tells_nothing_of_the_api(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeTogether()
    fake.chat.completions.create.breaks_off(["Bon"])
    with caplog.at_level(logging.WARNING, logger="together_di"):
        said, failure = relay(fake)
    assert content(said) == "Bon"
    assert failure == b'event: error\ndata: {"message": "The answer broke off."}\n\n'
    assert "A streamed answer broke off: " in caplog.text


@pytest.mark.filterwarnings("error")
def test_a_chunk_that_does_not_fit_is_passed_on_as_it_is() -> None:
    odd = raw(chunked(chunk("Bon", created="now") + DONE))
    with HTTPServer(odd) as server, Together(api_key=KEY, base_url=server.url) as client:
        said, _ = server_sent_events(stream_chat(client))
    assert json.loads(said.removeprefix(b"data: "))["created"] == "now"


def test_an_answer_that_takes_too_long_is_told_as_that() -> None:
    def too_long(_: ChatCompletionChunk) -> None:
        raise APITimeoutError

    fake = FakeTogether()
    fake.chat.completions.create.streams(["Bon"])
    assert b"The answer took too long." in relayed(fake, each=too_long)[-1]


def test_while_the_api_is_silent_something_is_written_so_that_a_server_notices_who_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("together_di.relay._PAUSE", 0.01)
    held = then_stall(chunked(events("a"), end=False))
    with HTTPServer(held) as server, Together(api_key=KEY, base_url=server.url) as client:
        sent: Any = server_sent_events(stream_chat(client))
        assert content(next(sent)) == "a"
        assert [next(sent), next(sent)] == [b":\n\n", b":\n\n"]
        sent.close()
        server.wait_until_closed(1)
    for thread in threading.enumerate():
        if thread.name == "together-di relay":
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_whoever_stops_reading_closes_the_connection() -> None:
    held = then_stall(chunked(events("a"), end=False))
    with HTTPServer(held) as server, Together(api_key=KEY, base_url=server.url) as client:
        sent = server_sent_events(stream_chat(client))
        assert content(next(sent)) == "a"
        sent.close()  # type: ignore[attr-defined]  # what WSGI servers do with an iterable that has it
        server.wait_until_closed(1)


def test_whoever_stops_reading_closes_the_connection_in_an_event_loop() -> None:
    async def read_one(client: AsyncTogether) -> None:
        sent: Any = aserver_sent_events(await client.chat.completions.create(**CHAT, stream=True))
        assert content(await anext(sent)) == "a"
        await sent.aclose()
        await client.aclose()

    held = then_stall(chunked(events("a"), end=False))
    with HTTPServer(held) as server:
        asyncio.run(read_one(AsyncTogether(api_key=KEY, base_url=server.url)))
        server.wait_until_closed(1)


class Endless:
    """A stream that gives a chunk whenever it is asked, until it is closed."""

    def __init__(self) -> None:
        self.given = 0
        self.is_closed = False
        self.gave_many = threading.Event()

    def __iter__(self) -> Iterator[ChatCompletionChunk]:
        chunk = ChatCompletionChunk.model_construct(id="x")
        while not self.is_closed:
            self.given += 1
            if self.given == 17:
                self.gave_many.set()
            yield chunk

    def close(self) -> None:
        self.is_closed = True


def test_a_slow_browser_makes_the_api_wait_and_no_chunks_pile_up() -> None:
    stream = Endless()
    relay = server_sent_events(cast("Stream[ChatCompletionChunk]", stream))
    assert isinstance(relay, Generator)
    next(relay)
    assert stream.gave_many.wait(PATIENCE)
    relay.close()
    assert stream.is_closed
    assert stream.given <= 19  # sixteen wait, and one is in each hand
