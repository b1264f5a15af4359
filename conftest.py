"""The Python examples of the README run as tests, on the embedded transport."""

from __future__ import annotations

from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser


def _embedded(namespace: dict[str, Any]) -> None:
    import pytest

    patch = namespace["patch"] = pytest.MonkeyPatch()
    patch.setenv("TOGETHER_TRANSPORT", "embedded")


def _restored(namespace: dict[str, Any]) -> None:
    namespace["patch"].undo()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], setup=_embedded, teardown=_restored
).pytest()
