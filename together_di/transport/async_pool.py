"""The default transport for `AsyncTogether`: one connection pool for each event loop.

A connection belongs to the event loop it was opened in. So each loop gets a pool of its own on first use, and an
`AsyncTogether` can be shared by all of them.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, cast

import httpcore

from .._fork import inherited
from .._loops import Loop, is_running, running_loop
from ..address import Origin
from ..network import Network
from ..wire import Body, Request, Response
from .asyncio_network import AsyncioNetwork, AsyncioStream
from .common import (
    check_surplus,
    chunks_off_loop,
    failure,
    hurry,
    proxy_for,
    tls_for,
)
from .idle import Idle
from .per_loop import InLoop, PerLoop, await_soon
from .pool import HTTPCORE_ERRORS, as_sent, http_origin, socket_of, through
from .slots import Slots
from .sync_network import NO_MORE


class TrioNetwork(httpcore.TrioBackend):
    """Opens connections in trio until it is closed."""

    is_closed = False

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        """Connect to a host."""
        if self.is_closed:
            raise httpcore.ConnectError(NO_MORE)
        backend: Any = super()
        return cast("httpcore.AsyncNetworkStream", await backend.connect_tcp(*args, **options))


def _network(loop: Loop) -> AsyncioNetwork | TrioNetwork:
    return AsyncioNetwork() if isinstance(loop, asyncio.AbstractEventLoop) else TrioNetwork()


class LoopConnections(InLoop):
    """The connections of one event loop."""

    def __init__(self, settings: Network) -> None:
        super().__init__()
        self.network = _network(self.loop)
        self._settings = settings
        self._slots = Slots(settings.max_connections)
        self._idle: Idle[httpcore.AsyncConnectionInterface] = Idle(settings)
        self._routes: dict[Origin, httpcore.AsyncConnectionPool] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def exchange(self, request: Request) -> tuple[httpcore.Response, Lent]:
        """Send `request`, and wait for the head of the answer."""
        # The deadline of a call is not among the limits: the engine cancels what has missed it.
        limits, origin = request.timeout.parts(), request.origin
        await self._slots.take(limits["pool"])
        lent = Lent(self, request)
        try:
            lent.connection = await self._connection(origin)
            answer = await lent.connection.handle_async_request(as_sent(request, chunks_off_loop, limits))
        except BaseException:
            await lent.aclose()
            raise
        lent.answer = answer
        return answer, lent

    async def _connection(self, origin: Origin) -> httpcore.AsyncConnectionInterface:
        ended: list[httpcore.AsyncConnectionInterface] = []
        connection = self._idle.take(origin, ended)
        if connection is None:
            connection = (self._routes.get(origin) or self._route(origin)).create_connection(http_origin(origin))
            self._idle.open.add(connection)
        for one in ended:
            await self._end(one)
        return connection

    async def take_back(self, origin: Origin, connection: httpcore.AsyncConnectionInterface | None) -> None:
        """A connection is lent no longer."""
        kept = connection is None or self._idle.keep(origin, connection)
        self._slots.give_back()
        if connection is not None and not kept:
            await self._end(connection)

    def give_up(self, connection: httpcore.AsyncConnectionInterface | None, answer: httpcore.Response) -> None:
        """A connection is lent no longer, and cannot be closed in an orderly way."""
        self._slots.give_back()
        if connection is not None:
            self._idle.open.discard(connection)
        stream = socket_of(answer)
        if isinstance(stream, AsyncioStream):
            stream.abandon()

    def _shut(self, answer: httpcore.Response) -> None:
        stream = socket_of(answer)
        if isinstance(stream, AsyncioStream):
            stream.shut()

    async def _end(self, connection: httpcore.AsyncConnectionInterface) -> None:
        self._idle.open.discard(connection)
        if not connection.is_closed():
            await connection.aclose()

    def _route(self, origin: Origin) -> httpcore.AsyncConnectionPool:
        network = self._settings
        route = self._routes[origin] = httpcore.AsyncConnectionPool(
            ssl_context=tls_for(origin.scheme, network),
            keepalive_expiry=network.keepalive_expiry,
            network_backend=cast("httpcore.AsyncNetworkBackend", self.network),  # without trio its class is a stand-in
            proxy=through(proxy_for(origin, network), network),
        )
        return route

    def drop(self, answer: httpcore.Response, lent: Lent) -> None:
        """Have a connection given back, from any thread."""
        if not is_running(self.loop):
            self._shut(answer)  # the rest is done when the loop goes on
        await_soon(self.loop, lent.aclose, self._tasks)

    async def end(self) -> None:
        """Close the connections; those that wait for one get an error."""
        self.network.is_closed = True
        self._slots.close()
        for connection in list(self._idle.open):
            await self._end(connection)

    def abandon(self) -> None:
        """Close the sockets of a loop that no longer runs, silently."""
        if isinstance(self.network, AsyncioNetwork):
            self.network.abandon()

    def forget(self) -> None:
        """Leave the connections to the parent, in a forked child."""
        if isinstance(self.network, AsyncioNetwork):
            self.network.forget()
        # The child may end this loop in an orderly way: then there is nothing to close in it.
        inherited.append(self._idle)
        self._idle = Idle(self._settings)


class Lent(AsyncIterator[bytes]):
    """A connection while a request has it, and until the answer, whose body it gives, has been read."""

    connection: httpcore.AsyncConnectionInterface | None = None
    answer: httpcore.Response | None = None
    _chunks: AsyncIterator[bytes] | None = None

    def __init__(self, there: LoopConnections, request: Request) -> None:
        self._there: LoopConnections | None = there
        self._request = request

    async def __anext__(self) -> bytes:
        problem = None
        try:
            if self._chunks is None:
                self._chunks = aiter(cast("Any", self.answer).stream)
            async for chunk in self._chunks:
                return chunk
            check_surplus(self.answer)
        except HTTPCORE_ERRORS as error:
            problem = failure(error, self._request)
        await self.aclose()
        raise problem or StopAsyncIteration

    async def aclose(self) -> None:
        """Give it back; what is left of the answer is not read. Doing it twice does no harm."""
        there, self._there = self._there, None
        if there is None:
            return
        try:
            if self.answer is not None:
                await self.answer.aclose()
        except BaseException:
            assert self.answer is not None
            # The loop ends, for example: nothing can be awaited any more.
            there.give_up(self.connection, self.answer)
            raise
        await there.take_back(self._request.origin, self.connection)
        await self._finish()

    async def _finish(self) -> None:
        """Run a body that is left to its end, on a closed connection: httpcore nests generators that nobody closes."""
        if self._chunks is not None:
            # RuntimeError: another task waits for the next chunk, and will find the connection closed.
            with suppress(RuntimeError, *HTTPCORE_ERRORS):
                async for _ in self._chunks:
                    pass


class AsyncPoolTransport(PerLoop[LoopConnections]):
    """Connections for each event loop that uses it; a forked child starts with none."""

    def __init__(self, network: Network) -> None:
        super().__init__(lambda: LoopConnections(network))

    async def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        there = self.by_loop.get(running_loop()) or await self.enter()
        try:
            answer, lent = await there.exchange(request)
        except HTTPCORE_ERRORS as error:
            problem = failure(error, request, answered=False)
        else:
            body = Body(
                achunks=lent,
                aclose=lent.aclose,
                hurry=functools.partial(hurry, answer) if isinstance(there.network, AsyncioNetwork) else None,
                drop=functools.partial(there.drop, answer, lent),
            )
            return Response(answer.status, answer.headers, request, body=body)
        # Outside the handler, so that the library's traceback is not attached as context.
        raise problem
