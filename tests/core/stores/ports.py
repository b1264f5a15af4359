"""Ports on loopback where nothing good happens."""

from __future__ import annotations

import socket


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
