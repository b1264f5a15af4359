"""Writing and reading RIFF/WAVE, with the spoken text as its comment."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = b"ICMT"


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """What a WAV file says about itself; `seconds` is its length."""

    seconds: float
    comment: str


def wrap_wave(samples: bytes, rate: int, *, comment: str) -> bytes:
    """Make a mono 16 bit WAV file; `rate` is in samples per second."""
    text = comment.encode(errors="replace") + b"\0"
    chunks = (
        _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)),
        _chunk(b"LIST", b"INFO" + _chunk(_COMMENT, text)),
        _chunk(b"data", samples),
    )
    return _chunk(b"RIFF", b"WAVE" + b"".join(chunks))


def read_wave(data: bytes) -> WaveFacts | None:
    """Return the facts of a WAV file, or None for other bytes."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    bytes_per_second, size, comment = 0, 0, ""
    for kind, content in _chunks(data, 12):
        if kind == b"fmt " and len(content) >= 12:
            bytes_per_second = int.from_bytes(content[8:12], "little")
        elif kind == b"LIST" and content[:4] == b"INFO":
            entries = dict(_chunks(content, 4))
            comment = entries.get(_COMMENT, b"").rstrip(b"\0").decode(errors="replace")
        elif kind == b"data":
            size = len(content)
    return WaveFacts(size / bytes_per_second if bytes_per_second else 0.0, comment)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _chunks(data: bytes, start: int) -> Iterator[tuple[bytes, bytes]]:
    while start + 8 <= len(data):
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        yield data[start : start + 4], data[start + 8 : start + 8 + size]
        start += 8 + size + size % 2
