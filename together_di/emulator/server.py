"""The emulator on loopback HTTP, with the standard library alone."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock, Thread, current_thread
from typing import TYPE_CHECKING, Any, cast

from .emulator import Emulator
from .exchange import ApiError, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

_LARGEST_BODY = 512 * 1024 * 1024
_BODILESS_STATUSES = frozenset({204, 304})
_GOODBYE_SECONDS = 5.0


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    allow_reuse_address = os.name != "nt"  # there it lets two servers have one port

    def __init__(self, address: tuple[str, int], emulator: Emulator) -> None:
        super().__init__(address, _Handler)
        self.emulator = emulator
        self._lock = Lock()
        self._connections: dict[Thread, socket.socket] = {}

    def server_bind(self) -> None:
        # Without `HTTPServer`'s look-up of the host's full name, which asks a name server.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._connections.pop(current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what is a fault of ours; a client that went away is none."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def disconnect_all(self) -> None:
        """End the connections that clients keep alive, and wait for their threads."""
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections:
            thread.join(_GOODBYE_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "TogetherEmulator"
    sys_version = ""
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except ApiError as error:
            self.close_connection = True
            self._send(error.reply())
            return
        server = cast("_Server", self.server)
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = headers.get("host") or "{}:{}".format(*server.server_address[:2])
        reply = server.emulator.handle(self.command, self.path, headers, body, base_url=f"http://{host}")
        self._send(reply)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tests and demos have their own output."""

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return b"".join(self._read_chunks())
        length = self.headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > _LARGEST_BODY:
            raise ApiError(400, f"Content-Length is {length!r}: it has to be at most {_LARGEST_BODY} bytes.")
        return self._read_exactly(int(length))

    def _read_chunks(self) -> Iterator[bytes]:
        total = 0
        while True:
            line = self.rfile.readline(1024)
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError:
                raise ApiError(400, f"A chunk of the body begins with {line!r}, not with its size.") from None
            total += size
            if size < 0 or total > _LARGEST_BODY:
                raise ApiError(400, f"The body is larger than {_LARGEST_BODY} bytes.")
            if size == 0:
                break
            yield self._read_exactly(size)
            self._read_exactly(2)
        while self.rfile.readline(65536).strip():
            pass

    def _read_exactly(self, size: int) -> bytes:
        data = self.rfile.read(size) if size else b""
        if len(data) != size:
            raise ConnectionError("The client went away before its body was complete.")
        return data

    def _send(self, reply: Reply) -> None:
        if isinstance(reply.body, bytes):
            head = self._head(reply, f"content-length: {len(reply.body)}")
            bodiless = self.command == "HEAD" or reply.status in _BODILESS_STATUSES
            self.wfile.write(head if bodiless else head + reply.body)
        else:
            self._stream(reply, reply.body)

    def _stream(self, reply: Reply, events: Iterator[bytes]) -> None:
        chunked = self.request_version != "HTTP/1.0"
        framing = "transfer-encoding: chunked" if chunked else "connection: close"
        self.close_connection = self.close_connection or not chunked
        try:
            self.wfile.write(self._head(reply, framing))
            for event in events:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event) if chunked else event)
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True
        finally:
            _close(events)

    def _head(self, reply: Reply, framing: str) -> bytes:
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            f"server: {self.version_string()}",
            f"date: {self.date_time_string()}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
            framing,
        ]
        if self.close_connection and framing != "connection: close":
            lines.append("connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _close(events: Iterator[bytes]) -> None:
    close = getattr(events, "close", None)
    if close is not None:
        close()


class EmulatorServer:
    """Serves an emulator over HTTP until it is closed.

    Args:
        emulator: what answers; without it a fresh `Emulator`.
        host: the interface to listen on.
        port: the port to listen on; 0 takes a free one.
    """

    def __init__(self, emulator: Emulator | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.emulator = emulator or Emulator()
        self._server = _Server((host, port), self.emulator)
        self._thread: Thread | None = None
        self.url = f"http://{host}:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Serve in a thread of its own."""
        if self._thread is None:
            self._thread = Thread(
                target=self._server.serve_forever, args=(0.05,), name="together-emulator", daemon=True
            )
            self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Serve in this thread until it is interrupted."""
        self._server.serve_forever()

    def close(self) -> None:
        """Stop serving, end all connections and wait for their threads."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.disconnect_all()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
