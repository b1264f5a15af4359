"""Connections that are closed at the very moment at which something else begins with them."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from together_di import ClientClosedError
from together_di.lending import Lease, SharedTransport
from together_di.transport import aiohttp_pool, async_pool
from together_di.transport.pool import PoolTransport

from ..core.support.http_server import HTTPServer, answer
from ..core.support.sides import AiohttpSide, chat, completion
from .support import Caller, async_client_of, client_of

GOOD = answer(completion())


pytestmark = pytest.mark.usefixtures("waits")


def test_a_connection_that_ends_before_the_request_is_sent_on_it_is_not_the_last_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[asyncio.Transport] = []
    is_new = aiohttp_pool.LoopConnections.is_new

    def ending_the_first(there: aiohttp_pool.LoopConnections, transport: asyncio.Transport) -> bool:
        if not ended:
            ended.append(transport)
            transport.abort()
        return is_new(there, transport)

    monkeypatch.setattr(aiohttp_pool.LoopConnections, "is_new", ending_the_first)
    with HTTPServer(GOOD) as server, AiohttpSide(server.url, max_retries=1) as side:
        assert side.call(chat).id == "c-1"
    assert server.connections == 2


def test_a_call_that_has_just_taken_a_connection_is_told_that_the_client_was_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HTTPServer(GOOD) as server:
        client = client_of(server, drain_timeout=0)
        chat(client)
        take = PoolTransport._connection

        def closed_meanwhile(pool: PoolTransport, origin: Any) -> Any:
            connection = take(pool, origin)
            Caller(client.close).wait()
            return connection

        monkeypatch.setattr(PoolTransport, "_connection", closed_meanwhile)
        with pytest.raises(ClientClosedError):
            chat(client)
    assert len(server.requests) == 1


def test_a_task_that_has_just_taken_a_connection_is_told_that_the_client_was_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        client = async_client_of(server, drain_timeout=0)
        await chat(client)
        take = async_pool.LoopConnections._connection

        async def closed_meanwhile(there: async_pool.LoopConnections, origin: Any) -> Any:
            connection = await take(there, origin)
            await asyncio.create_task(client.aclose())
            return connection

        monkeypatch.setattr(async_pool.LoopConnections, "_connection", closed_meanwhile)
        with pytest.raises(ClientClosedError):
            await chat(client)

    with HTTPServer(GOOD) as server:
        asyncio.run(main())
    assert len(server.requests) == 1


def test_calls_may_end_while_a_forgotten_transport_is_looked_at() -> None:
    class Ending(Lease):
        """A call that ends when it is looked at."""

        @property
        def thread(self) -> int:
            self.end()
            return threading.get_ident()

        @thread.setter
        def thread(self, thread: int) -> None:
            """Every thread that asks is the one."""

    class Transport:
        closed = 0

        def close(self) -> None:
            self.closed += 1

    transport: Any = Transport()
    shared = SharedTransport[Any](transport)
    shared._leases.update(Ending(shared, shared._leases) for _ in range(3))
    shared._finalizer()
    assert (transport.closed, shared.is_idle) == (1, True)


def complaints_of(work: Coroutine[Any, Any, None]) -> list[str]:
    """What an event loop complains of that runs `work` and is closed."""
    complaints: list[str] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()
    gc.collect()
    return complaints


@pytest.mark.parametrize("transport", ["httpx", "aiohttp"])
def test_a_client_that_is_closed_from_outside_while_its_loop_shuts_down_is_closed_once(transport: str) -> None:
    async def main() -> None:
        client = async_client_of(server, transport=transport)
        await asyncio.gather(*(chat(client) for _ in range(3)))
        client.close_nowait()  # the loop does it in its next round, in which it shuts down
        await asyncio.get_running_loop().shutdown_asyncgens()

    with HTTPServer(default=GOOD) as server:
        complaints = complaints_of(main())
        for connection in range(server.connections):
            server.wait_until_closed(connection + 1)
    assert complaints == []


@pytest.mark.parametrize("transport", ["httpx", "aiohttp"])
def test_a_loop_may_shut_down_while_a_client_is_being_closed_in_it(transport: str) -> None:
    async def main() -> None:
        client = async_client_of(server, transport=transport)
        await asyncio.gather(*(chat(client) for _ in range(3)))
        closing = asyncio.create_task(client.aclose())
        await asyncio.sleep(0)
        await asyncio.get_running_loop().shutdown_asyncgens()
        await closing

    with HTTPServer(default=GOOD) as server:
        complaints = complaints_of(main())
        for connection in range(server.connections):
            server.wait_until_closed(connection + 1)
    assert complaints == []
