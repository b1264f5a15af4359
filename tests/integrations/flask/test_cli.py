"""`flask together`: the commands of `together-di` on the clients of the app."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ...core.support.http_server import HTTPServer, answer
from ...core.support.sides import KEY
from .support import EMBEDDED, make_app


def run(*arguments: str, **config: Any) -> tuple[int, str]:
    """The exit code and the output of `flask together ...`."""
    runner = make_app(None, **{"TOGETHER": EMBEDDED, **config}).test_cli_runner()
    result = runner.invoke(args=["together", *arguments])
    return result.exit_code, result.output


def test_chat_prints_the_answer() -> None:
    code, output = run("chat", "--model", "any", "Where do llamas live?")
    assert (code, "Where do llamas live?" in output) == (0, True)


def test_models_are_listed() -> None:
    assert "openai/gpt-oss-20b\n" in run("models")[1]


def test_check_says_that_the_api_answers() -> None:
    code, output = run("check")
    assert (code, "default: ok" in output) == (0, True)


def test_check_fails_when_the_key_is_refused() -> None:
    with HTTPServer(default=answer({"error": {"message": "no"}}, 401)) as server:
        code, output = run("check", TOGETHER={"api_key": KEY, "base_url": server.url})
    assert (code, "default: FAILED" in output, KEY in output) == (1, True, False)


def test_config_shows_the_settings_of_the_app_as_json() -> None:
    code, output = run("config", "--json", TOGETHER={"api_key": KEY, "timeout": 7})
    timeout = next(entry for entry in json.loads(output)["default"]["entries"] if entry["option"] == "timeout")
    assert (code, timeout["source"]) == (0, 'app.config["TOGETHER"]["timeout"]')


def test_config_does_not_show_the_key() -> None:
    assert KEY not in run("config", TOGETHER={"api_key": KEY})[1]


def test_a_client_is_chosen_by_its_name() -> None:
    code, output = run("config", "--client", "eu", TOGETHER={"default": EMBEDDED, "eu": {**EMBEDDED, "timeout": 7}})
    assert (code, 'app.config["TOGETHER"]["eu"]["timeout"]' in output) == (0, True)


def test_an_unknown_client_is_an_error_in_one_line() -> None:
    code, output = run("chat", "--client", "eu", "Hi")
    assert (code, output.splitlines()[-1]) == (1, "Error: There is no client 'eu'. Known: default.")


def test_a_missing_argument_is_an_error_with_the_usage() -> None:
    code, output = run("chat")
    assert (code, "usage: flask together chat" in output) == (2, True)


def test_the_help_of_a_command_has_its_arguments() -> None:
    code, output = run("chat", "--help")
    assert (code, "usage: flask together chat" in output, "--model MODEL" in output) == (0, True, True)


@pytest.mark.parametrize("name", ["config", "check", "models", "chat"])
def test_the_help_of_the_group_lists_every_command(name: str) -> None:
    code, output = run("--help")
    assert (code, f"  {name} " in output) == (0, True)
