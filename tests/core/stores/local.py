"""The environment, and a mounted file that is replaced as Kubernetes does it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


class EnvironmentRig:
    """Another variable; nothing can come between a process and its environment."""

    name = "env"
    extra: str | None = None
    lacks = frozenset({"forbid", "stop", "stall"})
    reference = "env://TOGETHER_ELSEWHERE"
    missing = "env://TOGETHER_NOWHERE"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        self._patch = monkeypatch

    def put(self, value: str) -> None:
        self._patch.setenv("TOGETHER_ELSEWHERE", value)

    def mend(self) -> None:
        pass

    forbid = stop = stall = close = mend


class FileRig:
    """A volume in the layout of Kubernetes: the name is a link through `..data`, which is moved to a new directory."""

    name = "file"
    extra: str | None = None
    #: A file that has gone is a file that is missing; a disk that hangs takes a kernel to make.
    lacks = frozenset({"stop", "stall"})

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        self._volume = directory / "volume"
        self._volume.mkdir()
        (self._volume / "together").symlink_to("..data/together")
        self.reference = f"file://{self._volume}/together"
        self.missing = f"file://{self._volume}/nothing"
        self._user = os.geteuid()

    def put(self, value: str) -> None:
        data, link = self._volume / "..data", self._volume / "..data_tmp"
        previous = data.resolve() if data.exists() else None
        new = self._volume / f"..{len(value)}_{os.urandom(4).hex()}"
        new.mkdir()
        (new / "together").write_text(value)
        link.symlink_to(new.name)
        link.replace(data)
        if previous is not None:
            shutil.rmtree(previous)

    def forbid(self) -> None:
        """Root may read anything, so root becomes nobody."""
        self._volume.chmod(0)
        if self._user == 0:
            os.seteuid(65534)

    def mend(self) -> None:
        os.seteuid(self._user)
        self._volume.chmod(0o700)

    def close(self) -> None:
        pass

    stop = stall = close
