"""One request on a connection of aiohttp's, and its response.

aiohttp's exceptions become those of httpcore that say the same, so that every transport is understood in one way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import aiohttp
import httpcore
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, RawResponseMessage, StreamWriter

from .._loops import is_running, soon
from ..wire import Request
from .asyncio_sockets import has_input, shut
from .common import A_MOMENT, Until, chunks_off_loop, failure, headers_as_sent
from .sync_network import NO_MORE

if TYPE_CHECKING:
    from .aiohttp_pool import LoopConnections, Route

T = TypeVar("T")

#: Bytes of a body that are sent at once, whether the other side takes them or not.
AT_ONCE = 2**16
#: Bytes of a response that wait to be read before the sender has to wait; the longest line of its head.
READ_BUFFER = 2**18
LONGEST_LINE = 2**16

#: What may go wrong on a connection.
PROBLEMS = (aiohttp.ClientError, HttpProcessingError, OSError)


def understood(error: Exception) -> Exception:
    """The exception of httpcore that says the same as one of `PROBLEMS`, without what that one holds on to."""
    match error:
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return httpcore.ReadTimeout()
        case aiohttp.ClientConnectorError():
            return httpcore.ConnectError(str(error.os_error) or type(error.os_error).__name__)
        case aiohttp.ClientHttpProxyError():
            return httpcore.ProxyError(f"the proxy answered {error.status} {error.message}".strip())
        case aiohttp.ServerDisconnectedError():
            return httpcore.RemoteProtocolError("Server disconnected without sending a response")
        case HttpProcessingError():
            return httpcore.RemoteProtocolError(" ".join(error.message.split()))
        case aiohttp.ClientPayloadError():
            return httpcore.RemoteProtocolError(str(error))
        case _:
            return httpcore.ReadError(str(error) or type(error).__name__)


def head_of(request: Request, route: Route) -> bytes:
    """Everything that is sent before the body, the key included: never keep it in a local variable.

    Raises:
        httpcore.LocalProtocolError: It would be read as something else than it is.
    """
    target = f"{request.origin}{request.target}" if route.sees_requests else request.target
    fields = map(b": ".join, (*headers_as_sent(request), *route.headers))
    lines = (f"{request.method} {target} HTTP/1.1".encode("ascii"), *fields, b"", b"")
    head = b"\r\n".join(lines)
    if not head.count(b"\r") == head.count(b"\n") == len(lines) - 1 or b"\0" in head or " " in target:
        raise httpcore.LocalProtocolError("a header or the address has a character that must not be sent")
    return head


def abort(transport: asyncio.Transport) -> None:
    """Close a connection at once."""
    transport.abort()


class Exchange(AsyncIterator[bytes]):
    """One request and its response, whose body it gives; it holds a connection until it is closed."""

    __slots__ = ("_content", "_hurried", "_owner", "_request", "connection")

    def __init__(self, owner: LoopConnections, request: Request) -> None:
        self._owner: LoopConnections | None = owner
        self._request = request
        self._content: aiohttp.StreamReader | None = None
        self._hurried = False
        self.connection: Connection | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it has let go of its connection."""
        return self._owner is None

    async def start(self, route: Route, limits: dict[str, float | None]) -> RawResponseMessage:
        """Send the request; gives the head of the response.

        Raises:
            httpcore.NetworkError: Or another exception of httpcore: there was no response.
        """
        try:
            protocol = await self._connect(route, _left(limits["connect"]))
            protocol.set_response_params(
                read_until_eof=True,
                auto_decompress=False,
                read_timeout=self._request.timeout.read,  # for a stream it goes on when the deadline is over
                read_bufsize=READ_BUFFER,
                max_line_size=LONGEST_LINE,
                max_field_size=LONGEST_LINE,
            )
            # Others that are ready come this far first: requests that leave together wake up the other side only once.
            await asyncio.sleep(0)
            await self._send(protocol, route)
            protocol.start_timeout()
            return await self._receive(protocol)
        except BaseException:
            self.close()
            raise

    async def _connect(self, route: Route, seconds: float | None) -> ResponseHandler:
        """A connection that is open, as far as can be known."""
        assert self._owner is not None
        connections = self._owner
        timeout = aiohttp.ClientTimeout(connect=seconds)
        problem: Exception | None = None
        try:
            while True:
                self.connection = connection = await connections.connector.connect(route.request, [], timeout)
                transport, protocol = connection.transport, connection.protocol
                if transport is None or protocol is None or self.is_closed:
                    connection.close()
                    raise httpcore.ConnectError(NO_MORE if self.is_closed else "it was closed at once")
                if connections.is_new(transport) or not has_input(transport):
                    return protocol
                connection.close()
        except TimeoutError:
            problem = httpcore.ConnectTimeout()
        except PROBLEMS as error:
            problem = understood(error)
        raise problem

    async def _send(self, protocol: ResponseHandler, route: Route) -> None:
        request, content, transport = self._request, self._request.content, protocol.transport
        if transport is None:  # since it was looked at, others have run
            raise httpcore.ReadError("the connection was closed at once")
        if isinstance(content, bytes) and len(content) <= AT_ONCE:
            transport.write(head_of(request, route) + content)
            return
        transport.write(head_of(request, route))
        limit = request.timeout.write
        writer = StreamWriter(protocol, asyncio.get_running_loop())
        async for part in _slices(content) if isinstance(content, bytes) else chunks_off_loop(content):
            try:
                async with asyncio.timeout(Until(limit, request).left):
                    await writer.write(part)
                    await writer.drain()
            except TimeoutError:
                raise httpcore.WriteTimeout from None
            except PROBLEMS:
                return  # the other side has closed the connection, but perhaps has said why

    async def _receive(self, protocol: ResponseHandler) -> RawResponseMessage:
        try:
            while True:
                message, self._content = await self._in_time(protocol.read())
                if message.code >= 200:
                    return message
        except PROBLEMS as error:
            problem = understood(error)
        raise problem

    async def _in_time(self, answer: Awaitable[T]) -> T:
        """Wait for `answer`, but not beyond the deadline of the call, nor for more than a moment if that is enough."""
        if self._request.until is None and not self._hurried:
            return await answer
        async with asyncio.timeout(Until(A_MOMENT if self._hurried else None, self._request).left):
            return await answer

    def whole(self) -> bytes | None:
        """The body, if all of it has come together with its head, as a short one has; `None` if not."""
        content = self._content
        assert content is not None
        if not content.is_eof() or content.exception() is not None:
            return None
        body = content.read_nowait()
        self._finish()
        return body

    async def __anext__(self) -> bytes:
        assert self._content is not None
        problem = None
        try:
            reading = self._content.readany()
            if part := await (self._in_time(reading) if self._hurried or self._request.until is not None else reading):
                return part
            self._finish()
        except PROBLEMS as error:
            problem = failure(understood(error), self._request)
            self.close()
        raise problem or StopAsyncIteration

    def hurry(self) -> None:
        """Wait only for a moment for what is still to come."""
        self._hurried = True

    def _finish(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None and self.connection is not None:
            owner.give_back(self, self.connection)

    def close(self, cut: Callable[[asyncio.Transport], None] = abort) -> None:
        """Let go of the connection, which is `cut`; nothing happens if it has been given back."""
        owner, self._owner = self._owner, None
        if owner is None:
            return
        if self.connection is not None:
            if self.connection.transport is not None:
                cut(self.connection.transport)
            self.connection.close()
        owner.finish(self)

    async def aclose(self) -> None:
        """The same, awaited."""
        self.close()

    def drop(self) -> None:
        """Have it closed in its loop, from any thread."""
        owner, transport = self._owner, self.connection and self.connection.transport
        if owner is None:
            return
        if transport is not None and not is_running(owner.loop):
            shut(transport)  # the rest is done when the loop goes on
        with suppress(RuntimeError):  # the loop has ended, and is seen to
            soon(owner.loop, self.close)


def _left(limit: float | None) -> float | None:
    """The seconds that are left of `limit` by now; 0 would be no limit for aiohttp."""
    left = limit.left if isinstance(limit, Until) else limit
    return None if left is None else max(left, 0.001)


async def _slices(content: bytes) -> AsyncIterator[memoryview]:
    view = memoryview(content)
    for start in range(0, len(view), AT_ONCE):
        yield view[start : start + AT_ONCE]
