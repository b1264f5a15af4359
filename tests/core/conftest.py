"""Fixtures that several files of core tests use."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from together_di.lending import Lease

from .support.leaks import found_in, safe_repr
from .support.training_file import LINES


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Retries do not wait, and nothing else does; the delays, in seconds, are in this list."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def pause(lease: Lease, seconds: float) -> None:
        waits.append(seconds)

    async def apause(lease: Lease, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Lease, "pause", pause)
    monkeypatch.setattr(Lease, "apause", apause)
    monkeypatch.setattr("time.sleep", waits.append)
    monkeypatch.setattr("anyio.sleep", sleep)
    return waits


@pytest.fixture
def nothing_is_written(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """After each test, what was logged at any level or printed is searched too."""
    with caplog.at_level(logging.DEBUG):
        yield
    for record in caplog.get_records("call"):
        assert found_in(f"{record.getMessage()} {safe_repr(vars(record))}") == []
    printed, complained = capfd.readouterr()
    assert found_in(printed + complained) == []


@pytest.fixture(params=["httpx", "aiohttp"])
def each_transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that are awaited use this one, in this process and in those it starts."""
    monkeypatch.setenv("TOGETHER_TRANSPORT", request.param)


@pytest.fixture
def training(tmp_path: Path) -> Path:
    """A file for fine-tuning that takes more than two reads."""
    path = tmp_path / "training.jsonl"
    path.write_bytes(LINES)
    return path
