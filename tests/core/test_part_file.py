"""The temporary file that a download is written to, and what another process finds of it."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from together_di._files import PartFile


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def part(target: Path, identity: str | None = "v1") -> tuple[PartFile, int]:
    file = PartFile(target, identity)
    return file, file.open()


def test_what_a_killed_process_has_left_is_gone_on_with(tmp_path: Path) -> None:
    program = """if True:
        import os, sys
        from pathlib import Path
        from together_di._files import PartFile
        file = PartFile(Path(sys.argv[1]), "v1")
        file.open()
        file.write(b"a" * 100_000)
        os._exit(1)
    """
    subprocess.run([sys.executable, "-c", program, tmp_path / "a"], check=False, timeout=60)
    file, position = part(tmp_path / "a")
    file.write(b"b")
    file.finish()
    assert (position, (tmp_path / "a").read_bytes()) == (100_000, b"a" * 100_000 + b"b")


def test_two_that_write_the_same_do_not_mix(tmp_path: Path) -> None:
    (first, _), (second, position) = part(tmp_path / "a"), part(tmp_path / "a")
    first.write(b"ab")
    second.write(b"abc")
    second.finish()
    assert (position, (tmp_path / "a").read_bytes()) == (0, b"abc")
    first.write(b"c")
    first.finish()
    assert ((tmp_path / "a").read_bytes(), names(tmp_path)) == (b"abc", ["a"])


def test_one_who_opened_the_part_just_before_it_was_finished_does_not_write_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = part(tmp_path / "a")
    first.write(b"abc")
    lock: Callable[..., None] = fcntl.flock

    def late(*args: Any) -> None:
        monkeypatch.undo()
        first.finish()
        lock(*args)

    monkeypatch.setattr(fcntl, "flock", late)
    second, position = part(tmp_path / "a")
    second.write(b"xyz")
    assert (position, (tmp_path / "a").read_bytes()) == (0, b"abc")
    second.give_up(KeyboardInterrupt())
    assert names(tmp_path) == ["a"]
