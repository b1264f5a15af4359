"""One `AsyncTogether` in any number of event loops: one after the other, at once, dead ones, asyncio's and others."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import pytest

from together_di import APITimeoutError, AsyncTogether, Timeout, Together
from together_di.endpoint import Method

from .support.http_server import PATIENCE, HTTPServer, answer, chunked, then_stall
from .support.sides import CHAT, KEY, completion, each_transport
from .support.silence import call, no_warnings

GOOD = answer(completion())


def open_descriptors() -> int:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("This system has no /proc/self/fd")
    return len(list(folder.iterdir()))


@each_transport
def test_one_client_serves_fifty_runs_one_after_the_other() -> None:
    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            assert asyncio.run(call(client)) == "Hello"
            server.wait_until_closed(1)
            gc.collect()
            before = open_descriptors()
            for number in range(2, 51):
                assert asyncio.run(call(client)) == "Hello"
                server.wait_until_closed(number)
            # Each of the server's ends is closed by a thread that may still be at it: one at most.
            assert open_descriptors() <= before + 1
        client.close_nowait()
    assert server.connections == 50


@each_transport
def test_calls_in_one_run_share_a_connection() -> None:
    async def main() -> None:
        for _ in range(4):
            await call(client)

    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        asyncio.run(main())
        asyncio.run(main())
        client.close_nowait()
    assert [request.connection for request in server.requests] == [1, 1, 1, 1, 2, 2, 2, 2]


@each_transport
def test_a_stream_left_open_at_the_end_of_a_run_harms_no_later_run() -> None:
    held = then_stall(chunked(b'data: {"id": "c"}\n\n', end=False))
    kept: list[Any] = []

    async def main() -> None:
        stream = await client.chat.completions.create(stream=True, **CHAT)
        kept.append(stream)
        await anext(stream)

    with HTTPServer(held, GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            asyncio.run(main())
            server.wait_until_closed(1)
            kept.clear()
            assert asyncio.run(call(client)) == "Hello"
        client.close_nowait()


@each_transport
def test_eight_threads_with_a_loop_each_share_a_client() -> None:
    everyone = threading.Barrier(8)
    answers: list[str | None] = []

    async def main() -> None:
        for _ in range(3):
            await asyncio.to_thread(everyone.wait, PATIENCE)
            answers.append(await call(client))

    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(8)]
        with no_warnings():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
        client.close_nowait()
    assert answers == ["Hello"] * 24
    assert server.connections == 8


def run_without_cleaning_up(client: AsyncTogether) -> Any:
    """A loop whose async generators are not closed, as some libraries and old code leave it."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(call(client))
    finally:
        loop.close()


@each_transport
def test_a_loop_closed_without_closing_its_generators_leaves_nothing_behind() -> None:
    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            for number in range(1, 6):
                assert run_without_cleaning_up(client) == "Hello"
                if number > 1:
                    # The connection of a dead loop is closed when the next loop comes.
                    server.wait_until_closed(number - 1)
            client.close_nowait()
            server.wait_until_closed(5)


@each_transport
def test_a_client_that_outlives_its_dead_loop_is_closed_silently() -> None:
    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            run_without_cleaning_up(client)
            asyncio.run(client.aclose())
            server.wait_until_closed(1)


@each_transport
def test_a_dropped_client_closes_its_connection_silently() -> None:
    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            run_without_cleaning_up(client)
            del client
            gc.collect()
            server.wait_until_closed(1)


@each_transport
def test_a_client_dropped_in_a_running_loop_closes_its_connection() -> None:
    async def main(server: HTTPServer) -> None:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        await call(client)
        del client
        gc.collect()
        await asyncio.to_thread(server.wait_until_closed, 1)

    with HTTPServer(default=GOOD) as server, no_warnings():
        asyncio.run(main(server))


@each_transport
def test_closing_in_one_loop_closes_the_connections_of_another() -> None:
    called, done = threading.Event(), threading.Event()

    async def other(client: AsyncTogether) -> None:
        await call(client)
        called.set()
        await asyncio.to_thread(done.wait, PATIENCE)

    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            thread = threading.Thread(target=lambda: asyncio.run(other(client)))
            thread.start()
            assert called.wait(PATIENCE)
            asyncio.run(client.aclose())
            server.wait_until_closed(1)
            done.set()
            thread.join(PATIENCE)


@each_transport
def test_uvloop_runs_one_after_the_other() -> None:
    uvloop = pytest.importorskip("uvloop")
    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            for number in range(1, 6):
                assert uvloop.run(call(client)) == "Hello"
                server.wait_until_closed(number)
            assert asyncio.run(call(client)) == "Hello"
        client.close_nowait()


@each_transport
def test_uvloop_keeps_connections_and_limits_time() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        await call(client)
        await call(client)
        with pytest.raises(APITimeoutError, match=r"0\.05 s"):
            await call(client.with_options(timeout=Timeout(PATIENCE, read=0.05), max_retries=0))
        assert await call(client) == "Hello"

    with HTTPServer(GOOD, GOOD, then_stall(), GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            uvloop.run(main())
        client.close_nowait()
    assert [request.connection for request in server.requests] == [1, 1, 1, 2]


@each_transport
@pytest.mark.xfail(
    strict=True,
    reason="uvloop itself warns when its loop is closed with an open transport, without shutdown_asyncgens",
)
def test_a_uvloop_closed_without_closing_its_generators_leaves_nothing_behind() -> None:
    uvloop = pytest.importorskip("uvloop")
    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with no_warnings():
            loop = uvloop.new_event_loop()
            assert loop.run_until_complete(call(client)) == "Hello"
            loop.close()
            assert asyncio.run(call(client)) == "Hello"
            client.close_nowait()
            server.wait_until_closed(1)


def test_the_first_call_of_a_method_loads_its_models_in_a_worker_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    loaders: list[int] = []
    load = Method.load

    def watched(method: Method) -> None:
        loaders.append(threading.get_ident())
        load(method)

    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            monkeypatch.setattr(type(client.chat.completions).create, "is_loaded", False)
            await call(client)
            await call(client)

    monkeypatch.setattr(Method, "load", watched)
    with HTTPServer(default=GOOD) as server:
        asyncio.run(main(server.url))
    assert len(loaders) == 1
    assert threading.get_ident() not in loaders


def test_a_sync_client_dropped_without_closing_closes_its_connection() -> None:
    with HTTPServer(default=GOOD) as server:
        client = Together(api_key=KEY, base_url=server.url)
        with no_warnings():
            client.chat.completions.create(**CHAT)
            del client
            gc.collect()
            server.wait_until_closed(1)


def test_a_sync_client_works_inside_a_running_loop() -> None:
    async def main(client: Together) -> Any:
        return client.chat.completions.create(**CHAT).id

    with HTTPServer(default=GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        assert asyncio.run(main(client)) == "c-1"
