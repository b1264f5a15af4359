"""`AsyncTogether` in trio."""

from __future__ import annotations

import asyncio
import threading

import pytest

from together_di import APITimeoutError, AsyncTogether, Timeout

from .support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, raw, then_stall
from .support.sides import CHAT, KEY, completion
from .support.silence import call, no_warnings

GOOD = answer(completion())


def test_trio_runs_one_after_the_other_and_beside_asyncio() -> None:
    trio = pytest.importorskip("trio")
    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            for number in range(1, 4):
                assert trio.run(call, client) == "Hello"
                server.wait_until_closed(number)
            assert asyncio.run(call(client)) == "Hello"
        client.close_nowait()


def test_trio_reads_a_stream_without_a_warning() -> None:
    trio = pytest.importorskip("trio")

    async def main() -> list[str]:
        await call(client)
        await call(client)
        return [chunk.id async for chunk in await client.chat.completions.create(stream=True, **CHAT)]

    stream = raw(chunked(b'data: {"id": "c"}\n\ndata: [DONE]\n\n'))
    with HTTPServer(GOOD, GOOD, stream) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            assert trio.run(main) == ["c"]
        client.close_nowait()
    assert server.connections == 1


def test_done_ends_a_stream_in_trio_that_the_server_leaves_open() -> None:
    trio = pytest.importorskip("trio")
    ended = threading.Event()

    def keep_open(peer: Peer) -> None:
        peer.send(chunked(b"data: [DONE]\n\n", end=False))
        assert ended.wait(PATIENCE), "The stream did not end while its body was open"

    async def main() -> None:
        async for _ in await client.chat.completions.create(stream=True, timeout=None, **CHAT):
            pass

    with HTTPServer(keep_open) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        trio.run(main)
        ended.set()
        client.close_nowait()
    assert len(server.requests) == 1


def test_trio_limits_time_and_cancels() -> None:
    trio = pytest.importorskip("trio")

    async def main(server: HTTPServer) -> None:
        with pytest.raises(APITimeoutError, match=r"0\.05 s"):
            await call(client.with_options(timeout=Timeout(PATIENCE, read=0.05), max_retries=0))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, client)
            await trio.to_thread.run_sync(server.wait_for_requests, 2)
            nursery.cancel_scope.cancel()
        await trio.to_thread.run_sync(server.wait_until_closed, 2)
        assert await call(client) == "Hello"
        await client.aclose()

    with HTTPServer(then_stall(), then_stall(), GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            trio.run(main, server)


def test_a_retry_in_trio_waits_in_trio() -> None:
    trio = pytest.importorskip("trio")
    with HTTPServer(answer({}, 429, retry_after="0"), GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        assert trio.run(call, client) == "Hello"
        client.close_nowait()
