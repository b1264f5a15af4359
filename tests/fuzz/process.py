"""The process that fuzzes: `python -m tests.fuzz.process TARGET [libFuzzer options]`. libFuzzer ends it."""

from __future__ import annotations

import importlib
import sys
import warnings
from contextlib import ExitStack
from random import Random
from typing import Any


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz a target; this does not return. A warning is a failure, and so is an error that nobody can catch.

    Args:
        name: The target.
        options: What libFuzzer is told.
    """
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["together_di"]):
        change_json = importlib.import_module(".mutation", __package__).change_json
        target = importlib.import_module(".targets", __package__).TARGETS[name]
        check = target.opened(ExitStack())
        # Imports what is imported at the first use, while that is instrumented.
        for seed in target.seeds:
            check(seed)
    warnings.simplefilter("error")
    unraisable: list[Any] = []
    sys.unraisablehook = unraisable.append

    def run(data: bytes) -> None:
        check(data)
        if unraisable:
            raise unraisable[0].exc_value

    def mutate(data: bytes, limit: int, seed: int) -> bytes:
        random = Random(seed)
        as_json = random.random() < target.json_share
        changed: bytes = change_json(data, random) if as_json else atheris.Mutate(data, limit)
        return changed[:limit]

    atheris.Setup([name, *options], run, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], sys.argv[2:])
