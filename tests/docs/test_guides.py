"""The guide of each framework, followed to the letter: its files, its commands, its test, its streamed answer."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

DOCS = Path(__file__).parents[2] / "docs"

#: Seconds until a step is given up: never reached unless a test fails.
PATIENCE = 60

GUIDES = ("django", "flask", "fastapi")
pytestmark = pytest.mark.parametrize("guide", GUIDES)


class Guide(NamedTuple):
    """What a reader types."""

    files: dict[str, str]
    commands: list[str]


def read(name: str) -> Guide:
    text = (DOCS / f"{name}.md").read_text()
    blocks = re.findall(r"```python\n# (\S+\.py)(, at the end)?\n(.*?)```", text, re.DOTALL)
    files = {file: f"{'+' if appended else ''}{content}" for file, appended, content in blocks}
    commands = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return Guide(files, commands)


@pytest.fixture
def project(guide: str, tmp_path: Path) -> Path:
    """A folder with the files of the guide."""
    pytest.importorskip(guide)
    found = read(guide)
    for command in found.commands:
        if command.startswith("django-admin"):
            run(command, tmp_path)
    for name, content in found.files.items():
        path = tmp_path / name
        if content.startswith("+"):
            path.write_text(f"{path.read_text()}\n{content[1:]}")
        else:
            path.write_text(content)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "TOGETHER_TRANSPORT": "embedded", "PYTHONPATH": str(folder)}


def run(command: str, folder: Path) -> str:
    setting, _, rest = command.partition(" ") if re.match(r"[A-Z_]+=", command) else ("", "", command)
    variables = dict([setting.split("=")]) if setting else {}
    done = subprocess.run(
        shlex.split(rest),
        cwd=folder,
        env={**environment(folder), **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def command_with(guide: str, text: str) -> str:
    return next(command for command in read(guide).commands if text in command)


def test_the_check_says_that_it_works(guide: str, project: Path) -> None:
    assert "default: ok: the emulator in this process answers" in run(command_with(guide, " check"), project)


def test_its_test_passes(guide: str, project: Path) -> None:
    assert "1 passed" in run(last_pytest(guide), project)


def test_its_test_can_fail(guide: str, project: Path) -> None:
    test = project / "test_shop.py"
    test.write_text(test.read_text().replace('.returns("Mountains")', '.returns("Valleys")'))
    with pytest.raises(AssertionError, match="Valleys"):
        run(last_pytest(guide), project)


def last_pytest(guide: str) -> str:
    return [command for command in read(guide).commands if command.endswith("pytest")][-1]


@contextmanager
def served(guide: str, project: Path) -> Generator[str]:
    """The address of the server that the guide starts, on a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = command_with(guide, "--port 8000").replace("8000", str(port))
    server = subprocess.Popen(
        shlex.split(command), cwd=project, env=environment(project), stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        assert any(str(port) in line for line in iter(server.stderr.readline, "")), "the server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=PATIENCE)


def test_the_answer_is_streamed(guide: str, project: Path) -> None:
    address = shlex.split(command_with(guide, "curl"))[1]
    with (
        served(guide, project) as url,
        urllib.request.urlopen(address.replace("http://127.0.0.1:8000", url), timeout=PATIENCE) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        events = response.read().decode().split("\n\n")
    assert len(events) > 4
    assert '"object":"chat.completion.chunk"' in events[0]
    assert events[-2:] == ["data: [DONE]", ""]
