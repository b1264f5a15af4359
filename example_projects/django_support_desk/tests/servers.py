"""The project under a real server, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from .upstream import PATIENCE

PROJECT = Path(__file__).parent.parent


def environment(database: Path, upstream: str) -> dict[str, str]:
    """What the project finds in its environment."""
    variables = {"DJANGO_DATABASE": str(database), "TOGETHER_API_KEY": "a-key", "TOGETHER_BASE_URL": upstream}
    return {**os.environ, **variables, "TOGETHER_MAX_RETRIES": "0", "PYTHONUNBUFFERED": "1"}


def migrate(database: Path) -> None:
    """Make the database."""
    command = (sys.executable, "manage.py", "migrate", "--verbosity", "0")
    subprocess.run(command, cwd=PROJECT, env=environment(database, "http://127.0.0.1:1"), check=True, timeout=PATIENCE)


class Server:
    """A server that runs while this is open.

    Attributes:
        url: Where it is.
        lines: What it has printed.
    """

    def __init__(self, command: tuple[str, ...], database: Path, upstream: str) -> None:
        self.lines: list[str] = []
        self._command = command
        self._environment = environment(database, upstream)
        self._listens = threading.Event()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            (sys.executable, *self._command),
            cwd=PROJECT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._listens.wait(PATIENCE):
            self.__exit__(None, None, None)
            raise AssertionError("".join(self.lines))
        return self

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.lines.append(line)
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    self.url = found[0]
                    self._listens.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._reader.join(PATIENCE)
