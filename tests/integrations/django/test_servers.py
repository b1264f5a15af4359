"""The project under real servers: many requests, a stop in mid-request, and a browser that goes in mid-stream."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ...core.support.events import OPEN_ENDED, chunk
from ...core.support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked
from ...core.support.sides import completion
from .servers import ASGI, KINDS, WSGI, Kind, Server

GOOD = answer(completion("Good"))
REQUESTS, AT_ONCE = 200, 20


def with_paths(kinds: dict[str, Kind], *paths: str) -> list[object]:
    return [pytest.param(kind, path, id=f"{name}{path}") for name, kind in kinds.items() for path in paths]


def skip_if_missing(kind: Kind) -> None:
    pytest.importorskip(kind.arguments[0], reason="This server is not installed")


@pytest.mark.parametrize(("kind", "path"), with_paths(KINDS, "/sync", "/async"))
def test_many_requests_at_once_are_answered(kind: Kind, path: str, tmp_path: Path) -> None:
    skip_if_missing(kind)
    with HTTPServer(default=GOOD) as upstream, Server(kind, upstream.url, tmp_path) as server:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda _: server.get(path), range(REQUESTS)))
        assert server.stop() == []
        assert answers == [(200, b"Good")] * REQUESTS
        # Under WSGI each call of an async view has an event loop of its own, and so a connection.
        one_each = kind in WSGI.values() and path == "/async"
        assert upstream.connections <= (REQUESTS if one_each else AT_ONCE) + kind.warm_up
        for connection in range(upstream.connections):
            upstream.wait_until_closed(connection + 1)


@pytest.mark.parametrize(
    ("kind", "path"), with_paths({name: kind for name, kind in KINDS.items() if kind.drains}, "/sync", "/async")
)
def test_a_stop_in_mid_request_finishes_the_request(kind: Kind, path: str, tmp_path: Path) -> None:
    skip_if_missing(kind)
    release = threading.Event()

    def held(peer: Peer) -> None:
        assert release.wait(PATIENCE)
        GOOD(peer)

    script = [GOOD, held] if kind.warm_up else [held]
    with (
        HTTPServer(*script) as upstream,
        Server(kind, upstream.url, tmp_path) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(server.get, path)
        upstream.wait_for_requests(len(script))
        server.terminate()
        release.set()
        assert asked.result(PATIENCE) == (200, b"Good")
        assert server.stop() == []


def go_in_mid_stream(server: Server, path: str) -> None:
    connection = server.connect(path)
    response = connection.getresponse()
    assert b'"content":"' in response.readline()
    response.close()
    connection.close()


@pytest.mark.parametrize(("kind", "path"), with_paths(WSGI, "/stream") + with_paths(ASGI, "/stream"))
def test_a_browser_that_goes_while_the_answer_is_written_closes_the_connection_to_the_api(
    kind: Kind, path: str, tmp_path: Path
) -> None:
    skip_if_missing(kind)
    closed = threading.Event()

    def endless(peer: Peer) -> None:
        """Only when it writes can a WSGI server notice that nobody reads."""
        event = chunk("Bon")
        try:
            peer.send(chunked(event, end=False))
            while True:
                peer.send(b"%x\r\n%b\r\n" % (len(event), event))
        except OSError:
            closed.set()
            raise

    script = [GOOD, endless] if kind.warm_up else [endless]
    with HTTPServer(*script) as upstream, Server(kind, upstream.url, tmp_path) as server:
        go_in_mid_stream(server, path)
        assert closed.wait(PATIENCE), "The connection to the API is still open"
        assert server.stop() == []


@pytest.mark.parametrize(("kind", "path"), with_paths(WSGI, "/stream") + with_paths(ASGI, "/stream", "/async-stream"))
def test_a_browser_that_goes_while_the_answer_is_awaited_closes_the_connection_to_the_api(
    kind: Kind, path: str, tmp_path: Path
) -> None:
    skip_if_missing(kind)
    script = [GOOD, OPEN_ENDED] if kind.warm_up else [OPEN_ENDED]
    with HTTPServer(*script) as upstream, Server(kind, upstream.url, tmp_path) as server:
        go_in_mid_stream(server, path)
        upstream.wait_until_closed(len(script))
        assert server.stop() == []
