"""A pool without a free connection, and tasks that are cancelled while they have one, or wait for one."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from typing import Any

import pytest

from together_di import AsyncTogether, PoolTimeoutError, Timeout, Together
from together_di.lending import Lease

from ..core.support.events import DONE, events, texts
from ..core.support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, message, raw, then_stall
from ..core.support.sides import CHAT, KEY, OpenSide, chat, completion, stream_chat

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()
HELD = then_stall(chunked(events("a"), end=False))


def test_a_full_pool_is_an_error_that_names_its_limits_and_is_not_tried_again(
    open_side: OpenSide, waits: list[float]
) -> None:
    limit = Timeout(PATIENCE, pool=0.05)
    with HTTPServer(HELD) as server, open_side(server.url, timeout=limit, max_connections=1) as side:
        stream = side.call(stream_chat)
        with pytest.raises(PoolTimeoutError, match=r"busy for 0\.05 s; see max_connections \(timeout pool\)"):
            side.call(chat)
        side.call(lambda _: stream.close())
    assert (len(server.requests), waits) == (1, [])


def test_the_wait_for_a_connection_has_a_limit_of_its_own(open_side: OpenSide) -> None:
    with (
        HTTPServer(HELD) as server,
        open_side(server.url, timeout=PATIENCE, timeout_pool=0.05, max_connections=1) as side,
    ):
        stream = side.call(stream_chat)
        with pytest.raises(PoolTimeoutError):
            side.call(chat)
        side.call(lambda _: stream.close())


def test_a_connection_that_becomes_free_goes_to_who_waits_for_it() -> None:
    freed = threading.Event()

    def hold(peer: Peer) -> None:
        assert freed.wait(PATIENCE)
        peer.send(message(BODY))

    answers: list[str] = []
    with (
        HTTPServer(hold, default=GOOD) as server,
        Together(api_key=KEY, base_url=server.url, max_connections=1) as client,
    ):
        threads = [threading.Thread(target=lambda: answers.append(chat(client).id)) for _ in range(8)]
        for thread in threads:
            thread.start()
        server.wait_for_requests(1)
        freed.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert answers == ["c-1"] * 8
    assert server.connections == 1


def test_a_stream_that_is_dropped_before_it_is_begun_gives_its_connection_back(open_side: OpenSide) -> None:
    limit = Timeout(PATIENCE, pool=5)
    with HTTPServer(HELD, GOOD) as server, open_side(server.url, timeout=limit, max_connections=1) as side:
        side.call(stream_chat)
        gc.collect()
        server.wait_until_closed(1)
        assert side.call(chat).id == "c-1"


def test_a_stream_that_is_dropped_in_the_middle_gives_its_connection_back() -> None:
    with (
        HTTPServer(HELD, GOOD) as server,
        Together(api_key=KEY, base_url=server.url, timeout=PATIENCE, max_connections=1) as client,
    ):
        stream = stream_chat(client)
        next(stream)
        del stream
        server.wait_until_closed(1)
        assert chat(client).id == "c-1"


def test_a_stream_in_a_reference_cycle_can_be_collected_while_the_pool_is_locked() -> None:
    """The collector may come at any moment, also to the thread that holds the lock."""
    with HTTPServer(HELD, GOOD) as server, Together(api_key=KEY, base_url=server.url, timeout=PATIENCE) as client:
        holder: dict[str, Any] = {"stream": stream_chat(client)}
        next(holder["stream"])
        holder["itself"] = holder
        transport: Any = client._engine.shared.transport
        del holder
        with transport._slots._changed:
            gc.collect()
        server.wait_until_closed(1)
        assert chat(client).id == "c-1"


def test_a_stream_outlives_the_last_reference_to_its_client() -> None:
    go_on = threading.Event()

    def two_parts(peer: Peer) -> None:
        peer.send(chunked(events("a"), end=False))
        assert go_on.wait(PATIENCE)
        peer.send(chunked(events("b") + DONE).partition(b"\r\n\r\n")[2])

    with HTTPServer(two_parts) as server:
        stream = stream_chat(Together(api_key=KEY, base_url=server.url))
        first = next(stream)
        gc.collect()
        go_on.set()
        assert texts([first, *stream]) == ["a", "b"]
        server.wait_until_closed(1)


# Cancelled


async def after(steps: int, task: asyncio.Task[Any]) -> None:
    """Cancel `task` when the loop has gone round so many times."""
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()


@pytest.mark.parametrize("kind", ["plain", "stream"])
def test_a_call_that_is_cancelled_at_any_moment_gives_its_connection_back(kind: str) -> None:
    """With a single connection, the next call would wait in vain for one that was lost."""

    async def work(client: AsyncTogether) -> None:
        if kind == "plain":
            await chat(client)
        else:
            async for _ in await stream_chat(client):
                pass

    async def main(url: str) -> None:
        limit = Timeout(PATIENCE, pool=5)
        async with AsyncTogether(api_key=KEY, base_url=url, max_connections=1, timeout=limit) as client:
            for steps in range(60):
                task = asyncio.create_task(work(client))
                await after(steps, task)
                await asyncio.wait([task])
                assert (await client.files.list()).data == []

    def reply(peer: Peer) -> None:
        latest = server.requests[-1]
        if latest.method == "GET":
            answer({"data": []})(peer)
        else:
            (raw(chunked(events("a") + DONE)) if latest.json().get("stream") else GOOD)(peer)

    with HTTPServer(default=reply) as server:
        asyncio.run(main(server.url))


def test_who_is_cancelled_while_waiting_for_a_connection_does_not_get_it() -> None:
    async def main(server: HTTPServer) -> None:
        async with AsyncTogether(api_key=KEY, base_url=server.url, max_connections=1, timeout=PATIENCE) as client:
            stream = await stream_chat(client)
            waiting = [asyncio.create_task(chat(client)) for _ in range(5)]
            await asyncio.sleep(0)
            for task in waiting[:4]:
                task.cancel()
            await asyncio.wait(waiting[:4])
            await stream.aclose()
            assert (await waiting[4]).id == "c-1"

    with HTTPServer(HELD, GOOD) as server:
        asyncio.run(main(server))
    assert len(server.requests) == 2


def test_a_call_that_is_cancelled_while_it_waits_for_its_next_attempt_ends_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paused = threading.Event()
    apause = Lease.apause

    async def watched(lease: Lease, seconds: float) -> None:
        paused.set()
        await apause(lease, seconds)

    monkeypatch.setattr(Lease, "apause", watched)

    async def main(server: HTTPServer) -> None:
        async with AsyncTogether(api_key=KEY, base_url=server.url) as client:
            task = asyncio.create_task(client.chat.completions.create(**CHAT))
            await asyncio.to_thread(server.wait_for_requests, 1)
            await asyncio.to_thread(paused.wait, PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.files.list()).data == []

    with HTTPServer(answer({"error": {}}, 503, retry_after="60"), default=answer({"data": []})) as server:
        asyncio.run(main(server))
    assert len(server.requests) == 2
