"""The examples of the README and of the docstrings run as tests, on the embedded transport."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.doctest import DocTestParser
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.sybil import SybilCollection


def _embedded(namespace: dict[str, Any]) -> None:
    patch = namespace["patch"] = pytest.MonkeyPatch()
    patch.setenv("TOGETHER_TRANSPORT", "embedded")
    folder = namespace["folder"] = TemporaryDirectory()  # for the files an example writes
    patch.chdir(folder.name)


def _restored(namespace: dict[str, Any]) -> None:
    namespace["patch"].undo()
    namespace["folder"].cleanup()


GUIDES = ["README.md", "docs/api.md", "docs/configuration.md", "docs/testing.md"]

pytest_collect_file = SybilCollection(
    [
        Sybil(parsers=[PythonCodeBlockParser()], patterns=GUIDES, setup=_embedded, teardown=_restored),
        Sybil(parsers=[DocTestParser()], path="together_di", patterns=["*.py"]),
        Sybil(parsers=[DocTestParser()], path="integrations", patterns=["*.py"]),
    ]
).pytest()
