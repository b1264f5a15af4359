"""Real app servers, each in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self

from ..core.support.http_server import PATIENCE

ROOT = Path(__file__).parents[2]


class AppServer:
    """A server in development mode, until it is left.

    Attributes:
        port: Where it can be reached.
        lines: What it has printed.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        directory: Path,
        *,
        opens_port: bool = False,
        stopping: str = "",
        code: int = 0,
    ) -> None:
        """Start it.

        Args:
            arguments: The command line after `python -X dev`; `{}` stands for the port.
            variables: What its environment has besides that of the tests.
            directory: Where it runs.
            opens_port: Whether it opens the port itself; the others are handed one that is open, as a file descriptor.
            stopping: What it prints when it has taken notice of SIGTERM; empty if it says nothing.
            code: The exit code after SIGTERM.
        """
        self._opens_port, self._stopping, self._code = opens_port, stopping, code
        self._is_stopping = False
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            self.port: int = listener.getsockname()[1]
            where = self.port if opens_port else listener.fileno()
            if opens_port:
                listener.close()
            self._process = subprocess.Popen(
                [sys.executable, "-X", "dev", *(argument.format(where) for argument in arguments)],
                env={**os.environ, "HOME": str(directory), **variables},  # at home, gunicorn keeps a socket
                cwd=directory,
                pass_fds=[] if opens_port else [where],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()

    def wait_until_it_listens(self) -> None:
        """Wait for its port, if it opens that itself."""
        for _ in range(int(PATIENCE * 50)):
            try:
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
            except ConnectionRefusedError:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(1 / 50)
            else:
                return
        raise AssertionError(self.lines)

    def wait_for(self, text: str) -> None:
        """Wait until it has printed `text`."""
        with self._said:
            assert self._said.wait_for(lambda: any(text in line for line in self.lines), PATIENCE), self.lines

    def connect(self, path: str) -> HTTPConnection:
        """A connection on which `path` has been asked for."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        return connection

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask for `path`."""
        connection = self.connect(path)
        try:
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def terminate(self) -> None:
        """Send SIGTERM, once, and wait until it has been noticed, if the server says so."""
        if not self._is_stopping:
            self._is_stopping = True
            self._process.terminate()
            if self._stopping:
                self.wait_for(self._stopping)

    def stop(self) -> list[str]:
        """Stop it; gives what it printed that is not routine."""
        self.terminate()
        assert self._process.wait(PATIENCE) == self._code, self.lines
        self._reader.join(PATIENCE)
        return [line for line in self.lines if not self.is_routine(line)]

    def is_routine(self, line: str) -> bool:
        """Whether a line is about the server itself: how it starts and stops, and its own sockets."""
        return "INFO" in line or f"laddr=('127.0.0.1', {self.port})" in line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # its workers, too
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
