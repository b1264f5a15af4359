"""Servers that misbehave, and callers that are closed meanwhile."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import trustme

from together_di import AsyncTogether, Together

from ..core.support.http_server import PATIENCE, Answer, HTTPServer, Peer, message
from ..core.support.sides import KEY, completion


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


def tls_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


class Gate:
    """An answer that is held back until it is opened."""

    def __init__(self, reply: bytes = message(json.dumps(completion()).encode())) -> None:
        self.opened = threading.Event()
        self._reply = reply

    def __call__(self, peer: Peer) -> None:
        assert self.opened.wait(PATIENCE)
        peer.send(self._reply)


class Caller:
    """A thread that makes a call, and keeps what came of it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error

    def wait(self) -> None:
        """Wait until it has ended."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


def client_of(server: HTTPServer, **options: Any) -> Together:
    """A client whose calls have all the time to finish."""
    options = {"api_key": KEY, "base_url": server.url, "drain_timeout": PATIENCE, **options}
    return Together(**options)


def async_client_of(server: HTTPServer, **options: Any) -> AsyncTogether:
    """The same for calls that are awaited."""
    options = {"api_key": KEY, "base_url": server.url, "drain_timeout": PATIENCE, **options}
    return AsyncTogether(**options)


def when_closed(client: Any) -> threading.Event:
    """Set when `client` takes no more calls; what runs may still be waited for."""
    shared, closed = client._engine.shared, threading.Event()
    stop = shared.stop

    def watched(seconds: float) -> None:
        stop(seconds)
        closed.set()

    shared.stop = watched
    return closed
