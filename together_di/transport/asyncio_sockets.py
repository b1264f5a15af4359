"""What asyncio itself cannot do with a connection: close it when its loop has gone, or leave it to a parent process."""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .sync_network import leave_to_parent


def has_input(transport: asyncio.BaseTransport) -> bool:
    """Whether anything has arrived, even the end: then an idle connection cannot be used again.

    The socket itself is asked: a loop that was busy has not read yet what has arrived.
    """
    sock: socket.socket = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([sock.fileno()], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _layers(transport: Any) -> Iterator[Any]:
    """A transport and those below it: TLS puts one of its own on top of that with the socket."""
    while transport is not None:
        yield transport
        transport = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)


def abandon(transport: asyncio.WriteTransport) -> None:
    """Close a connection of an event loop that no longer runs, silently."""
    *_, bottom = _layers(transport)
    connection_lost = getattr(bottom, "_call_connection_lost", None)
    if connection_lost is not None:
        # What is done here must not be done again, should the loop go on.
        bottom._call_connection_lost = _nothing
    with suppress(RuntimeError):  # a closed loop can schedule nothing: neither the rest, nor what others wait for
        transport.abort()
    # The rest, which the loop would have run: it closes the socket. Other loops than asyncio's close it themselves.
    if connection_lost is not None and getattr(bottom, "_sock", None) is not None:
        with suppress(RuntimeError):
            connection_lost(None)


def _nothing(_error: Exception | None) -> None:
    """In place of what has been done already."""


def shut(transport: asyncio.BaseTransport) -> None:
    """End a connection from any thread, while its event loop does not run; it is closed when that goes on."""
    descriptor = transport.get_extra_info("socket").fileno()
    # A duplicate, because not every loop gives access to its sockets.
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as twin:
        twin.shutdown(socket.SHUT_RDWR)


def forget(transport: asyncio.BaseTransport) -> None:
    """Close a forked child's copy of the socket; the connection is the parent's, and notices nothing."""
    for layer in list(_layers(transport)):
        # As asyncio leaves them, when it closes one.
        if hasattr(layer, "_ssl_protocol"):
            layer._closed = True
        elif (sock := getattr(layer, "_sock", None)) is not None:
            layer._sock, layer._closing = None, True
            leave_to_parent(sock)
