"""Another process, started from nothing, with an environment of its own, which is sent pickles."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[3]


class OtherProcess:
    """Unpickles what it is sent, and does something with it."""

    def __init__(self, **variables: str) -> None:
        self._variables = variables

    def __enter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TOGETHER_")}
        path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.core.support.other_process"],
            cwd=ROOT,
            # The proxy is nobody: nothing gets out.
            env=environment | {"HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONPATH": path} | self._variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def does(self, function: Callable[[Any], Any], pickled: bytes) -> Any:
        """What `function`, of an importable module, gives there for what was pickled.

        Raises:
            Exception: What unpickling or the function raised there.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((function.__module__, function.__name__, pickled), self._process.stdin)
        self._process.stdin.flush()
        result, error = pickle.load(self._process.stdout)
        if error is not None:
            raise error
        return result


def serve() -> None:
    """Do as is asked, until nothing more is."""
    while True:
        try:
            module, name, pickled = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        outcome: tuple[Any, Exception | None]
        try:
            outcome = getattr(importlib.import_module(module), name)(pickle.loads(pickled)), None
        except Exception as error:
            outcome = None, error
        pickle.dump(outcome, sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
