"""Real app servers, each in a process of its own, with the project of this folder in them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ...core.support.http_server import PATIENCE
from ...core.support.sides import KEY

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def environment(directory: Path, **together: object) -> dict[str, str]:
    """What a process of the project finds in its environment; `together` is its setting `TOGETHER`."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings_server",
        "HOME": str(directory),  # where gunicorn keeps a socket
        "PROJECT_TOGETHER": json.dumps(together),
        "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT), str(ROOT / "integrations")]),
    }


class Kind(NamedTuple):
    """A server.

    Attributes:
        arguments: Its command line, after `python -m`.
        stopping: What it prints when it has taken notice of SIGTERM; empty if it says nothing.
        code: The exit code after SIGTERM.
        routine: What is in each line that it prints about itself.
        drains: Whether it lets requests end before it goes.
        warm_up: Whether a call is made before the workers are forked.
        opens_port: Whether it opens its port itself; the others are handed an open one.
    """

    arguments: tuple[str, ...]
    stopping: str = ""
    code: int = 0
    routine: str = "INFO"
    drains: bool = True
    warm_up: bool = False
    opens_port: bool = False


GUNICORN = Kind(
    ("gunicorn", "wsgi:application", "--workers", "2", "--bind", "127.0.0.1:{}"),
    stopping="Handling signal: term",
    opens_port=True,
)
WSGI = {
    "gunicorn-sync": GUNICORN,
    "gunicorn-gthread": GUNICORN._replace(arguments=(*GUNICORN.arguments, "--threads", "10")),
    "gunicorn-preload": GUNICORN._replace(arguments=(*GUNICORN.arguments, "--preload"), warm_up=True),
}
ASGI = {
    "uvicorn": Kind(("uvicorn", "asgi:application", "--fd", "{}"), stopping="Shutting down", code=-15),
    "hypercorn": Kind(("hypercorn", "asgi:application", "--bind", "fd://{}")),
    # Twisted's reactor stops in mid-request.
    "daphne": Kind(("daphne", "asgi:application", "--fd", "{}", "--verbosity", "0"), drains=False),
    "granian": Kind(
        ("granian", "asgi:application", "--interface", "asgi", "--port", "{}"),
        stopping="Shutting down",
        opens_port=True,
    ),
}
KINDS = WSGI | ASGI


class Server:
    """A server; what it prints is in `lines`."""

    def __init__(self, kind: Kind, upstream: str, directory: Path) -> None:
        self._kind = kind
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._port: int = listener.getsockname()[1]
        where = self._port if kind.opens_port else listener.fileno()
        if kind.opens_port:
            listener.close()
        variables = environment(directory, API_KEY=KEY, BASE_URL=upstream, MAX_RETRIES=0)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-m"),
                *(argument.format(where) for argument in kind.arguments),
            ],
            env=variables | ({"PROJECT_WARM_UP": "1"} if kind.warm_up else {}),
            cwd=directory,
            pass_fds=[] if kind.opens_port else [where],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        listener.close()
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if kind.opens_port:
            self._wait_for_port()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()

    def _wait_for_port(self) -> None:
        for _ in range(int(PATIENCE * 50)):
            try:
                socket.create_connection(("127.0.0.1", self._port), PATIENCE).close()
            except ConnectionRefusedError:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(1 / 50)
            else:
                return
        raise AssertionError(self.lines)

    def _wait_for(self, text: str) -> None:
        with self._said:
            assert self._said.wait_for(lambda: any(text in line for line in self.lines), PATIENCE), self.lines

    def connect(self, path: str) -> HTTPConnection:
        """A connection on which `path` has been asked for."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
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
        """Send SIGTERM, and wait until it has been noticed, if the server says so."""
        self._process.terminate()
        if self._kind.stopping:
            self._wait_for(self._kind.stopping)

    def stop(self) -> list[str]:
        """Stop it; gives what it printed that is not about itself: how it starts and stops, and its own sockets."""
        self._process.terminate()
        assert self._process.wait(PATIENCE) == self._kind.code, self.lines
        self._reader.join(PATIENCE)
        own = f"laddr=('127.0.0.1', {self._port})"
        return [line for line in self.lines if self._kind.routine not in line and own not in line]

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
