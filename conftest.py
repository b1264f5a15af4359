"""Every test runs in a clean environment and without the outside network; examples in prose are tests, too."""

from __future__ import annotations

import os
import socket
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.doctest import DocTestParser
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.sybil import SybilCollection

LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    _clean(monkeypatch)


@pytest.fixture(autouse=True)
def no_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine fails the test that makes it.

    It sees what goes through `socket`, in this process: uvloop and other processes do not.
    """
    _guard(monkeypatch)


def _clean(patch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TOGETHER_") or name.lower().endswith("_proxy"):
            patch.delenv(name)


def _guard(patch: pytest.MonkeyPatch) -> None:
    for method in (socket.socket.connect, socket.socket.connect_ex):
        patch.setattr(socket.socket, method.__name__, _guarded(method))


def _guarded(method: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):  # else a path
            raise AssertionError(f"A test tried to reach {address[0]}")
        return method(self, address)

    return connect


def _embedded(namespace: dict[str, Any]) -> None:
    patch = namespace["patch"] = pytest.MonkeyPatch()
    _clean(patch)
    _guard(patch)
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
