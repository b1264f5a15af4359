"""The extension under real servers: many requests, a stop in mid-request, and a browser that goes in mid-stream."""

from __future__ import annotations

import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from ...core.support.events import chunk
from ...core.support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked
from ...core.support.sides import KEY, completion
from ..app_server import ROOT, AppServer

MODULE = "tests.integrations.flask.served"
GOOD = answer(completion("Good"))
#: Reports of starting and stopping; and what development mode says of sockets, with the line of code they come from.
SERVERS_OWN = re.compile(r"\[INFO\]|Handling signal|ResourceWarning: (unclosed|Enable tracemalloc)|^  ")


class Kind(NamedTuple):
    """A server, and how many of its threads may each need a connection."""

    arguments: tuple[str, ...]
    threads: int


GUNICORN = ("gunicorn", "--workers", "2", f"{MODULE}:app", "--bind", "fd://{}")
PRELOAD = Kind((*GUNICORN, "--preload"), 2)
KINDS = {
    "gunicorn-sync": Kind(GUNICORN, 2),
    "gunicorn-gthread": Kind((*GUNICORN, "--threads", "10"), 20),
    "gunicorn-preload": PRELOAD,
    "waitress": Kind((MODULE, "{}"), 20),
}


class Server(AppServer):
    """A server with the application."""

    def __init__(self, kind: Kind, upstream: str, directory: Path, **environment: str) -> None:
        self._upstream = upstream.rpartition(":")[2]
        variables = {
            **environment,
            "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)]),
            "FLASK_TOGETHER_API_KEY": KEY,
            "FLASK_TOGETHER_BASE_URL": upstream,
            "FLASK_TOGETHER_MAX_RETRIES": "0",
        }
        super().__init__(("-m", *kind.arguments), variables, directory, stopping="Handling signal: term")

    def is_routine(self, line: str) -> bool:
        """The same: of their own sockets, gunicorn and waitress leave some open."""
        return self._upstream not in line and SERVERS_OWN.search(line) is not None


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """A server that is installed."""
    pytest.importorskip(request.param.partition("-")[0], reason="This server is not installed")
    return KINDS[request.param]


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_many_requests_at_once_are_answered(kind: Kind, path: str, tmp_path: Path) -> None:
    with HTTPServer(default=GOOD) as upstream, Server(kind, upstream.url, tmp_path) as server:
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: server.get(path), range(200)))
        assert server.stop() == []
        assert answers == [(200, b"Good")] * 200
        # An async view has an event loop of its own in Flask, and so a connection.
        assert upstream.connections <= (kind.threads if path == "/sync" else 200)
        for connection in range(upstream.connections):
            upstream.wait_until_closed(connection + 1)


def call_before_the_fork(upstream: HTTPServer, directory: Path) -> Server:
    pytest.importorskip("gunicorn", reason="This server is not installed")
    return Server(PRELOAD, upstream.url, directory, CALL_BEFORE_THE_FORK="1")


def test_workers_do_not_use_the_connection_of_a_call_from_before_the_fork(tmp_path: Path) -> None:
    with HTTPServer(default=GOOD) as upstream, call_before_the_fork(upstream, tmp_path) as server:
        assert [server.get("/sync") for _ in range(4)] == [(200, b"Good")] * 4
        assert [request.connection for request in upstream.requests].count(1) == 1
        server.stop()


def test_after_a_call_from_before_the_fork_workers_end_without_a_word(tmp_path: Path) -> None:
    with HTTPServer(default=GOOD) as upstream, call_before_the_fork(upstream, tmp_path) as server:
        server.get("/sync")
        assert server.stop() == []


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_stop_in_mid_request_finishes_the_request(kind: Kind, path: str, tmp_path: Path) -> None:
    release = threading.Event()

    def held(peer: Peer) -> None:
        assert release.wait(PATIENCE)
        GOOD(peer)

    with (
        HTTPServer(held) as upstream,
        Server(kind, upstream.url, tmp_path) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(server.get, path)
        upstream.wait_for_requests(1)
        server.terminate()
        release.set()
        assert asked.result(PATIENCE) == (200, b"Good")
        assert server.stop() == []


@pytest.mark.parametrize("goes_on", [True, False], ids=["while the API writes", "while the API is silent"])
def test_a_browser_that_goes_in_mid_stream_closes_the_connection_to_the_api(
    kind: Kind, tmp_path: Path, goes_on: bool
) -> None:
    closed = threading.Event()

    def endless(peer: Peer) -> None:
        event = chunk("Bon")
        try:
            peer.send(chunked(event, end=False))
            while goes_on:
                peer.send(b"%x\r\n%b\r\n" % (len(event), event))
            peer.wait_for_end()
        except OSError:
            closed.set()
            raise
        closed.set()

    with HTTPServer(endless) as upstream, Server(kind, upstream.url, tmp_path) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.request("GET", "/stream")
        response = connection.getresponse()
        assert b'"content":"Bon"' in response.readline()
        response.close()
        connection.close()
        assert closed.wait(PATIENCE), "The connection to the API is still open"
        assert server.stop() == []
