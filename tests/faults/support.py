"""Servers and clocks that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from ..core.support.http_server import Answer, HTTPServer, Peer, message


class SlammingServer(HTTPServer):
    """Resets its first connections before it has read anything from them."""

    def __init__(self, *script: Answer, slammed: int, **options: Any) -> None:
        super().__init__(*script, **options)
        self._slammed = slammed

    def _serve(self, peer: Peer) -> None:
        if peer.number <= self._slammed:
            peer.reset()
            peer.ended.set()
        else:
            super()._serve(peer)


class Endless:
    """A body that is sent until the client has had enough.

    Attributes:
        sent: How many bytes were sent.
        ended: Whether no more are.
    """

    def __init__(self, size: int, *, status: int, headers: dict[str, str] | None = None, part: bytes = b"x" * 65536):
        self.sent = 0
        self.ended = threading.Event()
        self._size = size
        self._part = part
        self._head = message(status=status, headers={"Content-Length": str(size), **(headers or {})})

    def __call__(self, peer: Peer) -> None:
        try:
            peer.send(self._head)
            while self.sent < self._size:
                peer.send(self._part)
                self.sent += len(self._part)
        finally:
            self.ended.set()


def byte_by_byte(data: bytes) -> Answer:
    """Send these bytes one at a time."""

    def act(peer: Peer) -> None:
        for byte in data:
            peer.send(bytes([byte]))

    return act


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def in_threads(*works: Callable[[], object]) -> list[threading.Thread]:
    """Threads that do all of this at once."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    return threads
