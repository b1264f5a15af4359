"""One `AsyncTogether` in any number of event loops: one after the other, at once, dead ones, asyncio's and others."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from together_di import APITimeoutError, AsyncTogether, Timeout, Together
from together_di.endpoint import Method

from .support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, raw, then_stall
from .support.sides import CHAT, KEY, completion, each_transport

GOOD = answer(completion())


def open_descriptors() -> int:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("This system has no /proc/self/fd")
    return len(list(folder.iterdir()))


@contextmanager
def no_warnings() -> Generator[None]:
    """Nothing is warned about in here, not even when what is left behind is collected."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(one.message) for one in caught] == []


async def call(client: AsyncTogether) -> Any:
    return (await client.chat.completions.create(**CHAT)).choices[0].message.content


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


def import_for(library: str) -> None:
    """Skip a test whose event loop is not here, or is none for the transport."""
    pytest.importorskip(library)
    if library == "trio" and os.environ.get("TOGETHER_TRANSPORT") == "aiohttp":
        pytest.skip("aiohttp knows asyncio only")


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program as strictly as Python can."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(code), *arguments]
    environment = {**os.environ, "TOGETHER_API_KEY": KEY}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What it wrote to stderr, but for the time a step took: asyncio's debug mode measures it, and machines differ."""
    return [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]


LEFT = {
    "by break": """
        async def main():
            async for chunk in await stream():
                break
    """,
    "at [DONE]": """
        async def main():
            async for chunk in await stream():
                pass
    """,
    "by a context": """
        async def main():
            async with await stream() as chunks:
                await anext(chunks)
    """,
    "by an error": """
        async def main():
            try:
                async for chunk in await stream():
                    1 / 0
            except ZeroDivisionError:
                pass
    """,
}


@each_transport
@pytest.mark.parametrize(
    ("library", "left"),
    [
        *(pytest.param("asyncio", left, id=f"asyncio {name}") for name, left in LEFT.items()),
        pytest.param("trio", LEFT["at [DONE]"], id="trio at [DONE]"),
        pytest.param("trio", LEFT["by a context"], id="trio by a context"),
    ],
)
def test_a_stream_that_is_left_says_nothing_on_stderr(library: str, left: str) -> None:
    import_for(library)
    start = """
        import asyncio, gc, importlib, sys
        from together_di import AsyncTogether
        client = AsyncTogether(base_url=sys.argv[1])
        def stream():
            return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True)
    """
    end = """
        async def run():
            await main()
            gc.collect()
            await client.aclose()
        library = importlib.import_module(sys.argv[2])
        library.run(run() if library is asyncio else run)
    """
    program = "".join(map(textwrap.dedent, (start, left, end)))
    reply = raw(chunked(b'data: {"id": "c"}\n\ndata: {"id": "c"}\n\ndata: [DONE]\n\n'))
    with HTTPServer(reply) as server:
        done = run_python(program, server.url, library)
    assert (done.returncode, complaints(done)) == (0, [])


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


PROGRAMS = {
    "a client never closed": """
        for _ in range(3):
            asyncio.run(call())
    """,
    "a client closed in its last run": """
        async def last():
            await call()
            await client.aclose()
        asyncio.run(call())
        asyncio.run(last())
    """,
    "a dead loop": """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(call())
        loop.close()
    """,
    "a dead loop before a good one": """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(call())
        loop.close()
        asyncio.run(call())
    """,
    "threads": """
        import threading
        threads = [threading.Thread(target=lambda: asyncio.run(call())) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    """,
    "an error at the end": """
        async def fail():
            await call()
            1 / 0
        try:
            asyncio.run(fail())
        except ZeroDivisionError:
            pass
    """,
    "an unfinished stream": """
        async def leave():
            async for chunk in await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
            ):
                break
        asyncio.run(leave())
        asyncio.run(call())
    """,
    "uvloop": """
        import uvloop
        uvloop.run(call())
        asyncio.run(call())
        uvloop.run(call())
    """,
    "trio": """
        import trio
        trio.run(call)
        asyncio.run(call())
        trio.run(call)
    """,
}


@each_transport
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_program_says_nothing_on_stderr(program: str) -> None:
    for name in ("uvloop", "trio"):
        if name in program:
            import_for(name)
    start = """
        import asyncio, sys
        from together_di import AsyncTogether
        client = AsyncTogether(base_url=sys.argv[1])
        async def call():
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
    """
    stream = raw(chunked(b'data: {"id": "c"}\n\n' * 3))

    def reply(peer: Any) -> None:
        (stream if server.requests[-1].json().get("stream") else GOOD)(peer)

    with HTTPServer(default=reply) as server:
        done = run_python(textwrap.dedent(start) + textwrap.dedent(program), server.url)
    assert (done.returncode, complaints(done)) == (0, [])
    assert server.requests


def test_a_sync_program_that_never_closes_says_nothing_on_stderr() -> None:
    program = """
        import sys
        from together_di import Together
        Together(base_url=sys.argv[1]).chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
    """
    with HTTPServer(default=GOOD) as server:
        done = run_python(program, server.url)
    assert (done.returncode, done.stderr) == (0, "")


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
