"""Whole programs that leave streams, clients and event loops behind, and what they print: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from .support.http_server import HTTPServer, answer, chunked, raw
from .support.sides import KEY, completion, each_transport

GOOD = answer(completion())


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
