"""A short film: an MP4 file with uncompressed H.264 pictures, which every player shows, built without a library."""

from __future__ import annotations

import struct
from collections.abc import Sequence

WIDTH, HEIGHT = 96, 64
FRAMES = 8

_COLUMNS, _ROWS = WIDTH // 16, HEIGHT // 16
# A unit matrix in fixed-point numbers: the picture is shown as it is.
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def mp4(digest: bytes, milliseconds: int) -> bytes:
    """Return the file; the digest decides on colours and movement.

    Args:
        digest: At least four bytes.
        milliseconds: How long the film is.
    """
    pictures = [_sized(_picture(digest, index)) for index in range(FRAMES)]
    head = _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomavc1")
    start = len(head) + 8
    return head + _box(b"mdat", *pictures) + _movie([len(picture) for picture in pictures], start, milliseconds)


class _Bits:
    """Writes the bit fields of H.264."""

    def __init__(self) -> None:
        self._bits = ""

    def fixed(self, value: int, width: int) -> _Bits:
        self._bits += f"{value:0{width}b}"
        return self

    def golomb(self, *values: int) -> _Bits:
        """Unsigned exponential Golomb codes."""
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code
        return self

    def aligned(self) -> bytes:
        """All bits, filled up with zeros to a whole byte."""
        bits = self._bits + "0" * (-len(self._bits) % 8)
        return bytes(int(bits[index : index + 8], 2) for index in range(0, len(bits), 8))


def _sequence_parameters() -> bytes:
    """The baseline profile, level 3, no reordering of pictures, and their size in blocks of 16."""
    bits = _Bits().golomb(0, 0, 2, 0).fixed(0, 1).golomb(_COLUMNS - 1, _ROWS - 1).fixed(0b11001, 5)
    return bytes((0x67, 66, 0xC0, 30)) + bits.aligned()


def _picture_parameters() -> bytes:
    """Everything at its simplest."""
    bits = _Bits().golomb(0, 0).fixed(0, 2).golomb(0, 0, 0).fixed(0, 3).golomb(0, 0, 0).fixed(0b0001, 4)
    return b"\x68" + bits.aligned()


def _picture(digest: bytes, index: int) -> bytes:
    """A picture that needs no other one: a gradient that wanders."""
    head = _Bits().golomb(0, 7, 0).fixed(0, 4).golomb(index % 2).fixed(0, 2).golomb(0, 25)
    blocks: list[bytes] = []
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            # The first block's type, 25 for samples as they are, stands in the head.
            blocks.append(_Bits().golomb(25).aligned() if blocks else b"")
            blocks.append(_block(digest, row * 16, column * 16, index))
    return b"\x65" + head.aligned() + b"".join(blocks) + b"\x80"


def _block(digest: bytes, top: int, left: int, index: int) -> bytes:
    """16 by 16 pixels: brightness of each, then two colours of 8 by 8. No byte is zero: those would need escapes."""
    slant, speed = 1 + digest[2] % 3, 4 + digest[3] % 8
    shift = index * speed + left + top * slant
    brightness = bytes(32 + (shift + x + y * slant) % 176 for y in range(16) for x in range(16))
    return brightness + bytes((digest[0] or 1,)) * 64 + bytes((digest[1] or 1,)) * 64


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I4s", len(data) + 8, kind) + data


def _numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _movie(sizes: Sequence[int], start: int, duration: int) -> bytes:
    """What is in the file: one track, times in milliseconds."""
    header = _box(
        b"mvhd", _numbers(0, 0, 0, 1000, duration, 0x10000, 0x01000000, 0, 0), _MATRIX, bytes(24), _numbers(2)
    )
    track = _box(b"tkhd", _numbers(3, 0, 0, 1, 0, duration, 0, 0, 0, 0), _MATRIX, _numbers(WIDTH << 16, HEIGHT << 16))
    media = _box(b"mdhd", _numbers(0, 0, 0, 1000, duration), b"\x55\xc4", bytes(2))
    handler = _box(b"hdlr", bytes(8), b"vide", bytes(12), b"film\0")
    reference = _box(b"dinf", _box(b"dref", _numbers(0, 1), _box(b"url ", _numbers(1))))
    information = _box(b"minf", _box(b"vmhd", _numbers(1), bytes(8)), reference, _table(sizes, start, duration))
    return _box(b"moov", header, _box(b"trak", track, _box(b"mdia", media, handler, information)))


def _table(sizes: Sequence[int], start: int, duration: int) -> bytes:
    """Where each picture is, and how long it stays."""
    sequence, picture = _sequence_parameters(), _picture_parameters()
    configuration = _box(b"avcC", b"\x01", sequence[1:4], b"\xff\xe1", _short(sequence), b"\x01", _short(picture))
    size = struct.pack(">HH", WIDTH, HEIGHT)
    coding = _box(
        b"avc1", bytes(6), b"\0\x01", bytes(16), size, _numbers(0x480000, 0x480000, 0), b"\0\x01", bytes(32),
        b"\0\x18\xff\xff", configuration,
    )  # fmt: skip
    return _box(
        b"stbl",
        _box(b"stsd", _numbers(0, 1), coding),
        _box(b"stts", _numbers(0, 1, len(sizes), duration // len(sizes))),
        _box(b"stsc", _numbers(0, 1, 1, len(sizes), 1)),
        _box(b"stsz", _numbers(0, 0, len(sizes), *sizes)),
        _box(b"stco", _numbers(0, 1, start)),
    )


def _short(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data
