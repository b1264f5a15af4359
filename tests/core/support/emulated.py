"""The emulator on loopback, and a record of what reached it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from together_di.emulator import Emulator, EmulatorServer, Reply


@dataclass(frozen=True)
class Seen:
    """One request that reached the emulator; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class RecordingEmulator(Emulator):
    """Answers like any emulator, and remembers the requests."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Seen] = []

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, base_url: str) -> Reply:
        self.seen.append(Seen(method, target, headers, body))
        return super().handle(method, target, headers, body, base_url=base_url)


@contextmanager
def emulator() -> Generator[tuple[str, RecordingEmulator]]:
    """Serve an emulator: its URL, and the emulator itself."""
    recording = RecordingEmulator()
    with EmulatorServer(recording) as server:
        yield server.url, recording
