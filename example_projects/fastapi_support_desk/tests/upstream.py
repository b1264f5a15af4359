"""The API on loopback: a test says what a chat answers, piece by piece; everything else comes from the emulator."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Self

from together_di.emulator import Emulator

PATIENCE = 10

#: Pieces of an answer go with whether they are the last.
_NOTHING_MORE = (b"", True)


class Upstream(ThreadingHTTPServer):
    """One conversation with a test.

    Attributes:
        refusal: The status with which chats are refused; 0 if they are answered.
        left: Set when the client has closed the connection of a chat that was not over.
    """

    daemon_threads = False  # so that closing waits for them

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusal = 0
        self.left = Event()
        self.said: SimpleQueue[tuple[bytes, bool]] = SimpleQueue()
        self.emulator = Emulator()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """What `TOGETHER_BASE_URL` has to be."""
        return f"http://127.0.0.1:{self.server_port}"

    def say(self, text: str) -> None:
        """Send the next piece of the answer."""
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        self.said.put((b"data: %s\n\n" % json.dumps(chunk).encode(), False))

    def finish(self) -> None:
        """End the answer."""
        self.said.put((b"data: [DONE]\n\n", True))

    def fail(self) -> None:
        """Break the answer off in the middle."""
        self.said.put((b'data: {"error": {"message": "the model crashed", "type": "server_error"}}\n\n', True))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.said.put(_NOTHING_MORE)  # for an answer that a test has left in the middle
        self.shutdown()
        self.server_close()
        self._thread.join(PATIENCE)


class _Handler(BaseHTTPRequestHandler):
    @property
    def upstream(self) -> Upstream:
        assert isinstance(self.server, Upstream)
        return self.server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self.path.endswith("/chat/completions"):
            self._answer(body)
        elif self.upstream.refusal:
            self._send_head(self.upstream.refusal, "application/json")
            self.wfile.write(b'{"error": {"message": "not now"}}')
        else:
            self._stream()

    def _answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.upstream.emulator.handle(self.command, self.path, headers, body, base_url=self.upstream.url)
        self._send_head(reply.status, reply.headers["content-type"])
        self.wfile.write(reply.body if isinstance(reply.body, bytes) else b"".join(reply.body))

    def _stream(self) -> None:
        over = Event()
        watcher = Thread(target=self._watch, args=(over,), daemon=True)
        self._send_head(200, "text/event-stream")
        watcher.start()
        with suppress(OSError):  # the client may go at any time
            while not over.is_set():
                piece, is_last = self.upstream.said.get(timeout=PATIENCE)
                if is_last:
                    over.set()
                self.wfile.write(piece)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)  # ends the watcher's wait
        watcher.join(PATIENCE)

    def _watch(self, over: Event) -> None:
        """Nothing more comes from the client, so that reading ends when it goes."""
        with suppress(OSError):
            self.connection.recv(1)
        if not over.is_set():
            self.upstream.left.set()
            self.upstream.said.put(_NOTHING_MORE)

    def _send_head(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
