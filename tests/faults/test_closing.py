"""Closing: no new call, time to finish for those that run, and then a typed error; nothing said at the end."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest

from together_di import ClientClosedError, Timeout
from together_di.lending import Lease

from ..core.support.events import DONE, events, texts
from ..core.support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, message, then_stall
from ..core.support.sides import CHAT, KEY, chat, completion, stream_chat
from .support import Caller, Gate, async_client_of, client_of, when_closed

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()
CUT = r"closed while this call ran.*drain_timeout.*not known"


# Time to finish


def test_a_call_that_runs_is_finished_and_none_is_let_in() -> None:
    gate = Gate()
    with HTTPServer(gate) as server:
        client = client_of(server)
        caller = Caller(lambda: chat(client).id)
        server.wait_for_requests(1)
        closed = when_closed(client)
        closer = Caller(client.close)
        assert closed.wait(PATIENCE)
        with pytest.raises(ClientClosedError):
            chat(client)
        gate.opened.set()
        caller.wait()
        closer.wait()
    assert (caller.result, caller.error, len(server.requests)) == ("c-1", None, 1)


def test_a_stream_that_is_read_is_finished() -> None:
    gate = Gate(chunked(events("b") + DONE).partition(b"\r\n\r\n")[2])

    def two_parts(peer: Peer) -> None:
        peer.send(chunked(events("a"), end=False))
        gate(peer)

    with HTTPServer(two_parts) as server:
        client = client_of(server)
        begun = threading.Event()

        def read() -> list[str]:
            chunks: list[Any] = []
            for chunk in stream_chat(client):
                chunks.append(chunk)
                begun.set()
            return texts(chunks)

        caller = Caller(read)
        assert begun.wait(PATIENCE)
        closed = when_closed(client)
        closer = Caller(client.close)
        assert closed.wait(PATIENCE)
        gate.opened.set()
        caller.wait()
        closer.wait()
    assert (caller.result, caller.error) == (["a", "b"], None)


def test_an_async_call_that_runs_is_finished_and_none_is_let_in() -> None:
    gate = Gate()

    async def main(server: HTTPServer) -> None:
        client = async_client_of(server)
        call = asyncio.create_task(chat(client))
        await asyncio.to_thread(server.wait_for_requests, 1)
        closed = when_closed(client)
        closing = asyncio.create_task(client.aclose())
        assert await asyncio.to_thread(closed.wait, PATIENCE)
        with pytest.raises(ClientClosedError):
            await chat(client)
        gate.opened.set()
        assert (await call).id == "c-1"
        await closing

    with HTTPServer(gate) as server:
        asyncio.run(main(server))


def test_a_call_in_another_loop_is_finished() -> None:
    gate = Gate()
    with HTTPServer(gate) as server:
        client = async_client_of(server)

        async def call() -> Any:
            return (await client.chat.completions.create(**CHAT)).id

        caller = Caller(lambda: asyncio.run(call()))
        server.wait_for_requests(1)
        closed = when_closed(client)
        closer = Caller(lambda: asyncio.run(client.aclose()))
        assert closed.wait(PATIENCE)
        gate.opened.set()
        caller.wait()
        closer.wait()
    assert (caller.result, caller.error) == ("c-1", None)


def test_a_call_that_runs_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(message(b"{}", 503))
    monkeypatch.setattr(Lease, "pause", lambda lease, seconds: None)
    with HTTPServer(gate, GOOD) as server:
        client = client_of(server)
        caller = Caller(lambda: chat(client).id)
        server.wait_for_requests(1)
        closed = when_closed(client)
        closer = Caller(client.close)
        assert closed.wait(PATIENCE)
        gate.opened.set()
        caller.wait()
        closer.wait()
    assert (caller.result, len(server.requests)) == ("c-1", 2)


# When the time is over

RUNNING = {
    "silent": then_stall(),
    "silent in the body": then_stall(message(BODY)[:-9]),
    "a body without a length": then_stall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY),
}


@pytest.mark.parametrize("running", RUNNING.values(), ids=RUNNING.keys())
def test_a_call_that_takes_too_long_is_cut_with_a_typed_error(running: Any) -> None:
    with HTTPServer(running) as server:
        client = client_of(server, drain_timeout=0.05)
        caller = Caller(lambda: chat(client))
        server.wait_for_requests(1)
        client.close()
        caller.wait()
        server.wait_until_closed(1)
    assert isinstance(caller.error, ClientClosedError)
    with pytest.raises(ClientClosedError, match=CUT):
        raise caller.error
    assert len(server.requests) == 1


@pytest.mark.parametrize("running", RUNNING.values(), ids=RUNNING.keys())
def test_an_async_call_that_takes_too_long_is_cut_with_a_typed_error(running: Any) -> None:
    async def main(server: HTTPServer) -> None:
        client = async_client_of(server, drain_timeout=0.05)
        call = asyncio.create_task(chat(client))
        await asyncio.to_thread(server.wait_for_requests, 1)
        await client.aclose()
        with pytest.raises(ClientClosedError, match=CUT):
            await call
        await asyncio.to_thread(server.wait_until_closed, 1)

    with HTTPServer(running) as server:
        asyncio.run(main(server))
    assert len(server.requests) == 1


def test_a_stream_that_takes_too_long_is_cut_with_a_typed_error() -> None:
    begun = threading.Event()
    with HTTPServer(then_stall(chunked(events("a"), end=False))) as server:
        client = client_of(server, drain_timeout=0.05)

        def read() -> None:
            for _ in stream_chat(client):
                begun.set()

        caller = Caller(read)
        assert begun.wait(PATIENCE)
        client.close()
        caller.wait()
    assert isinstance(caller.error, ClientClosedError)


def test_a_call_that_waits_for_its_next_attempt_is_woken_and_cut() -> None:
    with HTTPServer(answer({}, 503, retry_after="60")) as server:
        client = client_of(server, drain_timeout=0.05)
        caller = Caller(lambda: chat(client))
        server.wait_for_requests(1)
        client.close()
        caller.wait()
    assert isinstance(caller.error, ClientClosedError)
    assert len(server.requests) == 1


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_an_async_call_that_waits_for_its_next_attempt_is_woken_and_cut(library: str) -> None:
    anyio = pytest.importorskip("anyio")
    pytest.importorskip(library)

    async def main() -> None:
        with pytest.raises(ClientClosedError):
            await chat(client)

    with HTTPServer(answer({}, 503, retry_after="60")) as server:
        client = async_client_of(server, drain_timeout=0.05)
        caller = Caller(lambda: anyio.run(main, backend=library))
        server.wait_for_requests(1)
        asyncio.run(client.aclose())
        caller.wait()
    assert (caller.error, len(server.requests)) == (None, 1)


def test_calls_that_wait_for_a_connection_are_cut() -> None:
    with HTTPServer(then_stall()) as server:
        client = client_of(server, drain_timeout=0.05, max_connections=1, timeout=Timeout(PATIENCE, pool=None))
        callers = [Caller(lambda: chat(client)) for _ in range(4)]
        server.wait_for_requests(1)
        client.close()
        for caller in callers:
            caller.wait()
    assert [type(caller.error) for caller in callers] == [ClientClosedError] * 4
    assert (server.connections, len(server.requests)) == (1, 1)


def test_async_calls_that_wait_for_a_connection_are_cut() -> None:
    async def main(server: HTTPServer) -> None:
        limit = Timeout(PATIENCE, pool=None)
        client = async_client_of(server, drain_timeout=0.05, max_connections=1, timeout=limit)
        calls = [asyncio.create_task(chat(client)) for _ in range(4)]
        await asyncio.to_thread(server.wait_for_requests, 1)
        await client.aclose()
        done, _ = await asyncio.wait(calls)
        assert {type(call.exception()) for call in done} == {ClientClosedError}

    with HTTPServer(then_stall()) as server:
        asyncio.run(main(server))
    assert (server.connections, len(server.requests)) == (1, 1)


# The end of the process

ENDS = {
    "a stream left open": """
        stream = client.chat.completions.create(stream=True, **CHAT)
        next(stream)
    """,
    "a stream never begun": """
        stream = client.chat.completions.create(stream=True, **CHAT)
    """,
    "a call in a daemon thread": """
        threading.Thread(target=lambda: client.files.list(), daemon=True).start()
        input()
    """,
    "a stream in a daemon thread": """
        threading.Thread(target=lambda: list(client.chat.completions.create(stream=True, **CHAT)), daemon=True).start()
        input()
    """,
    "an async stream left open": """
        async def main():
            global stream
            stream = await async_client.chat.completions.create(stream=True, **CHAT)
            await anext(stream)
        asyncio.run(main())
    """,
    "a loop in a daemon thread": """
        threading.Thread(target=lambda: asyncio.run(async_client.files.list()), daemon=True).start()
        input()
    """,
}


@pytest.mark.parametrize("program", ENDS.values(), ids=ENDS.keys())
def test_what_nobody_closed_ends_with_the_process_in_silence(program: str) -> None:
    start = """
        import asyncio, sys, threading
        from together_di import AsyncTogether, Together
        CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        client, async_client = (kind(api_key="k", base_url=sys.argv[1]) for kind in (Together, AsyncTogether))
    """

    def reply(peer: Peer) -> None:
        if "stream" in server.requests[-1].body.decode():
            peer.send(chunked(b'data: {"id": "c"}\n\n', end=False))
        peer.wait_for_end()

    with HTTPServer(default=reply) as server:
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(start) + textwrap.dedent(program)]
        with subprocess.Popen(
            [*command, server.url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TOGETHER_API_KEY": KEY},
        ) as done:
            server.wait_for_requests(1)
            _, said = done.communicate("\n", PATIENCE)
    said = "\n".join(line for line in said.splitlines() if not line.startswith("Executing <"))
    assert (said, done.returncode) == ("", 0)
