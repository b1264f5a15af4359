"""A scriptable HTTP server on loopback: it records what it is sent, and answers with any bytes, or not at all."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

#: How long anything here waits before it gives up, in seconds: never reached unless a test fails.
PATIENCE = 20.0

Answer: TypeAlias = "Callable[[Peer], None]"


@dataclass(frozen=True)
class Received:
    """One request; header names are in lower case."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.number = number
        self.ended = threading.Event()
        self._socket = sock
        self._buffer = b""

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on with TLS."""
        plain = self._socket
        try:
            self._socket = context.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            raise

    def receive(self) -> Received | None:
        """The next request, or `None` at the end of the connection."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._read_more():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        while len(self._buffer) < size:
            if not self._read_more():
                return None
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return Received(self.number, method, target, headers, body)

    def _read_more(self) -> bool:
        try:
            data = self._socket.recv(65536)
        except OSError:
            data = b""
        self._buffer += data
        if not data:
            self.ended.set()
        return bool(data)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def hang_up(self) -> None:
        """Close the connection in an orderly way."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def wait_for_end(self) -> None:
        """Say nothing until the client closes the connection."""
        while self._read_more():
            pass


class HTTPServer:
    """Serves until it is left; each request takes the next answer of the script, and when that is used up, the default.

    Attributes:
        requests: Everything received, in order.
        connections: How many connections were accepted.
    """

    def __init__(self, *script: Answer, default: Answer | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.script = list(script)
        self.default = default
        self.requests: list[Received] = []
        self._problems: list[Exception] = []
        self._peers: list[Peer] = []
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._tls = tls

    @property
    def connections(self) -> int:
        return len(self._peers)

    @property
    def idempotency_keys(self) -> set[str]:
        """The idempotency keys of all requests."""
        return {request.headers["idempotency-key"] for request in self.requests}

    def wait_for_requests(self, count: int) -> None:
        """Wait until `count` requests have been received."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, PATIENCE), "The request did not come"

    def wait_until_closed(self, connection: int) -> None:
        """Wait until the client has closed its end of a connection; they are counted from 1."""
        assert self._peers[connection - 1].ended.wait(PATIENCE), "The client did not close the connection"

    def is_closed(self, connection: int) -> bool:
        """Whether the client has closed its end of a connection."""
        return self._peers[connection - 1].ended.is_set()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._closing:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, len(self._peers) + 1)
            self._peers.append(peer)
            self._start(self._serve, peer)

    def _serve(self, peer: Peer) -> None:
        try:
            if self._tls is not None:
                peer.start_tls(self._tls)
            while (request := peer.receive()) is not None:
                with self._changed:
                    self.requests.append(request)
                    answer = self.script.pop(0) if self.script else self.default
                    self._changed.notify_all()
                assert answer is not None, f"No answer is scripted for {request.method} {request.target}"
                answer(peer)
        except OSError:
            peer.ended.set()  # the client went away
        except Exception as error:
            self._problems.append(error)
        finally:
            peer.hang_up()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the thread that accepts
        for thread in self._threads[:1]:
            thread.join(PATIENCE)
        self._listener.close()
        for peer in self._peers:
            peer.hang_up()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "A connection of the test server did not end"
        if self._problems and error is None:
            raise self._problems[0]


def message(body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole HTTP response; `Content-Length` is added."""
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Something", *(f"{name}: {value}" for name, value in fields.items() if value)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*chunks: bytes, end: bool = True, content_type: str = "text/event-stream") -> bytes:
    """A response in chunks, without its end if so asked."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + body + (b"0\r\n\r\n" if end else b"")


def raw(data: bytes) -> Answer:
    """Send these bytes, and keep the connection."""
    return lambda peer: peer.send(data)


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """Send JSON; `retry_after="1"` is the header `retry-after: 1`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return raw(message(json.dumps(body).encode(), status, fields))


def redirect(location: str, status: int = 302) -> Answer:
    """Send to another address."""
    return raw(message(status=status, headers={"Location": location}))


def then_hang_up(data: bytes = b"") -> Answer:
    """Send these bytes, and close the connection."""

    def act(peer: Peer) -> None:
        peer.send(data)
        peer.hang_up()

    return act


def then_reset(data: bytes = b"") -> Answer:
    """Send these bytes, and reset the connection."""

    def act(peer: Peer) -> None:
        peer.send(data)
        peer.reset()

    return act


def then_stall(data: bytes = b"") -> Answer:
    """Send these bytes, and then nothing until the client gives up."""

    def act(peer: Peer) -> None:
        peer.send(data)
        peer.wait_for_end()

    return act
