from __future__ import annotations

import json
import socket
from http.client import HTTPConnection
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from together_di.emulator import Emulator, EmulatorServer, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = {"Authorization": "Bearer key", "Content-Type": "application/json"}
QUESTION = {"model": "m", "messages": [{"role": "user", "content": "Grüezi, wie geht es?"}]}


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer() as running:
        yield running


@pytest.fixture
def connection(server: EmulatorServer) -> Iterator[HTTPConnection]:
    opened = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    yield opened
    opened.close()


def chat(connection: HTTPConnection, **params: object) -> Any:
    connection.request("POST", "/v1/chat/completions", json.dumps({**QUESTION, **params}), HEADERS)
    return connection.getresponse()


def test_one_connection_serves_several_requests(connection: HTTPConnection) -> None:
    first = chat(connection)
    answer = json.loads(first.read())
    used = connection.sock
    second = chat(connection)
    assert json.loads(second.read())["choices"] == answer["choices"]
    assert connection.sock is used is not None
    assert first.headers["content-type"] == "application/json"


def test_a_stream_comes_chunked_and_leaves_the_connection_open(connection: HTTPConnection) -> None:
    reply = chat(connection, stream=True)
    assert reply.headers["transfer-encoding"] == "chunked"
    events = reply.read().split(b"\n\n")
    assert events[-2:] == [b"data: [DONE]", b""]
    assert chat(connection).status == 200


def test_a_chunked_request_body_is_read(connection: HTTPConnection) -> None:
    parts = iter([b'{"model": "m", ', b'"input": "Hi"}'])
    connection.request("POST", "/v1/embeddings", parts, HEADERS, encode_chunked=True)
    assert connection.getresponse().status == 200


def test_an_error_keeps_the_connection_open(connection: HTTPConnection) -> None:
    refused = chat(connection, n=0)
    assert (refused.status, json.loads(refused.read())["error"]["param"]) == (400, "n")
    assert chat(connection).status == 200


def test_head_gets_no_body(connection: HTTPConnection) -> None:
    connection.request("HEAD", "/v1/models", headers=HEADERS)
    reply = connection.getresponse()
    assert (reply.status, reply.read()) == (405, b"")
    assert chat(connection).status == 200


def test_an_image_url_leads_back_to_the_server(server: EmulatorServer, connection: HTTPConnection) -> None:
    body = json.dumps({"model": "m", "prompt": "a cat", "width": 8, "height": 8})
    connection.request("POST", "/v1/images/generations", body, HEADERS)
    url = json.loads(connection.getresponse().read())["data"][0]["url"]
    assert url.startswith(server.url)
    connection.request("GET", url.removeprefix(server.url))
    assert connection.getresponse().read().startswith(b"\x89PNG")


def talk(server: EmulatorServer, request: bytes) -> bytes:
    """Send bytes and read until the server closes the connection."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_an_http_1_0_client_gets_its_stream_unchunked(server: EmulatorServer) -> None:
    body = json.dumps({**QUESTION, "stream": True}).encode()
    head = f"POST /v1/chat/completions HTTP/1.0\r\nAuthorization: Bearer k\r\nContent-Length: {len(body)}\r\n"
    reply = talk(server, f"{head}\r\n".encode() + body)
    assert b"chunked" not in reply
    assert reply.endswith(b"\n\ndata: [DONE]\n\n")


@pytest.mark.parametrize(
    "header", [b"Content-Length: -1", b"Content-Length: 9999999999999", b"Transfer-Encoding: chunked"]
)
def test_a_malformed_body_is_refused_and_the_connection_closed(server: EmulatorServer, header: bytes) -> None:
    reply = talk(server, b"POST /v1/completions HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\nzz\r\n")
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nconnection: close\r\n" in reply


class EndlessEmulator(Emulator):
    """Streams until its reader goes away, and notes that it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = Event()

    def handle(self, *args: Any, **kwargs: Any) -> Reply:
        return Reply(200, {"content-type": "text/event-stream"}, self._events())

    def _events(self) -> Iterator[bytes]:
        try:
            while True:
                yield b"data: {}\n\n" + b" " * 1000
        finally:
            self.closed.set()


def test_a_client_that_leaves_ends_the_stream_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    emulator = EndlessEmulator()
    with EmulatorServer(emulator) as server:
        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        reply = chat(connection)
        assert reply.read(10) == b"data: {}\n\n"
        reply.close()
        connection.close()
        assert emulator.closed.wait(10)
    assert capfd.readouterr().err == ""


def test_closing_ends_streams_and_idle_connections(capfd: pytest.CaptureFixture[str]) -> None:
    emulator = EndlessEmulator()
    server = EmulatorServer(emulator).start()
    host = server.url.removeprefix("http://")
    streaming, idle = HTTPConnection(host, timeout=10), HTTPConnection(host, timeout=10)
    idle.connect()
    reply = chat(streaming)
    reply.read(10)
    server.close()
    assert emulator.closed.is_set()
    reply.close()
    streaming.close()
    idle.close()
    with pytest.raises(ConnectionError):
        HTTPConnection(host, timeout=10).connect()
    assert capfd.readouterr().err == ""


def test_closing_twice_does_no_harm() -> None:
    server = EmulatorServer()
    address = server.url.removeprefix("http://")
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        HTTPConnection(address, timeout=10).connect()


def test_servers_share_an_emulator_when_told_to() -> None:
    emulator = Emulator()
    with EmulatorServer(emulator) as first, EmulatorServer(emulator) as second:
        assert first.emulator is second.emulator
        assert first.url != second.url
