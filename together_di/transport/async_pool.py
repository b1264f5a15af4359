"""The default transport for `AsyncTogether`: one connection pool for each event loop.

A connection belongs to the event loop it was opened in. So each loop gets a pool of its own on first use, and an
`AsyncTogether` can be shared by all of them.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, cast

import httpcore

from .._fork import inherited, register
from .._loops import Loop, is_running, running_loop, soon
from ..address import Origin
from ..errors import APIConnectionError
from ..network import Network
from ..wire import Body, Request, Response
from .asyncio_network import AsyncioNetwork
from .common import (
    check_surplus,
    chunks_off_loop,
    failure,
    hurry,
    proxy_for,
    tls_context,
)
from .pool import HTTPCORE_ERRORS, NUDGE, as_sent, through
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


class LoopPools:
    """The connection pools of one event loop, closed when that loop shuts down."""

    def __init__(self, owner: dict[Loop, LoopPools], loop: Loop, settings: Network) -> None:
        self._owner = owner
        self._settings = settings
        self._loop = loop
        self.network = _network(loop)
        self._pools: dict[str | None, httpcore.AsyncConnectionPool] = {}
        self._routes: dict[Origin, httpcore.AsyncConnectionPool] = {}
        # A loop itself refers to its tasks only weakly.
        self._tasks: set[asyncio.Task[None]] = set()
        # A loop closes the async generators that were started in it before it ends (`loop.shutdown_asyncgens`, which
        # `asyncio.run` and every server call). This one, started and left waiting, closes the pools at that moment:
        # the last at which their sockets can be closed in an orderly way.
        self._watch = self._until_the_loop_ends()

    async def start(self) -> None:
        """Begin to watch for the end of the loop."""
        await anext(self._watch)

    async def _until_the_loop_ends(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._owner.pop(self._loop, None)
            self.network.is_closed = True
            for pool in self._pools.values():
                await pool.aclose()
                # Those that wait for a connection in vain need not wait any longer.
                with suppress(*HTTPCORE_ERRORS):
                    await pool.handle_async_request(NUDGE)

    async def aclose(self) -> None:
        """Close the connections, from inside the loop."""
        await self._watch.aclose()  # type: ignore[attr-defined]  # an async generator, typed as what it yields

    def close_from_outside(self) -> None:
        """Close the connections, from a place that is not in the loop."""
        loop = self._loop
        if not isinstance(loop, asyncio.AbstractEventLoop):
            return  # trio closes its generators, and with them these pools, before a run ends
        if loop.is_running():
            loop.call_soon_threadsafe(lambda: loop.create_task(self.aclose()))
            return
        self._owner.pop(loop, None)
        if isinstance(self.network, AsyncioNetwork):
            self.network.abandon()

    def drop(self, answer: httpcore.Response) -> None:
        """Have the connection of `answer` given back, from any thread."""
        loop = self._loop

        def start() -> None:
            if isinstance(loop, asyncio.AbstractEventLoop):
                tasks.add(task := loop.create_task(answer.aclose()))
                task.add_done_callback(tasks.discard)
            else:
                import trio

                trio.lowlevel.spawn_system_task(answer.aclose)

        tasks = self._tasks
        if isinstance(self.network, AsyncioNetwork) and not is_running(loop):
            cast("Any", answer).extensions["network_stream"].shut()  # the rest is done when the loop goes on
        with suppress(RuntimeError):  # the loop has ended, and its connections with it
            soon(loop, start)

    def forget(self) -> object:
        """Leave the connections to the parent, in a forked child; gives what must be kept from being collected."""
        if isinstance(self.network, AsyncioNetwork):
            self.network.forget()
        # The child may end this loop in an orderly way: then there is nothing to close in it.
        pools, self._pools, self._routes = self._pools, {}, {}
        return pools, self._watch

    @property
    def is_dead(self) -> bool:
        """Whether the loop has ended without closing its generators."""
        return isinstance(self._loop, asyncio.AbstractEventLoop) and self._loop.is_closed()

    def route(self, origin: Origin) -> httpcore.AsyncConnectionPool:
        """The pool for requests to `origin`."""
        pool = self._routes.get(origin)
        if pool is None:
            network = self._settings
            proxy = proxy_for(origin, network)
            pool = self._pools.get(proxy) or httpcore.AsyncConnectionPool(
                ssl_context=tls_context(network.ca_bundle),
                max_connections=network.max_connections,
                max_keepalive_connections=network.max_keepalive_connections,
                keepalive_expiry=network.keepalive_expiry,
                network_backend=cast("httpcore.AsyncNetworkBackend", self.network),  # without trio it is a stand-in
                proxy=None if proxy is None else through(proxy),
            )
            self._pools[proxy] = self._routes[origin] = pool
        return pool


class AsyncPoolTransport:
    """One set of pools for each event loop that uses it; a forked child starts with none."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._by_loop: dict[Loop, LoopPools] = {}
        self._is_closed = False
        register(self)

    def after_fork(self) -> None:
        """Leave the parent's connections to the parent."""
        for pools in self._by_loop.values():
            inherited.append(pools.forget())
        self._by_loop = {}

    async def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        pools = self._by_loop.get(running_loop()) or await self._enter_loop()
        pool = pools.route(request.origin)
        try:
            # The deadline of a call is not among the limits: the engine cancels what has missed it.
            answer = await pool.handle_async_request(as_sent(request, chunks_off_loop, request.timeout.parts()))
        except HTTPCORE_ERRORS as error:
            problem = failure(error, request, answered=False)
        except GeneratorExit:  # thrown away, by a loop that is gone: nothing can be awaited any more
            raise
        except BaseException:
            await _take_back(pool)
            raise
        else:
            hasten = functools.partial(hurry, answer) if isinstance(pools.network, AsyncioNetwork) else None
            aclose = functools.partial(_close, pool, answer)
            drop = functools.partial(pools.drop, answer)
            body = Body(achunks=_guarded(answer, request, aclose), aclose=aclose, hurry=hasten, drop=drop)
            return Response(answer.status, answer.headers, request, body=body)
        # Outside the handler, so that the library's traceback is not attached as context.
        raise problem

    async def _enter_loop(self) -> LoopPools:
        for pools in list(self._by_loop.values()):
            if pools.is_dead:
                pools.close_from_outside()
        loop = running_loop()
        if self._is_closed:
            raise APIConnectionError(f"There is no connection any more: {NO_MORE}.")
        pools = self._by_loop[loop] = LoopPools(self._by_loop, loop, self._network)
        await pools.start()
        return pools

    async def aclose(self) -> None:
        """Close the connections of this loop, have every other loop close its own, and open no more."""
        self._is_closed = True
        here = self._by_loop.get(running_loop())
        if here is not None:
            await here.aclose()
        self.close()

    def close(self) -> None:
        """Close the connections of every loop, from outside of them, and open no more."""
        self._is_closed = True
        for pools in list(self._by_loop.values()):
            pools.close_from_outside()


async def _take_back(pool: httpcore.AsyncConnectionPool) -> None:
    """Free the places of connections that nobody has.

    httpcore gives a new connection to a task that waits for one. If that is cancelled before it looks, the connection
    is never opened, and for httpcore neither idle nor closed: it would hold its place for ever.
    """
    lent = {request.connection for request in pool._requests}
    lost = [one for one in pool.connections if one not in lent and not one.is_idle() and not one.is_closed()]
    for connection in lost:
        pool._connections.remove(connection)
    await pool._close_connections(lost + pool._assign_requests_to_connections())


async def _close(pool: httpcore.AsyncConnectionPool, answer: httpcore.Response) -> None:
    """Give the connection of `answer` back, also if this is cancelled: httpcore would then leave it half given back."""
    try:
        await answer.aclose()
    except GeneratorExit:
        raise
    except BaseException:
        request = cast("Any", answer.stream)._pool_request
        if request in pool._requests:
            pool._requests.remove(request)
        await _take_back(pool)
        raise


async def _guarded(
    answer: httpcore.Response, request: Request, aclose: Callable[[], Coroutine[Any, Any, None]]
) -> AsyncGenerator[bytes]:
    problem = None
    chunks = cast("AsyncGenerator[bytes]", answer.aiter_stream())
    try:
        async for chunk in chunks:
            yield chunk
        check_surplus(answer)
    except HTTPCORE_ERRORS as error:
        problem = failure(error, request)
    except GeneratorExit:
        await aclose()
        await _finish(chunks)
        raise
    if problem is not None:
        raise problem


async def _finish(chunks: AsyncGenerator[bytes]) -> None:
    """Run a body that is left to its end, on a closed connection: httpcore nests generators that nobody closes."""
    with suppress(*HTTPCORE_ERRORS):
        async for _ in chunks:
            pass
