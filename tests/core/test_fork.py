"""A client in a forked child: connections of its own, and no lock left over from the parent."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from together_di import AsyncTogether, Together
from together_di._fork import ForkSafeLock
from together_di.transport import common

from .support.forking import in_child
from .support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, message
from .support.sides import CHAT, KEY, OpenSide, both_sides, chat, completion, each_transport

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork")

GOOD = answer(completion())


@both_sides
def test_a_child_calls_on_a_connection_of_its_own(open_side: OpenSide) -> None:
    with HTTPServer(default=GOOD) as server, open_side(server.url) as side:
        side.call(chat)
        in_child(lambda: side.call(chat) if side.name == "sync" else asyncio.run(call(side.client)))
        side.call(chat)
    assert [request.connection for request in server.requests] == [1, 2, 1]
    assert server.connections == 2


async def call(client: AsyncTogether) -> None:
    await client.chat.completions.create(**CHAT)


def test_the_parents_connection_outlives_a_child_that_closes_its_client() -> None:
    with HTTPServer(default=GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        client.chat.completions.create(**CHAT)

        def work() -> None:
            client.chat.completions.create(**CHAT)
            client.close()

        in_child(work)
        client.chat.completions.create(**CHAT)
    assert [request.connection for request in server.requests] == [1, 2, 1]


@each_transport
def test_the_parents_connection_outlives_an_async_child_that_closes_its_client() -> None:
    async def child() -> None:
        await call(client)
        await client.aclose()

    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        with asyncio.Runner() as runner:
            runner.run(call(client))
            in_child(lambda: asyncio.run(child()))
            runner.run(call(client))
            runner.run(client.aclose())
    assert [request.connection for request in server.requests] == [1, 2, 1]


def test_several_children_each_have_a_connection_of_their_own() -> None:
    with HTTPServer(default=GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        client.chat.completions.create(**CHAT)
        for _ in range(3):
            in_child(lambda: client.chat.completions.create(**CHAT))
    assert [request.connection for request in server.requests] == [1, 2, 3, 4]


def test_a_grandchild_has_a_connection_of_its_own() -> None:
    def work() -> None:
        client.chat.completions.create(**CHAT)
        in_child(lambda: client.chat.completions.create(**CHAT))
        client.chat.completions.create(**CHAT)

    with HTTPServer(default=GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        client.chat.completions.create(**CHAT)
        in_child(work)
    assert [request.connection for request in server.requests] == [1, 2, 3, 2]


def test_a_client_made_before_the_fork_and_first_used_in_the_child_works() -> None:
    with HTTPServer(default=GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        in_child(lambda: client.chat.completions.create(**CHAT))
        client.chat.completions.create(**CHAT)
    assert server.connections == 2


def test_a_fork_while_another_thread_waits_for_an_answer_harms_neither() -> None:
    release = threading.Event()

    def wait(peer: Peer) -> None:
        assert release.wait(PATIENCE)
        peer.send(message(b'{"data": []}'))

    results: list[Any] = []
    with HTTPServer(wait, GOOD, GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        thread = threading.Thread(target=lambda: results.append(client.files.list().data))
        thread.start()
        server.wait_for_requests(1)
        in_child(lambda: client.chat.completions.create(**CHAT))
        release.set()
        thread.join(PATIENCE)
        client.chat.completions.create(**CHAT)
    assert results == [[]]
    assert [request.connection for request in server.requests] == [1, 2, 1]


def test_a_fork_while_another_thread_reads_the_certificates_does_not_stop_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside, release = threading.Event(), threading.Event()
    parent = os.getpid()

    def read_slowly(_file: str | None, _folder: str | None) -> None:
        # Called under the lock of all that is shared between clients.
        if os.getpid() == parent and threading.current_thread() is not threading.main_thread():
            inside.set()
            assert release.wait(PATIENCE)

    monkeypatch.setattr(common, "_new_tls_context", read_slowly)
    monkeypatch.setattr(common, "_tls_contexts", {})
    thread = threading.Thread(target=common.tls_context, args=(None,))
    thread.start()
    assert inside.wait(PATIENCE)
    in_child(lambda: common.tls_context(None))
    release.set()
    thread.join(PATIENCE)


def test_many_forks_beside_busy_threads_never_stop_a_child() -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            client.chat.completions.create(**CHAT)

    with HTTPServer(default=GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                in_child(lambda: client.chat.completions.create(**CHAT))
        finally:
            stop.set()
            for thread in threads:
                thread.join(PATIENCE)
    assert server.connections >= 11


def test_a_lock_held_at_the_fork_is_free_in_the_child() -> None:
    lock = ForkSafeLock()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            release.wait(PATIENCE)

    def take() -> None:
        with lock:
            pass

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(PATIENCE)
    in_child(take)
    release.set()
    thread.join(PATIENCE)


def test_a_stream_goes_on_in_the_parent_after_a_fork() -> None:
    forked = threading.Event()

    def two_parts(peer: Peer) -> None:
        peer.send(chunked(b'data: {"id": "1"}\n\n', end=False))
        assert forked.wait(PATIENCE)
        peer.send(chunked(b'data: {"id": "2"}\n\ndata: [DONE]\n\n').partition(b"\r\n\r\n")[2])

    with HTTPServer(two_parts, GOOD) as server, Together(api_key=KEY, base_url=server.url) as client:
        stream = client.chat.completions.create(stream=True, **CHAT)
        first = next(stream)
        in_child(lambda: client.chat.completions.create(**CHAT))
        forked.set()
        assert [first.id, *(chunk.id for chunk in stream)] == ["1", "2"]


def test_a_child_that_drops_the_parents_stream_does_not_end_it() -> None:
    forked = threading.Event()

    def two_parts(peer: Peer) -> None:
        peer.send(chunked(b'data: {"id": "1"}\n\n', end=False))
        assert forked.wait(PATIENCE)
        peer.send(chunked(b'data: {"id": "2"}\n\ndata: [DONE]\n\n').partition(b"\r\n\r\n")[2])

    with HTTPServer(two_parts) as server, Together(api_key=KEY, base_url=server.url) as client:
        stream = client.chat.completions.create(stream=True, **CHAT)
        next(stream)
        in_child(stream.close)
        forked.set()
        assert [chunk.id for chunk in stream] == ["2"]


@each_transport
def test_a_fork_inside_a_running_loop_gives_the_child_a_loop_and_connections_of_its_own() -> None:
    async def main() -> None:
        await call(client)
        await asyncio.to_thread(in_child, lambda: asyncio.run(call(client)))
        await call(client)

    with HTTPServer(default=GOOD) as server:
        client = AsyncTogether(api_key=KEY, base_url=server.url)
        asyncio.run(main())
        client.close_nowait()
    assert [request.connection for request in server.requests] == [1, 2, 1]


def test_the_embedded_transport_works_in_a_child() -> None:
    client = Together(transport="embedded")
    client.chat.completions.create(**CHAT)
    in_child(lambda: client.chat.completions.create(**CHAT))


FORKING = """
import asyncio, os, sys
from together_di import AsyncTogether, Together

async def call(client):
    asyncio.get_running_loop().slow_callback_duration = 60  # it is blocked here, and in debug mode would say so
    await client.files.list()
    leave()

def leave():
    if (child := os.fork()) == 0:
        sys.exit()  # not `os._exit`: everything is torn down, as at the end of a server's worker
    os.waitpid(child, 0)

if sys.argv[1] == "sync":
    client = Together(api_key="k", base_url=sys.argv[2])
    client.files.list()
    leave()
    client.files.list()
    client.close()
else:
    client = AsyncTogether(api_key="k", base_url=sys.argv[2])
    asyncio.run(call(client))
"""


@each_transport
@pytest.mark.parametrize("side", ["sync", "async"])
def test_a_child_that_ends_in_an_orderly_way_says_nothing_about_its_parents_connections(side: str) -> None:
    with HTTPServer(default=answer({"data": []})) as server:
        command = [sys.executable, "-W", "default", "-W", "ignore::DeprecationWarning", "-c", FORKING, side, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.stdout, done.stderr, server.connections) == ("", "", 1)
