from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from together_di.emulator.film import FRAMES, HEIGHT, WIDTH, mp4


def boxes(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """The boxes that follow one another: kind, where the content begins, content."""
    place = 0
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        assert 8 <= size <= len(data) - place
        yield kind, place + 8, data[place + 8 : place + size]
        place += size


def inner(data: bytes, *path: bytes) -> bytes:
    """The content of a box within boxes."""
    for kind in path:
        data = next(content for found, _, content in boxes(data) if found == kind)
    return data


def table(film: bytes, kind: bytes) -> tuple[int, ...]:
    content = inner(film, b"moov", b"trak", b"mdia", b"minf", b"stbl", kind)
    return struct.unpack(f">{len(content) // 4}I", content)


@pytest.fixture
def film() -> bytes:
    return mp4(b"\x10\xf0\x05\x09", 4000)


def test_a_film_is_made_of_whole_boxes(film: bytes) -> None:
    assert [kind for kind, _, _ in boxes(film)] == [b"ftyp", b"mdat", b"moov"]


def test_the_pictures_lie_where_the_table_says(film: bytes) -> None:
    (_, start, pictures) = next(box for box in boxes(film) if box[0] == b"mdat")
    *_, offset = table(film, b"stco")
    sizes = table(film, b"stsz")[3:]
    assert offset == start
    assert len(sizes) == FRAMES
    assert sum(sizes) == len(pictures)


def test_each_picture_stands_alone_and_says_how_long_it_is(film: bytes) -> None:
    place = table(film, b"stco")[-1]
    for size in table(film, b"stsz")[3:]:
        picture = film[place : place + size]
        assert struct.unpack(">I", picture[:4]) == (size - 4,)
        # 0x65: a picture that needs no other.
        assert (picture[4], picture[-1]) == (0x65, 0x80)
        place += size


def test_no_picture_holds_what_would_need_an_escape() -> None:
    for digest in (bytes(4), b"\xff" * 4, b"\x10\xf0\x05\x09"):
        content = inner(mp4(digest, 1000), b"mdat")
        payloads = content[4:]
        assert not any(b"\0\0" + bytes((low,)) in payloads[40:5000] for low in range(4))


def test_a_film_lasts_as_long_as_was_asked_for(film: bytes) -> None:
    *_, count, each = table(film, b"stts")
    assert count * each == 4000
    _, _, _, scale, duration = struct.unpack(">5I", inner(film, b"moov", b"mvhd")[:20])
    assert duration / scale == 4


def test_a_film_has_its_size(film: bytes) -> None:
    entry = inner(film, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")[8:]
    assert entry[4:8] == b"avc1"
    assert struct.unpack(">HH", entry[32:36]) == (WIDTH, HEIGHT)


def test_another_digest_gives_another_film(film: bytes) -> None:
    assert mp4(b"\x10\xf0\x05\x09", 4000) == film
    assert mp4(b"\x11\xf0\x05\x09", 4000) != film
