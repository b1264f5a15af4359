"""Streams through the caller's own httpx client that are closed by another thread, or forgotten."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from together_di import AsyncTogether, Together

from .support.events import events
from .support.http_server import PATIENCE, HTTPServer, answer, chunked, then_stall
from .support.sides import KEY, chat, completion, stream_chat

GOOD = answer(completion())
BEGUN = then_stall(chunked(events("a"), end=False))
ONE_CONNECTION: dict[str, Any] = {"limits": httpx.Limits(max_connections=1), "timeout": httpx.Timeout(PATIENCE)}


def together(http: httpx.Client, base_url: str) -> Together:
    return Together(api_key=KEY, base_url=base_url, max_retries=0, http_client=http)


def test_a_stream_that_another_thread_closes_ends_for_its_reader() -> None:
    begun = threading.Event()

    def read(stream: Any) -> None:
        for _ in stream:
            begun.set()

    with HTTPServer(BEGUN) as server, httpx.Client() as http:
        stream = stream_chat(together(http, server.url).with_options(timeout=None))
        reader = threading.Thread(target=read, args=[stream])
        reader.start()
        assert begun.wait(PATIENCE)
        stream.close()
        server.wait_until_closed(1)
        reader.join(PATIENCE)
        assert not reader.is_alive()


def test_a_forgotten_stream_gives_its_connection_back_to_the_next_call() -> None:
    with HTTPServer(BEGUN, GOOD) as server, httpx.Client(**ONE_CONNECTION) as http:
        client = together(http, server.url)
        stream_chat(client)
        gc.collect()
        server.wait_until_closed(1)
        assert chat(client).id == "c-1"


def test_a_client_that_is_closed_gives_the_connections_of_its_forgotten_streams_back() -> None:
    with HTTPServer(BEGUN, GOOD) as server, httpx.Client(**ONE_CONNECTION) as http:
        with together(http, server.url) as client:
            stream_chat(client)
            gc.collect()
        assert chat(together(http, server.url)).id == "c-1"


def test_a_forgotten_stream_gives_its_connection_back_to_the_next_task() -> None:
    async def main() -> None:
        async with httpx.AsyncClient(**ONE_CONNECTION) as http:
            client = AsyncTogether(api_key=KEY, base_url=server.url, max_retries=0, http_client=http)
            await stream_chat(client)
            gc.collect()
            assert (await chat(client)).id == "c-1"

    with HTTPServer(BEGUN, GOOD) as server:
        asyncio.run(main())
        server.wait_until_closed(1)


class NetworkStream:
    """What httpx tells of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def get_extra_info(self, info: str) -> Any:
        return self._socket if info == "socket" else None


class Unread(httpx.SyncByteStream):
    """A body that has not come yet."""

    def __iter__(self) -> Iterator[bytes]:
        yield from ()


@pytest.mark.parametrize(("version", "is_cut"), [(b"HTTP/1.1", True), (b"HTTP/2", False)])
def test_a_connection_that_other_answers_share_is_not_cut(version: bytes, is_cut: bool) -> None:
    # The server here does not speak HTTP/2, so an answer of httpx is made up, on a connection that is real.
    near, far = socket.socketpair()
    with near, far:
        far.setblocking(False)

        def handle(request: httpx.Request) -> httpx.Response:
            extensions = {"http_version": version, "network_stream": NetworkStream(near)}
            return httpx.Response(200, stream=Unread(), extensions=extensions)

        with httpx.Client(transport=httpx.MockTransport(handle)) as http:
            stream_chat(together(http, "http://api.test")).close()
        if is_cut:
            assert far.recv(1) == b""
        else:
            with pytest.raises(BlockingIOError):
                far.recv(1)
