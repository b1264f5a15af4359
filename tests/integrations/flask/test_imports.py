"""What importing the package does: nothing."""

from __future__ import annotations

import subprocess
import sys

from ...core.support.http_server import PATIENCE


def output_of(program: str) -> str:
    """What a fresh interpreter prints."""
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.stderr == ""
    return ended.stdout.strip()


def test_importing_opens_nothing_and_starts_no_thread() -> None:
    program = """
events = []
sys.addaudithook(lambda event, _: events.append(event))
import threading, together_di_flask
together_di_flask.FlaskTogether()
print([event for event in events if event.startswith("socket.")], threading.active_count())
"""
    assert output_of(program) == "[] 1"


def test_importing_reads_no_setting() -> None:
    program = """
import os
os.environ.update(TOGETHER_TIMEOUT="wrong", TOGETHER_CONFIG_FILE="/nowhere")
import together_di_flask
print(together_di_flask.FlaskTogether().alias)
"""
    assert output_of(program) == "default"


def test_without_flask_the_message_names_the_extra() -> None:
    program = """
sys.modules["flask"] = None
try:
    import together_di_flask
except ImportError as error:
    print(error)
"""
    assert output_of(program) == 'together_di_flask needs Flask: pip install "together-di[flask]"'


def test_the_adapters_of_other_frameworks_are_not_imported() -> None:
    program = "import together_di_flask; print(sorted(name for name in sys.modules if name.startswith('together_di_')))"
    assert all(name.startswith("'together_di_flask") for name in output_of(program).strip("[]").split(", "))
