"""The lines of the README that start the project, with a visitor over plain HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from together_di.emulator import EmulatorServer

from .servers import Server, migrate
from .upstream import PATIENCE, HeldEmulator

QUESTION = "How long is the warranty of a device?"

RUNSERVER = ("manage.py", "runserver", "--noreload", "127.0.0.1:0")
UVICORN = ("-m", "uvicorn", "support_desk.asgi:application", "--port", "0")
GUNICORN = ("-m", "gunicorn", "support_desk.wsgi:application", "--threads", "20", "--bind", "127.0.0.1:0")


class Tab:
    """What a browser's tab does: it keeps the cookie, and sends the token of the page."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        self._headers: dict[str, str] = {}
        self.address = self.get("/")[0].headers["Location"]
        response, page = self.get(self.address)
        found = re.search(r'name="csrf" content="(\w+)"', page)
        assert found is not None
        self._headers = {"Cookie": response.headers["Set-Cookie"].partition(";")[0], "X-CSRFToken": found[1]}

    def get(self, path: str) -> tuple[HTTPResponse, str]:
        """Go to an address."""
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        return response, response.read().decode()

    @contextmanager
    def asking(self, question: str) -> Iterator[Iterator[str]]:
        """The lines of the answer. Who leaves early goes away."""
        body = json.dumps({"text": question})
        self.connection.request("POST", f"{self.address}/messages", body, self._headers)
        with self.connection.getresponse() as response:
            yield (line.decode().strip() for line in response)
        self.connection.close()

    def said(self, address: str) -> list[dict[str, str]]:
        """What is stored of the conversation at this address."""
        messages: list[dict[str, str]] = json.loads(self.get(f"{address}/messages")[1])["messages"]
        return messages


@contextmanager
def tab_of(server: Server) -> Iterator[Tab]:
    """A tab that is closed at the end."""
    tab = Tab(server.url)
    try:
        yield tab
    finally:
        tab.connection.close()


def words(lines: Iterator[str]) -> Iterator[str]:
    """The words of an answer as they come."""
    for line in lines:
        if line.startswith('data: {"id"') and (text := json.loads(line[6:])["choices"][0]["delta"]["content"]):
            yield text


def read_two_words(tab: Tab) -> None:
    """Ask, and go away in the middle of the answer."""
    with tab.asking(QUESTION) as lines:
        coming = words(lines)
        assert (next(coming), next(coming)) == ("Every", " device")


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


@pytest.mark.parametrize("command", [UVICORN, GUNICORN, RUNSERVER], ids=["uvicorn", "gunicorn", "runserver"])
def test_an_answer_comes_as_it_is_written_and_ends_when_the_visitor_goes(
    command: tuple[str, ...], database: Path, upstream: tuple[HeldEmulator, str]
) -> None:
    if command[0] == "-m":
        pytest.importorskip(command[1], reason="This server is not installed")
    emulator, url = upstream
    with Server(command, database, url) as server, tab_of(server) as tab:
        emulator.go_on(3)
        read_two_words(tab)
        if command != UVICORN:
            # A thread waits for the API, and finds out when it passes the next words on.
            emulator.go_on(6)
        assert emulator.hung_up.wait(PATIENCE)


def test_what_was_written_until_the_visitor_went_is_stored(database: Path, upstream: tuple[HeldEmulator, str]) -> None:
    pytest.importorskip("uvicorn", reason="This server is not installed")
    emulator, url = upstream
    with Server(UVICORN, database, url) as server, tab_of(server) as tab:
        emulator.go_on(3)
        read_two_words(tab)
        assert emulator.hung_up.wait(PATIENCE)
    # A server that has stopped has stored what it was about to.
    with Server(UVICORN, database, url) as server, tab_of(server) as another:
        assert [message["text"] for message in another.said(tab.address)][1:] == ["Every device"]


def test_one_command_makes_the_database(tmp_path: Path, upstream: tuple[HeldEmulator, str]) -> None:
    with Server(RUNSERVER, tmp_path / "db.sqlite3", upstream[1]) as server, tab_of(server) as tab:
        assert tab.said(tab.address) == []


def test_a_server_that_stops_leaves_no_error_behind(database: Path, upstream: tuple[HeldEmulator, str]) -> None:
    emulator, url = upstream
    emulator.go_on()
    with (
        Server(("-X", "dev", *UVICORN), database, url) as server,
        tab_of(server) as tab,
        tab.asking(QUESTION) as lines,
    ):
        assert "".join(words(lines)).startswith("Every device has a warranty of two years.")
    assert [line for line in server.lines if not line.startswith("INFO:")] == []
