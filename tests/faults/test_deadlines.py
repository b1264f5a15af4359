"""One limit for a whole call: all its attempts and the waits between them."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from together_di import APITimeoutError, ConfigurationError, InternalServerError, PoolTimeoutError, Together
from together_di.lending import Lease

from ..core.support.events import DONE, events, texts
from ..core.support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, message, then_hang_up, then_stall
from ..core.support.sides import CHAT, OpenSide, chat, completion, stream_chat

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()
LATE = r"within 0\.2 s, all attempts together \(deadline\)"


class Clock:
    """Stands still, but for the waits between attempts, which take no time, and for what a test adds."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)

    async def apause(self, seconds: float) -> None:
        self.pause(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the package, of httpcore and of the event loops."""
    clock = Clock()
    monkeypatch.setattr("time.monotonic", lambda: clock.now)
    monkeypatch.setattr(Lease, "pause", lambda lease, seconds: clock.pause(seconds))
    monkeypatch.setattr(Lease, "apause", lambda lease, seconds: clock.apause(seconds))
    return clock


def in_time(client: Any) -> Any:
    """A chat completion with a deadline of its own."""
    return client.chat.completions.create(deadline=0.2, **CHAT)


def drip(head: bytes) -> Any:
    """Send these bytes, and then one now and then, more often than any limit of a part could notice."""

    def act(peer: Peer) -> None:
        peer.send(head)
        while not peer.ended.wait(0.01):
            peer.send(b"x")

    return act


SLOW = {
    "silent": then_stall(),
    "silent in the body": then_stall(message(BODY)[:-9]),
    "dripping headers": drip(b"HTTP/1.1 200 OK\r\nX-Long: "),
    "dripping body": drip(message(headers={"Content-Length": "1000000"})),
}


@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW.keys())
def test_a_call_ends_at_its_deadline_and_is_not_tried_again(open_side: OpenSide, slow: Any) -> None:
    with HTTPServer(slow) as server, open_side(server.url, timeout=PATIENCE) as side:
        with pytest.raises(APITimeoutError, match=LATE):
            side.call(in_time)
        server.wait_until_closed(1)
    assert len(server.requests) == 1


def test_the_deadline_of_the_client_holds_for_each_call(open_side: OpenSide) -> None:
    with (
        HTTPServer(then_stall(), GOOD) as server,
        open_side(server.url, deadline=0.2, timeout=PATIENCE) as side,
    ):
        with pytest.raises(APITimeoutError, match=LATE):
            side.call(chat)
        assert side.call(lambda client: chat(client.with_options(deadline=PATIENCE))).id == "c-1"


def test_an_attempt_has_the_time_that_those_before_it_left(open_side: OpenSide, clock: Clock) -> None:
    given_up = threading.Event()

    def refuse(peer: Peer) -> None:
        clock.now += 999.99
        answer({}, 503, retry_after="0")(peer)

    def stall(peer: Peer) -> None:
        clock.now += 1
        assert given_up.wait(PATIENCE)

    with HTTPServer(refuse, stall) as server, open_side(server.url, timeout=1000) as side:
        with pytest.raises(APITimeoutError, match=r"within 1000 s, all attempts together \(deadline\)"):
            side.call(lambda client: client.chat.completions.create(deadline=1000, **CHAT))
        server.wait_for_requests(2)
        given_up.set()
    assert len(server.idempotency_keys) == 1


def test_the_waits_between_attempts_count(open_side: OpenSide, clock: Clock) -> None:
    busy = answer({"error": {"message": "Busy"}}, 503, retry_after="8")
    with (
        HTTPServer(default=busy) as server,
        open_side(server.url, max_retries=99) as side,
        pytest.raises(InternalServerError, match="Busy") as caught,
    ):
        side.call(lambda client: client.chat.completions.create(deadline=20, **CHAT))
    assert (len(server.requests), clock.waits) == (3, [8, 8])
    assert "deadline is 20 s" in "".join(caught.value.__notes__)


def test_a_wait_that_would_be_too_long_is_not_begun(open_side: OpenSide, clock: Clock) -> None:
    busy = answer({"error": {"message": "Busy"}}, 503, retry_after="30")
    with (
        HTTPServer(default=busy) as server,
        open_side(server.url) as side,
        pytest.raises(InternalServerError, match="Busy") as caught,
    ):
        side.call(lambda client: client.chat.completions.create(deadline=20, **CHAT))
    assert (len(server.requests), clock.waits) == (1, [])
    assert "deadline is 20 s" in "".join(caught.value.__notes__)


def test_waiting_for_a_connection_counts(open_side: OpenSide) -> None:
    held = then_stall(chunked(events("a"), end=False))
    with HTTPServer(held) as server, open_side(server.url, timeout=PATIENCE, max_connections=1) as side:
        stream = side.call(stream_chat)
        with pytest.raises(APITimeoutError, match=LATE) as caught:
            side.call(in_time)
        side.call(lambda _: stream.close())
    assert not isinstance(caught.value, PoolTimeoutError)
    assert len(server.requests) == 1


def test_a_stream_that_began_in_time_may_go_on_after_it(open_side: OpenSide, clock: Clock) -> None:
    begun = threading.Event()

    def act(peer: Peer) -> None:
        peer.send(chunked(events("a"), end=False))
        assert begun.wait(PATIENCE)
        peer.send(chunked(events("b") + DONE).partition(b"\r\n\r\n")[2])

    class Chunks(list[Any]):
        def append(self, item: Any) -> None:
            super().append(item)
            clock.now += 21
            begun.set()

    chunks = Chunks()
    with HTTPServer(act) as server, open_side(server.url) as side:
        side.collect(lambda client: client.chat.completions.create(stream=True, deadline=20, **CHAT), chunks)
    assert texts(chunks) == ["a", "b"]


def test_a_stream_that_does_not_begin_by_then_is_an_error(open_side: OpenSide) -> None:
    with HTTPServer(then_stall()) as server, open_side(server.url) as side, pytest.raises(APITimeoutError, match=LATE):
        side.call(lambda client: client.chat.completions.create(stream=True, deadline=0.2, **CHAT))


def test_a_call_that_is_in_time_leaves_its_connection_to_the_next(open_side: OpenSide) -> None:
    with HTTPServer(then_hang_up(), GOOD, GOOD) as server, open_side(server.url) as side:
        for _ in range(2):
            assert side.call(lambda client: client.chat.completions.create(deadline=PATIENCE, **CHAT)).id == "c-1"
    assert [request.connection for request in server.requests] == [1, 2, 2]


def test_a_deadline_that_is_no_time_is_refused(open_side: OpenSide) -> None:
    with (
        open_side("http://127.0.0.1:9") as side,
        pytest.raises(ConfigurationError, match="deadline=-1 must be a positive number of seconds"),
    ):
        side.call(lambda client: client.chat.completions.create(deadline=-1, **CHAT))


def test_the_deadline_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_DEADLINE", "12.5")
    assert Together(api_key="k").client.deadline == 12.5
    assert Together(api_key="k", deadline=3).client.deadline == 3
