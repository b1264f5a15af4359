"""An API on loopback that accounts for every request, and kills those that make some of them."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Upstream(ThreadingHTTPServer):
    """Answers chat completions with what they were asked, but for those that are the death of a process.

    Attributes:
        keys: The idempotency keys each prompt came with, one for each time it was asked.
        authorizations: What the requests had in that field.
        in_vain: The prompts that were asked after a death although their answer had been in the file before it.
        deaths: The processes that were killed.
        refused: The prompts that get an error.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answers: Path, deadly: Mapping[int, Callable[[int], int]]) -> None:
        """Serve.

        Args:
            answers: The file the answers go to.
            deadly: Which request, counted from 1, kills whom: gives the process from the port the request came from.
        """
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.keys: dict[str, list[str]] = defaultdict(list)
        self.authorizations: set[str] = set()
        self.in_vain: set[str] = set()
        self._kept: set[str] = set()
        self.deaths: list[int] = []
        self.refused: set[str] = set()
        self.problems: list[BaseException | None] = []
        self._answers = answers
        self._deadly = deadly
        self._count = 0
        self._lock = threading.Lock()

    def ask(self, prompt: str, headers: Any, port: int) -> bool:
        """Account for a request; whether it is answered."""
        with self._lock:
            self._count += 1
            self.keys[prompt].append(headers["idempotency-key"])
            self.authorizations.add(headers["authorization"])
            if prompt in self._kept:
                self.in_vain.add(prompt)
            if self._count not in self._deadly:
                return True
            self._kept = set(recorded(self._answers))
            victim = self._deadly[self._count](port)
            self.deaths.append(victim)
            os.kill(victim, signal.SIGKILL)
            return False

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        assert self.problems == []

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed client hangs up."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.problems.append(error)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Upstream  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        size = int(self.headers["content-length"])
        content = self.rfile.read(size)
        if len(content) < size:  # it was killed while it asked
            self.close_connection = True
            return
        body = json.loads(content)
        prompt = body["messages"][0]["content"]
        if not self.server.ask(prompt, self.headers, self.client_address[1]):
            self.close_connection = True
            return
        if prompt in self.server.refused:
            self.answer(400, {"error": {"message": f"Not {prompt}.", "type": "invalid_request_error"}})
            return
        choice = {"index": 0, "message": {"role": "assistant", "content": f"re {prompt}"}, "finish_reason": "stop"}
        answer = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
        self.answer(200, answer)

    def answer(self, status: int, body: object) -> None:
        """Send JSON."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def recorded(answers: Path) -> list[str]:
    """The ids of the answers in the file, in their order."""
    if not answers.exists():
        return []
    return [
        json.loads(line)["custom_id"] for line in answers.read_bytes().splitlines(keepends=True) if line[-1:] == b"\n"
    ]


def who_asks(port: int) -> int:
    """The process that has a connection from this port."""
    ours = f"0100007F:{port:04X}"
    sockets: set[str] = set()
    for _ in range(1000):  # while other connections come and go, the list may lack one
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        sockets |= {f"socket:[{fields[9]}]" for fields in lines if fields[1] == ours}
        if sockets:
            break
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if any(str(item.readlink()) in sockets for item in (process / "fd").iterdir()):
                return int(process.name)
    raise LookupError(f"Nobody has the connection from port {port}.")
