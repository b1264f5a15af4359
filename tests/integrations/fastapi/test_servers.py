"""The application under real servers: many requests, a stop in mid-request, and a browser that goes in mid-stream."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pytest

from ...core.support.events import events
from ...core.support.http_server import PATIENCE, Answer, HTTPServer, Peer, answer, chunked, then_stall
from ...core.support.sides import KEY, completion

ROOT = Path(__file__).parents[3]
APP = "tests.integrations.fastapi.served:app"
REQUESTS, AT_ONCE = 200, 20

GOOD = answer(completion("Good"))
KNOWN = answer({})  # what the API says to the ping at the start


class Kind(NamedTuple):
    """A server.

    Attributes:
        arguments: Its command line, after `python -m`.
        stopping: What it prints when it has taken notice of SIGTERM.
        code: Its exit code after SIGTERM.
        workers: How many processes serve.
        opens: Whether it must open its port itself.
    """

    arguments: tuple[str, ...]
    stopping: str
    code: int = 0
    workers: int = 1
    opens: bool = False


UVICORN = ("uvicorn", APP, "--no-access-log")
KINDS = {
    "uvicorn": Kind((*UVICORN, "--fd", "{}"), "Shutting down", code=-15),
    "uvicorn-workers": Kind((*UVICORN, "--workers", "2", "--port", "{}"), "Shutting down", workers=2, opens=True),
    "hypercorn": Kind(("hypercorn", APP, "--bind", "fd://{}"), ""),
    "granian": Kind(("granian", APP, "--interface", "asgi", "--port", "{}"), "Shutting down", opens=True),
}


class Server:
    """A server in a process of its own; what it prints is in `lines`."""

    def __init__(self, kind: Kind, upstream: HTTPServer, directory: Path) -> None:
        self._kind = kind
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = listener.getsockname()[1]
        where = self.port if kind.opens else listener.fileno()
        if kind.opens:
            listener.close()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-m"),
                *(argument.format(where) for argument in kind.arguments),
            ],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "integrations")]),
                "TOGETHER_API_KEY": KEY,
                "TOGETHER_BASE_URL": upstream.url,
                "TOGETHER_MAX_RETRIES": "0",
            },
            cwd=directory,
            pass_fds=[] if kind.opens else [where],
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
        upstream.wait_for_requests(kind.workers)  # each pings before it serves
        if kind.opens:
            self._wait_until_it_listens()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()

    def _wait_for(self, text: str) -> None:
        with self._said:
            assert self._said.wait_for(lambda: any(text in line for line in self.lines), PATIENCE), self.lines

    def _wait_until_it_listens(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
                return
        raise AssertionError("The server does not listen")

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
        """Send SIGTERM, and wait until it has been noticed."""
        self._process.terminate()
        if self._kind.stopping:
            self._wait_for(self._kind.stopping)

    def stop(self) -> list[str]:
        """Stop it; gives what it printed, but for its reports of starting and stopping."""
        self._process.terminate()
        assert self._process.wait(PATIENCE) == self._kind.code, self.lines
        self._reader.join(PATIENCE)
        return [line for line in self.lines if not self._is_routine(line)]

    def _is_routine(self, line: str) -> bool:
        # Asyncio says what took long; uvicorn with workers leaves its own listener open.
        return "INFO" in line or line.startswith("Executing <") or f"laddr=('127.0.0.1', {self.port})>" in line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # the workers as well
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """A server that is installed."""
    pytest.importorskip(request.param.partition("-")[0], reason="This server is not installed")
    return KINDS[request.param]


def upstream_for(kind: Kind, *script: Answer, default: Answer | None = None) -> HTTPServer:
    """An API that answers the ping of each worker, and then as the script says."""
    return HTTPServer(*[KNOWN] * kind.workers, *script, default=default)


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_many_requests_at_once_share_the_connections_of_their_process(kind: Kind, path: str, tmp_path: Path) -> None:
    with upstream_for(kind, default=GOOD) as upstream, Server(kind, upstream, tmp_path) as server:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda _: server.get(path), range(REQUESTS)))
        connections = range(1, upstream.connections + 1)
        kept = [number for number in connections if not upstream.is_closed(number)]
        assert server.stop() == []
        assert answers == [(200, b"Good")] * REQUESTS
        assert kept == list(connections)
        pings = kind.workers if path == "/sync" else 0  # the ping goes through the async client
        assert len(kept) <= kind.workers * AT_ONCE + pings
        for number in connections:
            upstream.wait_until_closed(number)


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_stop_in_mid_request_finishes_the_request(kind: Kind, path: str, tmp_path: Path) -> None:
    release = threading.Event()

    def held(peer: Peer) -> None:
        assert release.wait(PATIENCE)
        GOOD(peer)

    with (
        upstream_for(kind, held) as upstream,
        Server(kind, upstream, tmp_path) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(server.get, path)
        upstream.wait_for_requests(kind.workers + 1)
        server.terminate()
        release.set()
        assert asked.result(PATIENCE) == (200, b"Good")
        assert server.stop() == []


@pytest.mark.parametrize("path", ["/sync-stream", "/stream"])
def test_a_browser_that_goes_in_mid_stream_closes_the_connection_to_the_api(
    kind: Kind, path: str, tmp_path: Path
) -> None:
    stalled = then_stall(chunked(events("Bon"), end=False))
    with upstream_for(kind, stalled) as upstream, Server(kind, upstream, tmp_path) as server:
        connection = server.connect(path)
        response = connection.getresponse()
        assert b'"content":"Bon"' in response.readline()
        number = upstream.requests[-1].connection
        response.close()
        connection.close()
        assert upstream._peers[number - 1].ended.wait(PATIENCE), "The connection to the API is still open"
        assert server.stop() == []
