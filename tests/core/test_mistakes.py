"""Mistakes that people make when they set a client up: each is told at once, with what to write instead."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from together_di import (
    APIResponseValidationError,
    APITimeoutError,
    AsyncTogether,
    ConfigurationError,
    MissingAPIKeyError,
    NotFoundError,
    Together,
    TogetherContainer,
    TogetherError,
)
from together_di.secrets import register_store

from .support.http_server import PATIENCE, HTTPServer, answer, message, raw
from .support.sides import CHAT, KEY, OpenSide, both_sides, chat


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# The key


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (f"Bearer {KEY}", "'Bearer'"),
        (f"bearer\t{KEY}", "'Bearer'"),
        (f'{{"api_key": "{KEY}"}}', "#api_key"),
        (f'"{KEY}"', "quotation marks"),
        (f"'{KEY}'", "quotation marks"),
    ],
)
def test_what_is_no_key_is_told_without_being_shown(key: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)) as caught:
        Together(api_key=key)
    assert KEY not in str(caught.value)


def test_a_reference_that_refers_to_a_reference_is_not_sent_as_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "env://TOGETHER_API_KEY")
    with pytest.raises(TogetherError, match="must be the key itself"):
        _ = Together().api_key


def test_a_variable_may_hold_the_key_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS", f'{{"together": "{KEY}"}}')
    assert Together(api_key="env://CREDENTIALS#together").api_key == KEY
    with pytest.raises(TogetherError, match="no text under 'openai'"):
        _ = Together(api_key="env://CREDENTIALS#openai").api_key


def test_the_variable_of_a_named_client_is_told_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    container = TogetherContainer(config={"default": {"api_key": KEY}, "eu-west": {}}, client_name="eu-west")
    with pytest.raises(MissingAPIKeyError) as caught:
        container.client()
    assert "Set TOGETHER_EU_WEST_API_KEY" in str(caught.value)
    monkeypatch.setenv("TOGETHER_EU_WEST_API_KEY", KEY)
    assert container.client().api_key == KEY


def test_a_deadline_bounds_the_search_for_the_key() -> None:
    is_over, has_ended = threading.Event(), threading.Event()

    def slow(_: object) -> str:
        is_over.wait(PATIENCE)
        has_ended.set()
        return KEY

    register_store("slow", slow)

    async def main() -> None:
        client = AsyncTogether(api_key="slow://store/key", base_url="http://127.0.0.1:9", deadline=0.05)
        with pytest.raises(APITimeoutError):
            await client.files.list()
        assert not has_ended.is_set()
        is_over.set()

    asyncio.run(main())
    assert has_ended.wait(PATIENCE)


# Options


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("fast", "config must be a dict of options, not str"),
        ({"eu": {"timeout": 3}}, "one has to be called 'default'"),
        ({"default": "fast"}, 'config["default"] must be a dict with the options of the client, not str'),
        ({"TOGETHER_TIMEOUT": 3}, "did you mean 'TIMEOUT'?"),
        ({"timeout": 3, "TIMEOUT": 4}, 'config["TIMEOUT"]: this option is there twice, also as config["timeout"]'),
        ({"timeout": True}, "is not a number of seconds"),
    ],
)
def test_a_mistake_in_the_options_of_a_container_is_told(config: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        TogetherContainer(config=config).client()


def test_a_container_takes_what_it_knows_by_name() -> None:
    container: Any = TogetherContainer
    with pytest.raises(TypeError, match=r"no argument 'cfg' \(did you mean 'config'\?\)"):
        container(cfg={})
    with pytest.raises(TypeError, match="config="):
        container({"timeout": 3})


def test_headers_are_a_dict() -> None:
    wrong: Any = ["X-Team: search"]
    with pytest.raises(ConfigurationError, match="default_headers must be a dict of header fields, not list"):
        Together(api_key=KEY, default_headers=wrong)
    with pytest.raises(ConfigurationError, match="extra_headers must be a dict of header fields, not list"):
        Together(api_key=KEY).chat.completions.create(**CHAT, extra_headers=wrong)


def test_a_file_that_may_not_be_looked_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", forbidden)
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read: Permission denied"):
        Together(api_key=KEY)


def test_a_store_is_a_function() -> None:
    wrong: Any = "a name"
    with pytest.raises(TypeError, match="a function from a Reference"):
        register_store("wrong", wrong)


# Calls


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda client: client.chat.completions.create("m", []), "takes its arguments by name: write messages=..., m"),
        (lambda client: client.get("/v1/models"), "client.get() missing 1 required keyword-only argument: 'cast_to'"),
    ],
)
def test_arguments_are_given_by_name(ask: Callable[[Any], Any], told: str) -> None:
    with pytest.raises(TypeError, match=re.escape(told)):
        ask(Together(api_key=KEY))


@both_sides
def test_a_server_that_is_not_the_api_is_named(open_side: OpenSide) -> None:
    page = message(b"<html>Welcome</html>", headers={"Content-Type": "text/html"})
    missing = message(b"<html>Nothing here</html>", status=404, headers={"Content-Type": "text/html"})
    with HTTPServer(raw(page), raw(missing)) as server, open_side(server.url, max_retries=0) as side:
        with pytest.raises(APIResponseValidationError) as misread:
            side.call(chat)
        with pytest.raises(NotFoundError) as refused:
            side.call(chat)
    assert f"{server.url}/v1/chat/completions" in str(misread.value)
    assert f"from {server.url}/v1/chat/completions: <html>Nothing here" in str(refused.value)


@both_sides
def test_an_error_of_the_api_speaks_for_itself(open_side: OpenSide) -> None:
    refusal = answer({"error": {"message": "No such model"}}, status=404)
    with HTTPServer(refusal) as server, open_side(server.url) as side, pytest.raises(NotFoundError) as caught:
        side.call(chat)
    assert str(caught.value) == "404 Not Found: No such model"


@pytest.fixture
def plain_server() -> Iterator[int]:
    """The port of a server that answers a handshake as one without TLS does."""

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@both_sides
def test_tls_with_a_server_that_has_none_is_told(open_side: OpenSide, plain_server: int) -> None:
    with (
        open_side(f"https://127.0.0.1:{plain_server}", max_retries=0) as side,
        pytest.raises(TogetherError, match="Does it speak http:// and not https://"),
    ):
        side.call(chat)


def test_a_client_shows_what_it_adds_to_each_request() -> None:
    client = Together(api_key=KEY, default_headers={"X-Team": "search"}, default_query={"a": 1}, project_id="p")
    assert (dict(client.default_headers), dict(client.default_query)) == ({"X-Team": "search"}, {"a": 1})
    assert client.project_id == "p"
