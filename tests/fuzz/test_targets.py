"""Fuzzing, for as long as a test may take; and that it finds what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from . import seeds
from .found import FOUND
from .targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
RUNS = 2000

needs_atheris = pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is not installed: there is one for Linux on x86-64 only"
)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A Python process in the repository, in which the same happens every time."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    command = (sys.executable, *command)
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=120,
        check=False,
    )


def options(name: str, folder: Path, runs: int = RUNS) -> list[str]:
    """What libFuzzer is told: a bounded number of runs, always the same ones, and no files outside `folder`."""
    written = seeds.write(folder, TARGETS[name].seeds, TARGETS[name].words)
    return [f"-runs={runs}", "-seed=1", f"-artifact_prefix={folder}/", *written]


def check(name: str, *inputs: bytes) -> None:
    """Fail if a target does with any of these."""
    with ExitStack() as stack:
        target = TARGETS[name].opened(stack)
        for data in inputs:
            target(data)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_in_order_passes(name: str) -> None:
    check(name, *TARGETS[name].seeds)


@pytest.mark.parametrize(("name", "data"), FOUND.values(), ids=FOUND.keys())
def test_what_once_failed_passes(name: str, data: bytes) -> None:
    check(name, data)


@needs_atheris
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found_in_some_thousand_runs(name: str, tmp_path: Path) -> None:
    done = run("-m", "tests.fuzz.process", name, *options(name, tmp_path))
    assert (done.returncode, f"Done {RUNS} runs" in done.stdout) == (0, True), done.stdout[-3000:]


#: A mistake in the package that no seed shows, and what its failure looks like.
MISTAKES = {
    "events": (
        """
        from together_di.streaming import EventParser
        feed = EventParser.feed
        EventParser.feed = lambda self, chunk: feed(self, chunk.replace(b"\\r\\n", b"\\n").replace(b"\\r", b"\\n"))
        """,
        "assert parsed(pieces) == parsed([whole])",
    ),
    "stream": (
        """
        from together_di import streaming
        error_body = streaming._error_body
        streaming._error_body = lambda name, data: error_body(name, data) if b"}" in data else {}["error"]
        """,
        "KeyError: 'error'",
    ),
    "answer": (
        """
        from together_di import decoding
        decoding._likeness = None
        """,
        "TypeError: 'NoneType' object is not callable",
    ),
    "error": (
        """
        from together_di import errors
        errors.BY_STATUS[409] = errors.APIStatusError
        """,
        "assert (type(error), error.status_code)",
    ),
    "array": (
        """
        from together_di import arrays
        decode = arrays._Rows.json_decoder()
        def unlike(data):
            try:
                return decode(data)
            except Exception as error:
                raise (KeyError if "same shape" in str(error) else type(error))(*error.args)
        arrays._Rows.json_decoder = lambda: unlike
        """,
        "KeyError: 'these are no vectors",
    ),
}
PROGRAM = """
import atheris, sys
with atheris.instrument_imports(include=["together_di"]):
    exec({mistake!r})
from tests.fuzz.process import fuzz
fuzz(sys.argv[1], sys.argv[2:])
"""


@needs_atheris
@pytest.mark.parametrize("name", TARGETS)
def test_a_mistake_is_found(name: str, tmp_path: Path) -> None:
    mistake, failure = MISTAKES[name]
    program = PROGRAM.format(mistake=textwrap.dedent(mistake))
    done = run("-c", program, name, *options(name, tmp_path, 10 * RUNS))
    assert done.returncode != 0
    assert failure in done.stdout
    assert [path.name for path in tmp_path.glob("crash-*")], "It was a seed that showed it"


@needs_atheris
def test_an_input_that_failed_can_be_run_again(tmp_path: Path) -> None:
    (tmp_path / "crash").write_bytes(b"data: 1\n\n")
    done = run("-m", "tests.fuzz", "events", str(tmp_path / "crash"))
    assert (done.returncode, "Running 1 inputs" in done.stdout) == (0, True)


def test_without_a_target_it_says_which_there_are() -> None:
    done = run("-m", "tests.fuzz")
    assert done.returncode == 2
    assert all(name in done.stdout for name in TARGETS)
