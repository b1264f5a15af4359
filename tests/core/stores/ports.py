"""Ports on loopback where nothing good happens, and who still waits for them."""

from __future__ import annotations

import socket
import threading

from ..support.http_server import PATIENCE


def closed_port() -> socket.socket:
    """Refuses connections, as long as the socket is open."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def silent_port() -> socket.socket:
    """Takes connections, and never says anything on them."""
    return socket.create_server(("127.0.0.1", 0))


def url_of(sock: socket.socket) -> str:
    """The address of a port."""
    return f"http://127.0.0.1:{sock.getsockname()[1]}"


def wait_for_readers() -> None:
    """Wait for the threads that were given up on: in a later test, they would ask its store."""
    for thread in threading.enumerate():
        if thread.name == "together-di secret store":
            thread.join(PATIENCE)
            assert not thread.is_alive(), "A thread still waits for a secret store"
