"""Sockets for httpcore's async pool, on asyncio's own streams.

httpcore's default goes through anyio, which hides the transport of a socket. It is needed here, to close a socket
whose event loop has gone: asyncio can no longer do it, and would print a warning about it instead.
"""

from __future__ import annotations

import asyncio
import ssl
import weakref
from asyncio.base_events import BaseEventLoop
from collections.abc import Iterable
from typing import Any

import httpcore
from httpcore import SOCKET_OPTION

from .asyncio_sockets import abandon, forget, has_input, shut
from .common import A_MOMENT
from .sync_network import NO_MORE

#: Largest read, in bytes, that asyncio buffers before it makes the sender wait.
READ_BUFFER = 2**18


class AsyncioStream(httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, network: AsyncioNetwork) -> None:
        self._reader = reader
        self._writer = writer
        self._network = network
        #: Seconds a read waits at most, whatever it is told, until the next request is written.
        self.longest_wait: float | None = None
        #: Whether it must not be used again.
        self.is_spoilt = False
        # TLS puts a transport of its own on top; this one keeps the socket.
        self._socket_transport = writer.transport
        network.streams.add(self)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes` bytes; none at the end of the stream."""
        if self.longest_wait is not None:
            timeout = self.longest_wait
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of `buffer`."""
        if not buffer:
            return
        self.longest_wait = None
        try:
            self._writer.write(buffer)
            async with asyncio.timeout(timeout):
                await self._writer.drain()
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except (OSError, RuntimeError) as error:
            raise httpcore.WriteError(str(error)) from None

    async def aclose(self) -> None:
        """Close the socket, without waiting for the other side to agree."""
        # `abort` and not `close`: a TLS `close` waits for the peer's closing message, for up to 30 seconds.
        self._network.streams.discard(self)
        self._writer.transport.abort()
        await asyncio.sleep(0)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Continue with TLS on the same socket."""
        if getattr(self._reader, "_buffer", b""):
            # What has been read already, TLS would wait for in vain.
            self._socket_transport.abort()
            raise httpcore.ConnectError("the server speaks before TLS has begun, so it does not expect TLS")
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            self._socket_transport.abort()
            raise httpcore.ConnectTimeout from None
        except (OSError, ssl.SSLError) as error:
            self._socket_transport.abort()
            raise httpcore.ConnectError(str(error)) from None
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection."""
        if info == "is_readable":
            # An idle connection on which anything has arrived, even its end, cannot be used again. The socket is asked
            # as well as the stream: a loop that was busy has not read yet what has arrived.
            ended = self._reader.at_eof() or self._reader.exception() is not None or self._writer.is_closing()
            ended = ended or self.is_spoilt
            return ended or has_input(self._writer.transport)
        return self._writer.get_extra_info(info)

    def shut(self) -> None:
        """End the connection at once, from outside of its event loop, which must not be running."""
        shut(self._writer.transport)

    def abandon(self) -> None:
        """Close the socket where nothing can be awaited any more, silently."""
        abandon(self._writer.transport)

    def forget(self) -> None:
        """Close a forked child's copy of the socket; the connection is the parent's, and notices nothing."""
        forget(self._writer.transport)


async def _open(host: str, port: int, local_address: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect over IPv6 and IPv4 at once if the host has both (RFC 8305; uvloop tries them in turn)."""
    at_once = {"happy_eyeballs_delay": 0.25} if isinstance(asyncio.get_running_loop(), BaseEventLoop) else {}
    local = None if local_address is None else (local_address, 0)
    return await asyncio.open_connection(host, port, limit=READ_BUFFER, local_addr=local, **at_once)


def _give_up(opening: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
    """Close a connection that is not wanted any more, should it come about.

    It is not cancelled at once: asyncio forgets the socket of a connection that is just made, and never closes it.
    """

    def close(done: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
        if not done.cancelled() and done.exception() is None:
            done.result()[1].transport.abort()

    opening.add_done_callback(close)
    opening.get_loop().call_later(A_MOMENT, opening.cancel)


class AsyncioNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections until it is closed, and remembers those that are open."""

    def __init__(self) -> None:
        self.is_closed = False
        self.streams: weakref.WeakSet[AsyncioStream] = weakref.WeakSet()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to `host`."""
        self.check_open()
        opening = asyncio.ensure_future(_open(host, port, local_address))
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.shield(opening)
        except BaseException as error:
            _give_up(opening)
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from None
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from None
            raise
        sock = writer.get_extra_info("socket")
        for option in socket_options or ():
            sock.setsockopt(*option)
        stream = AsyncioStream(reader, writer, self)
        try:
            self.check_open()
        except httpcore.ConnectError:  # closed meanwhile, and without this connection
            await stream.aclose()
            raise
        return stream

    def check_open(self) -> None:
        """Refuse to open a connection that nobody would close."""
        if self.is_closed:
            raise httpcore.ConnectError(NO_MORE)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def abandon(self) -> None:
        """Close what is open, when the event loop can no longer do it."""
        for stream in list(self.streams):
            stream.abandon()

    def forget(self) -> None:
        """Leave every connection to the parent, in a forked child."""
        for stream in list(self.streams):
            stream.forget()
