from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from together_di import Together, __version__
from together_di.cli import main

from .support.events import DONE, events
from .support.http_server import HTTPServer, chunked, raw
from .support.sides import KEY

COMMAND = [sys.executable, "-c", "from together_di.cli import main; raise SystemExit(main())"]
TEXT = "The key comes from the environment."


@contextmanager
def running_emulator(*arguments: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and all it says at its start, down to the line to paste."""
    process = subprocess.Popen(
        [*COMMAND, "emulator", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = "".join(process.stdout.readline() for _ in range(3))
        yield process, said
    finally:
        process.kill()
        process.communicate()


def exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    return stopped.value.code


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert capsys.readouterr().out == f"together-di {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--help") == 0
    shown = capsys.readouterr().out
    assert "emulator" in shown
    assert "demo" in shown


@pytest.mark.parametrize("command", ["emulator", "demo"])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(command, "--help") == 0
    assert f"usage: together-di {command}" in capsys.readouterr().out


def test_a_chunk_without_choices_or_without_a_delta_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = b'data: {"id": "1", "choices": null}\n\ndata: {"id": "1", "choices": [{"index": 0, "delta": null}]}\n\n'
    with HTTPServer(raw(chunked(events("Bon") + empty + events("jour") + DONE))) as server:
        monkeypatch.setenv("TOGETHER_API_KEY", KEY)
        monkeypatch.setenv("TOGETHER_BASE_URL", server.url)
        assert main(["chat", "Hi"]) == 0
    assert capsys.readouterr().out == "Bonjour\n"


def test_no_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code() == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1", "http", "8.0", "²"])
def test_what_is_no_port_is_a_usage_error(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("emulator", f"--port={port}") == 2
    assert f"{port!r} is not a port: write a number from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("--question=", "the question is empty"),
        ("--question= \n", "the question is empty"),
        ("--question=\udcff", "the question is not UTF-8"),
        ("--output=notes.md", "'notes.md' does not end in .png"),
        ("--output=", "'' does not end in .png"),
    ],
)
def test_an_unusable_argument_of_the_demo_is_a_usage_error(
    argument: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("demo", argument) == 2
    assert problem in capsys.readouterr().err


def test_the_help_imports_no_heavy_library() -> None:
    program = "import sys, together_di.cli as c\ntry: c.main(['demo', '--help'])\nexcept SystemExit: pass\n"
    program += "print(sorted({'dependency_injector', 'pydantic_settings', 'together_di.emulator'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_the_emulator_serves_until_it_is_told_to_stop(name: str) -> None:
    with running_emulator("--port", "0") as (process, said):
        url = said.split("TOGETHER_BASE_URL=")[1].split()[0]
        with Together(base_url=url, api_key="k") as client:
            answer = client.embeddings.create(model="m", input="Hi")
        assert len(answer.data) == 1
        process.send_signal(getattr(signal, name))
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_the_emulator_stops_while_a_client_keeps_its_connection() -> None:
    with running_emulator("--port", "0") as (process, said):
        url = said.split("TOGETHER_BASE_URL=")[1].split()[0]
        with Together(base_url=url, api_key="k") as client:
            client.embeddings.create(model="m", input="Hi")
            process.terminate()
            _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_the_emulator_says_where_it_is_in_a_line_to_paste() -> None:
    with running_emulator("--port", "0", "--host", "localhost") as (_, said):
        url = said.split(" answers at ")[1].split()[0]
        pasted = subprocess.run(
            ["/bin/sh", "-c", said.splitlines()[2] + '\necho "$TOGETHER_BASE_URL $TOGETHER_API_KEY"'],
            capture_output=True,
            text=True,
            check=True,
        )
    assert url.startswith("http://localhost:")
    assert pasted.stdout == f"{url} anything\n"


def test_a_port_in_use_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["emulator", "--port", str(port)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use" in shown.err
    assert "--port" in shown.err


def test_a_host_that_is_not_this_machine_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emulator", "--port", "0", "--host", "192.0.2.1"]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("together-di emulator: Cannot listen on 192.0.2.1 port 0: ")
    assert shown.err.count("\n") == 1


def test_an_error_is_one_message_on_stderr(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = tmp_path / "missing.md"
    assert main(["demo", str(missing), "--output", str(tmp_path / "p.png")]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"together-di demo: Cannot read {missing}: No such file or directory.\n"


def test_ctrl_c_in_the_demo_is_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("together_di.demo.run", interrupted)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    file = tmp_path / "text.md"
    file.write_text(TEXT)
    demo = [*COMMAND, "demo", str(file), "--output", str(tmp_path / "p.png")]
    done = subprocess.run(demo, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if not line.startswith("TRANSPORT=embedded")] == []
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_output_that_cannot_be_written_is_said_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "emulator", "--port", "0"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "together-di: Cannot write the output: No space left on device.\n"


def test_every_method_is_listed_with_its_verb_and_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert ["chat.completions.create", "POST", "/v1/chat/completions"] in lines
    assert ["models.delete", "DELETE", "/v2/projects/{project_id}/models/{id}"] in lines
    assert ["files.upload", "several", "requests"] in lines
    assert ["whoami", "GET", "/v3/whoami"] in lines


def test_the_methods_can_be_had_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    assert {"name": "whoami", "verb": "GET", "path": "/v3/whoami"} in json.loads(capsys.readouterr().out)
