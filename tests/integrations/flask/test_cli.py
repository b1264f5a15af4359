"""`flask together`: the commands of `together-di` on the clients of the app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ...core.support.http_server import PATIENCE, HTTPServer, answer
from ...core.support.sides import KEY
from ..app_server import ROOT
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


# An app that fails when it is made

MISTAKEN = """
from flask import Flask
from together_di_flask import FlaskTogether

def create_app():
    app = Flask("shop")
    app.config["TOGETHER"] = {"timout": 20}
    app.cli.command("other")(lambda: None)
    FlaskTogether(app)
    return app
"""


def run_on_mistaken_app(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    (directory / "shop.py").write_text(MISTAKEN)
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "shop", *command],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "integrations")])},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )


@pytest.mark.parametrize("command", ["config", "check"])
def test_what_is_wrong_with_an_app_is_printed(command: str, tmp_path: Path) -> None:
    done = run_on_mistaken_app(tmp_path, "together", command)
    assert (done.returncode, done.stderr) == (1, "")
    assert "did you mean 'timeout'" in done.stdout
    assert "There is no Together API key" in done.stdout


@pytest.mark.parametrize("command", ["other", "run"])
def test_other_commands_fail_at_once(command: str, tmp_path: Path) -> None:
    done = run_on_mistaken_app(tmp_path, command)
    assert done.returncode == 1
    assert "ConfigurationError" in done.stderr
