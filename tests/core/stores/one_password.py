"""1Password. Its command line program and its service cannot be had here: a script stands in for `op`.

The script keeps to what 1Password documents (`op read`, `--no-newline`, exit code 1 with `[ERROR]` on stderr), with
messages as people quote them from versions 2.27 to 2.39. That the real program works with the store is untested.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

REFERENCE = "op://Private/together/api_key"
SCRIPT = """#!/bin/sh
cd {directory}
fail() {{
    echo "[ERROR] 2026/10/07 12:00:00 $1" >&2
    exit 1
}}
[ "$#-$1-$2" = 3-read---no-newline ] || fail "unknown command"
[ -e problem ] && fail "could not read secret '$3': $(cat problem)"
[ -e stalls ] && exec cat stalls
[ "$3" = {reference} ] && exec cat secret
problem='could not get item Private/nothing: "nothing" isn'"'"'t an item in the "Private" vault.'
fail "could not read secret '$3': $problem"
"""


class OnePasswordRig:
    name = "op"
    extra: str | None = None
    lacks: frozenset[str] = frozenset()
    reference = REFERENCE
    missing = "op://Private/nothing/api_key"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        self._state = directory
        program = directory / "bin" / "op"
        program.parent.mkdir()
        program.write_text(SCRIPT.format(directory=shlex.quote(str(directory)), reference=shlex.quote(REFERENCE)))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    def put(self, value: str) -> None:
        (self._state / "secret").write_text(value)

    def fail(self, problem: str) -> None:
        """From now on, `op` fails with this message."""
        (self._state / "problem").write_text(problem)

    def forbid(self) -> None:
        self.fail("(403) Forbidden: You aren't authorized to access this resource.")

    def stop(self) -> None:
        self.fail("error initializing client: dial tcp: lookup my.1password.com: no such host")

    def stall(self) -> None:
        """As while the desktop app waits for a finger: nobody ever writes to this pipe."""
        os.mkfifo(self._state / "stalls")

    def mend(self) -> None:
        (self._state / "problem").unlink(missing_ok=True)
        (self._state / "stalls").unlink(missing_ok=True)

    def close(self) -> None:
        pass
