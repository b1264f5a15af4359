"""The connections of a pool: which are idle and which are lent.

httpcore's own pools go through every connection for each request, and again for each that waits, which at some hundred
concurrent calls takes longer than the calls. Here a request takes the connection that was given back last, the one
most likely to be still open, and looks at no other. httpcore makes the connections, and speaks HTTP on them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, Protocol, TypeVar

import anyio
import httpcore

from ..address import Origin
from ..network import Network


class _Connection(Protocol):
    def is_idle(self) -> bool: ...
    def is_closed(self) -> bool: ...
    def has_expired(self) -> bool: ...


C = TypeVar("C", bound=_Connection)


class _Idle(Generic[C]):
    """The idle connections of a pool, by origin; every step is one atomic operation, so that threads need no lock."""

    def __init__(self, settings: Network) -> None:
        self._most_idle = settings.max_keepalive_connections
        self._most = settings.max_connections
        self._by_origin: dict[Origin, deque[C]] = {}
        self.open: set[C] = set()
        # Every connection is looked at now and then, so that none which the other side has closed stays for ever.
        self._pause = settings.keepalive_expiry
        self._next_look = time.monotonic() + self._pause

    def take(self, origin: Origin, closing: list[C]) -> C | None:
        """The connection given back last; what cannot be used any more is added to `closing`."""
        if time.monotonic() > self._next_look:
            self._look_at_all(closing)
        idle = self._by_origin.get(origin)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was faster
                break
            if not connection.has_expired():
                return connection
            closing.append(connection)
        if len(self.open) >= self._most:
            self._give_up_one(closing)
        return None

    def give_back(self, origin: Origin, connection: C) -> bool:
        """Keep a connection for later; `False` if it has to be closed."""
        idle = self._by_origin.setdefault(origin, deque())
        if not connection.is_idle() or len(idle) >= self._most_idle:
            return False
        idle.append(connection)
        return True

    def _look_at_all(self, closing: list[C]) -> None:
        self._next_look = time.monotonic() + self._pause
        for idle in list(self._by_origin.values()):
            for _ in range(len(idle)):
                try:
                    connection = idle.popleft()
                except IndexError:
                    break
                if connection.has_expired():
                    closing.append(connection)
                else:
                    idle.append(connection)

    def _give_up_one(self, closing: list[C]) -> None:
        """An idle connection to another host makes room for a new one."""
        for idle in list(self._by_origin.values()):
            if idle:
                closing.append(idle.popleft())
                return


class ConnectionPool:
    """Lends connections to threads."""

    def __init__(self, factory: httpcore.ConnectionPool, settings: Network) -> None:
        self._factory = factory
        self._idle: _Idle[Any] = _Idle(settings)
        self._permits = threading.Semaphore(settings.max_connections)

    def send(self, origin: Origin, request: httpcore.Request) -> httpcore.Response:
        """Send `request` on an idle connection, or on a new one."""
        limit = request.extensions["timeout"]["pool"]
        if not self._permits.acquire(timeout=limit):
            raise httpcore.PoolTimeout
        connection: Any = None
        try:
            closing: list[Any] = []
            connection = self._idle.take(origin, closing)
            for ended in closing:
                self._close(ended)
            if connection is None:
                connection = self._factory.create_connection(request.url.origin)
                self._idle.open.add(connection)
            response = connection.handle_request(request)
        except BaseException:
            self._give_back(origin, connection)
            raise
        body = _LentBody(self, origin, connection, response.stream)
        return httpcore.Response(
            response.status, headers=response.headers, content=body, extensions=response.extensions
        )

    def _give_back(self, origin: Origin, connection: Any) -> None:
        try:
            if connection is not None and not self._idle.give_back(origin, connection):
                self._close(connection)
        finally:
            self._permits.release()

    def _close(self, connection: Any) -> None:
        self._idle.open.discard(connection)
        connection.close()

    def close(self) -> None:
        """Close every connection, lent or not."""
        for connection in list(self._idle.open):
            self._close(connection)


class _LentBody:
    """A body; at its end the connection goes back."""

    def __init__(self, pool: ConnectionPool, origin: Origin, connection: Any, stream: Any) -> None:
        self._lent: list[Any] = [(origin, connection)]
        self._pool = pool
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back; doing it twice does no harm."""
        try:
            origin, connection = self._lent.pop()
        except IndexError:
            return
        try:
            self._stream.close()
        finally:
            self._pool._give_back(origin, connection)


class AsyncConnectionPool:
    """Lends connections to the tasks of one event loop."""

    def __init__(self, factory: httpcore.AsyncConnectionPool, settings: Network) -> None:
        self._factory = factory
        self._idle: _Idle[Any] = _Idle(settings)
        self._permits = anyio.Semaphore(settings.max_connections, fast_acquire=True)

    async def send(self, origin: Origin, request: httpcore.Request) -> httpcore.Response:
        """Send `request` on an idle connection, or on a new one."""
        await self._permit(request.extensions["timeout"]["pool"])
        connection: Any = None
        try:
            closing: list[Any] = []
            connection = self._idle.take(origin, closing)
            for ended in closing:
                await self._close(ended)
            if connection is None:
                connection = self._factory.create_connection(request.url.origin)
                self._idle.open.add(connection)
            response = await connection.handle_async_request(request)
        except BaseException:
            await self._give_back(origin, connection)
            raise
        body = _AsyncLentBody(self, origin, connection, response.stream)
        return httpcore.Response(
            response.status, headers=response.headers, content=body, extensions=response.extensions
        )

    async def _permit(self, limit: float | None) -> None:
        try:
            self._permits.acquire_nowait()
        except anyio.WouldBlock:
            try:
                with anyio.fail_after(limit):
                    await self._permits.acquire()
            except TimeoutError:
                raise httpcore.PoolTimeout from None

    async def _give_back(self, origin: Origin, connection: Any) -> None:
        try:
            if connection is not None and not self._idle.give_back(origin, connection):
                await self._close(connection)
        finally:
            self._permits.release()

    async def _close(self, connection: Any) -> None:
        self._idle.open.discard(connection)
        with anyio.CancelScope(shield=True):
            await connection.aclose()

    async def aclose(self) -> None:
        """Close every connection, lent or not."""
        for connection in list(self._idle.open):
            await self._close(connection)


class _AsyncLentBody:
    """A body; at its end the connection goes back."""

    def __init__(self, pool: AsyncConnectionPool, origin: Origin, connection: Any, stream: Any) -> None:
        self._lent: list[Any] = [(origin, connection)]
        self._pool = pool
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Give the connection back; doing it twice does no harm."""
        if not self._lent:
            return
        origin, connection = self._lent.pop()
        try:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
        finally:
            await self._pool._give_back(origin, connection)
