"""Who closes what: a stream of one's own, a client twice, a copy, a task that is cancelled, a container."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from together_di import ClientClosedError, TogetherContainer

from ..core.support.events import events
from ..core.support.http_server import PATIENCE, HTTPServer, answer, chunked, then_stall
from ..core.support.sides import CHAT, KEY, OpenSide, chat, completion, stream_chat
from .support import Caller, Gate, async_client_of, client_of, when_closed

GOOD = answer(completion())


def test_a_stream_that_the_closer_has_left_open_is_not_waited_for(open_side: OpenSide) -> None:
    """It could wait until the end of its time: nobody reads it meanwhile."""
    with HTTPServer(then_stall(chunked(events("a"), end=False))) as server:
        with open_side(server.url, drain_timeout=PATIENCE * 100) as side:
            stream = side.call(stream_chat)
        server.wait_until_closed(1)
        assert not stream.response.is_closed


def test_closing_again_in_another_thread_waits_as_well() -> None:
    gate, arrived = Gate(), threading.Semaphore(0)

    class Watched(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            arrived.release()
            return super().wait(timeout)

    def close() -> bool:
        client.close()
        waited = gate.opened.is_set()
        arrived.release()
        return waited

    with HTTPServer(gate) as server:
        client = client_of(server)
        caller = Caller(lambda: chat(client).id)
        server.wait_for_requests(1)
        client._engine.shared._ended = Watched()
        closers = [Caller(close) for _ in range(3)]
        for _ in closers:  # each waits, or has returned
            assert arrived.acquire(timeout=PATIENCE)
        gate.opened.set()
        for each in (caller, *closers):
            each.wait()
    assert (caller.result, [closer.result for closer in closers]) == ("c-1", [True] * 3)


def test_closing_a_copy_cuts_nothing() -> None:
    gate = Gate()
    with HTTPServer(gate, GOOD) as server, client_of(server) as client:
        copy = client.with_options(timeout=PATIENCE)
        caller = Caller(lambda: chat(copy).id)
        server.wait_for_requests(1)
        copy.close()
        with pytest.raises(ClientClosedError):
            chat(copy)
        assert not client.is_closed()
        gate.opened.set()
        caller.wait()
        assert chat(client).id == "c-1"
    assert (caller.result, server.connections) == ("c-1", 1)


def test_a_cancelled_close_cuts_what_runs() -> None:
    async def main(server: HTTPServer) -> None:
        client = async_client_of(server, drain_timeout=PATIENCE * 100)
        call = asyncio.create_task(chat(client))
        await asyncio.to_thread(server.wait_for_requests, 1)
        closed = when_closed(client)
        closing = asyncio.create_task(client.aclose())
        assert await asyncio.to_thread(closed.wait, PATIENCE)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        with pytest.raises(ClientClosedError):
            await call

    with HTTPServer(then_stall()) as server:
        asyncio.run(main(server))


# Containers


def test_a_container_lets_the_calls_of_all_its_clients_finish() -> None:
    gates = [Gate(), Gate()]
    with HTTPServer(*gates) as server:
        container = TogetherContainer(config={"api_key": KEY, "base_url": server.url, "drain_timeout": PATIENCE})
        client, async_client = container.client(), container.async_client()

        async def call() -> Any:
            return (await async_client.chat.completions.create(**CHAT)).id

        callers = [Caller(lambda: chat(client).id), Caller(lambda: asyncio.run(call()))]
        server.wait_for_requests(2)
        closed = [when_closed(client), when_closed(async_client)]
        closer = Caller(container.close)
        assert all(each.wait(PATIENCE) for each in closed)
        for gate in gates:
            gate.opened.set()
        for each in (*callers, closer):
            each.wait()
    assert ([caller.result for caller in callers], closer.error) == (["c-1", "c-1"], None)


def test_a_container_that_is_closed_in_a_loop_leaves_the_loop_free() -> None:
    """What passes a stream on from a thread to a loop needs it to finish."""
    gate = Gate()

    async def main(server: HTTPServer) -> None:
        container = TogetherContainer(config={"api_key": KEY, "base_url": server.url, "drain_timeout": PATIENCE})
        client = container.client()
        caller = Caller(lambda: chat(client).id)
        await asyncio.to_thread(server.wait_for_requests, 1)
        closed = when_closed(client)
        closing = asyncio.create_task(container.aclose())
        assert await asyncio.to_thread(closed.wait, PATIENCE)
        gate.opened.set()  # which needs this loop
        await closing
        caller.wait()
        assert caller.result == "c-1"

    with HTTPServer(gate) as server:
        asyncio.run(main(server))
