"""The application under real servers: many at once, a stop in mid-request, a browser that goes, a WebSocket."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from ...core.support.events import DONE, events
from ...core.support.http_server import PATIENCE, Answer, HTTPServer, Peer, answer, chunked, raw, then_stall
from ...core.support.sides import KEY, completion
from ..app_server import ROOT, AppServer

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


class Server(AppServer):
    """A server with the application."""

    def __init__(self, kind: Kind, upstream: HTTPServer, directory: Path) -> None:
        variables = {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "integrations")]),
            "TOGETHER_API_KEY": KEY,
            "TOGETHER_BASE_URL": upstream.url,
            "TOGETHER_MAX_RETRIES": "0",
        }
        super().__init__(
            ("-W", "error::ResourceWarning", "-m", *kind.arguments),
            variables,
            directory,
            opens_port=kind.opens,
            stopping=kind.stopping,
            code=kind.code,
        )
        upstream.wait_for_requests(kind.workers)  # each pings before it serves
        if kind.opens:
            self.wait_until_it_listens()

    def is_routine(self, line: str) -> bool:
        """The same; and asyncio says what took long."""
        return line.startswith("Executing <") or super().is_routine(line)


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


def test_a_websocket_gets_answers_word_by_word(kind: Kind, tmp_path: Path) -> None:
    client = pytest.importorskip("websockets.sync.client", reason="There is no client for WebSockets")
    answers = [raw(chunked(events(*words), DONE)) for words in (("Bon", "jour"), ("Au", " revoir"))]
    with upstream_for(kind, *answers) as upstream, Server(kind, upstream, tmp_path) as server:
        with client.connect(f"ws://127.0.0.1:{server.port}/socket", proxy=None) as browser:
            said = []
            for question in ("Hello", "Bye"):
                browser.send(question)
                said.append(list(iter(lambda: browser.recv(PATIENCE), "")))
        assert said == [["Bon", "jour"], ["Au", " revoir"]]
        asked = [json.loads(request.body)["messages"][0]["content"] for request in upstream.requests[kind.workers :]]
        assert asked == ["Hello", "Bye"]
        assert server.stop() == []
