"""Sockets for httpcore's pool: its own, with a limit that can be set while a response is read."""

from __future__ import annotations

import os
import socket
import ssl
import weakref
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore
from httpcore import SOCKET_OPTION

from .common import Until

#: What is said to a call that comes, or still waits for a connection, when the transport has been closed.
NO_MORE = "the client has been closed"


class SyncStream(httpcore.NetworkStream):
    """One connection."""

    def __init__(self, stream: httpcore.NetworkStream, network: SyncNetwork) -> None:
        self._stream = stream
        self._network = network
        network.streams.add(self)
        #: Seconds a read waits at most, whatever it is told, until the next request is written.
        self.longest_wait: float | None = None
        #: Whether it must not be used again.
        self.is_spoilt = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes` bytes; none at the end of the stream."""
        if self.longest_wait is not None:
            timeout = self.longest_wait
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of `buffer`."""
        self.longest_wait = None
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the socket, also under a thread that waits for its next bytes."""
        # `close` alone does not wake that thread.
        self.shut()
        self._stream.close()

    def shut(self) -> None:
        """End the connection, on which nothing more is sent or received; the socket remains to be closed."""
        end(self._stream.get_extra_info("socket"))

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection."""
        if info == "is_readable" and self.is_spoilt:
            return True  # which is how httpcore knows that an idle one is of no use
        return self._stream.get_extra_info(info)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Continue with TLS on the same socket."""
        timeout = _left(timeout, httpcore.ConnectTimeout)
        return SyncStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._network)

    def forget(self) -> None:
        """Close a forked child's copy of the socket; the connection is the parent's, and notices nothing."""
        leave_to_parent(self._stream.get_extra_info("socket"))


def end(sock: socket.socket) -> None:
    """End a connection, which wakes the thread that waits for it; the socket remains to be closed."""
    # An `SSLSocket` would take its own `shutdown` for a farewell.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def leave_to_parent(sock: socket.socket) -> None:
    """Close this process's copy of a socket that another one goes on using: no word is said on the connection."""
    if (descriptor := sock.detach()) >= 0:
        os.close(descriptor)


def _left(limit: float | None, error: type[Exception]) -> float | None:
    """What is left of a time limit that shrinks."""
    if not isinstance(limit, Until):
        return limit
    left = limit.left
    if left is not None and left <= 0:
        raise error
    return left


class SyncNetwork(httpcore.NetworkBackend):
    """Opens connections until it is closed, and remembers those that are open."""

    def __init__(self) -> None:
        self.is_closed = False
        self._backend = httpcore.SyncBackend()
        self.streams: weakref.WeakSet[SyncStream] = weakref.WeakSet()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to `host`."""
        self.check_open()
        timeout = _left(timeout, httpcore.ConnectTimeout)
        stream = SyncStream(self._backend.connect_tcp(host, port, timeout, local_address, socket_options), self)
        try:
            self.check_open()
        except httpcore.ConnectError:  # closed meanwhile, and without this connection
            stream.close()
            raise
        return stream

    def check_open(self) -> None:
        """Refuse to open a connection that nobody would close."""
        if self.is_closed:
            raise httpcore.ConnectError(NO_MORE)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._backend.sleep(seconds)

    def forget(self) -> None:
        """Leave every connection to the parent, in a forked child."""
        for stream in list(self.streams):
            stream.forget()
