"""The lines of the README that start the project."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from together_di.emulator import EmulatorServer

from .servers import Server, migrate
from .upstream import PATIENCE, HeldEmulator

RUNSERVER = ("manage.py", "runserver", "--noreload", "127.0.0.1:0")
SERVERS = {
    "uvicorn": ("-m", "uvicorn", "support_desk.asgi:application", "--port", "0"),
    "gunicorn": ("-m", "gunicorn", "support_desk.wsgi:application", "--threads", "20", "--bind", "127.0.0.1:0"),
    "runserver": RUNSERVER,
}


class Browser:
    """What a browser does, over one connection: it keeps the cookie and sends the token of the page."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        self._cookie = ""
        self.address = self.send("GET", "/").headers["Location"]
        page = self.send("GET", self.address)
        self._cookie = page.headers["Set-Cookie"].partition(";")[0]
        found = re.search(r'name="csrf" content="(\w+)"', self.page)
        assert found is not None
        self._token = found[1]

    def send(self, method: str, path: str, body: str = "") -> HTTPResponse:
        """Send a request, and read the answer into `page`."""
        response = self._send(method, path, body, {"Cookie": self._cookie})
        self.page = response.read().decode()
        return response

    def _send(self, method: str, path: str, body: str, headers: dict[str, str]) -> HTTPResponse:
        self.connection.request(method, path, body, headers)
        return self.connection.getresponse()

    def ask(self, question: str) -> HTTPResponse:
        """Ask; the answer is not read yet."""
        headers = {"Cookie": self._cookie, "X-CSRFToken": self._token}
        return self._send("POST", f"{self.address}/messages", json.dumps({"text": question}), headers)

    def said(self) -> list[dict[str, str]]:
        """The messages of the conversation."""
        self.send("GET", f"{self.address}/messages")
        messages: list[dict[str, str]] = json.loads(self.page)["messages"]
        return messages


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is up to date."""
    path = tmp_path_factory.mktemp("database") / "db.sqlite3"
    migrate(path)
    return path


@pytest.fixture
def upstream() -> Iterator[tuple[HeldEmulator, str]]:
    """The API, and where it is."""
    emulator = HeldEmulator()
    with EmulatorServer(emulator) as server:
        yield emulator, server.url


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS)
def test_an_answer_comes_while_it_is_written_and_a_visitor_who_goes_ends_it(
    command: tuple[str, ...], database: Path, upstream: tuple[HeldEmulator, str]
) -> None:
    if command[0] == "-m":
        pytest.importorskip(command[1], reason="This server is not installed")
    emulator, url = upstream
    with Server(command, database, url) as server:
        browser = Browser(server.url)
        emulator.go_on(3)
        response = browser.ask("How long is the warranty?")
        events = [response.readline() for _ in range(9)]
        assert events[0] == b"event: sources\n"
        assert b'"content":"Every"' in events[5]
        response.close()
        browser.connection.close()
        assert emulator.hung_up.wait(PATIENCE)
        assert server.lines == server.lines  # placeholder
        browser = Browser(server.url)


def test_one_command_makes_the_database(tmp_path: Path, upstream: tuple[HeldEmulator, str]) -> None:
    with Server(RUNSERVER, tmp_path / "db.sqlite3", upstream[1]) as server:
        assert Browser(server.url).said() == []
