"""Server-sent events: the parser, by the standard."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from together_di.streaming import EventParser

from .support.events_by_the_standard import Events, reference


def parse(*pieces: bytes) -> Events:
    parser = EventParser()
    return [(name, data) for piece in pieces for name, data in parser.feed(piece)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_each_line_end_ends_a_line(end: bytes) -> None:
    # A CR at the very end waits for a LF that may follow: one more line shows that it did not.
    stream = b"event: a" + end + b"data: 1" + end + end + b"data: 2" + end + end + b":" + end
    assert parse(stream) == [("a", b"1"), ("message", b"2")]


EXAMPLES: dict[str, tuple[bytes, Events]] = {
    "mixed line ends": (b"data: 1\r\ndata: 2\rdata: 3\n\r\n", [("message", b"1\n2\n3")]),
    "byte order mark": (b"\xef\xbb\xbfdata: 1\n\n", [("message", b"1")]),
    "only the first byte order mark": (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n", [("message", b"1")]),
    "comments": (b": hello\n\n:data: 0\ndata: 1\n: there\n\n", [("message", b"1")]),
    "several data lines": (b"data: 1\ndata: 2\n\n", [("message", b"1\n2")]),
    "event name": (b"event: error\ndata: 1\n\ndata: 2\n\n", [("error", b"1"), ("message", b"2")]),
    "last event name counts": (b"event: a\nevent: b\ndata: 1\n\n", [("b", b"1")]),
    "empty event name": (b"event: a\nevent\ndata: 1\n\n", [("message", b"1")]),
    "no space after the colon": (b"data:1\ndata:  2\n\n", [("message", b"1\n 2")]),
    "a tab is not a space": (b"data:\t1\n\n", [("message", b"\t1")]),
    "a colon in the value": (b"data: a: b\n\n", [("message", b"a: b")]),
    "field without a colon": (b"data\n\n", [("message", b"")]),
    "empty data": (b"data:\n\n", [("message", b"")]),
    "two empty data lines": (b"data\ndata\n\n", [("message", b"\n")]),
    "no data, no event": (b"event: a\n\ndata: 1\n\n", [("message", b"1")]),
    "id and retry": (b"id: 1\nretry: 5\ndata: 1\n\n", [("message", b"1")]),
    "unknown fields": (b"dataset: 0\nDATA: 0\n data: 0\ndata: 1\n\n", [("message", b"1")]),
    "blank lines": (b"\n\n\ndata: 1\n\n\n\n", [("message", b"1")]),
    "unterminated last event": (b"data: 1\n\ndata: 2\n", [("message", b"1")]),
    "unterminated last line": (b"data: 1\n\ndata: 2", [("message", b"1")]),
    "other line separators": ("data: a\u2028b\x0bc\x85\n\n".encode(), [("message", "a\u2028b\x0bc\x85".encode())]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("stream", "events"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_parser_follows_the_standard(stream: bytes, events: Events) -> None:
    assert reference(stream) == events
    assert parse(stream) == events


@pytest.mark.parametrize(("stream", "events"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_parser_follows_the_standard_byte_by_byte(stream: bytes, events: Events) -> None:
    assert parse(*(stream[index : index + 1] for index in range(len(stream)))) == events


@pytest.mark.parametrize("cut", range(1, 22))
def test_a_character_of_several_bytes_may_be_cut_anywhere(cut: int) -> None:
    stream = "data: né 🦙 漢\n\n".encode()
    assert parse(stream[:cut], stream[cut:]) == [("message", "né 🦙 漢".encode())]


def test_the_parser_finds_cr_lf_cut_in_two() -> None:
    assert parse(b"data: 1\r", b"\ndata: 2\r", b"\n\r", b"\n") == [("message", b"1\n2")]


class Read(bytes):
    """A read of which is counted how many bytes are copied to put it behind others."""

    copied = 0

    def __radd__(self, others: bytes) -> bytes:
        Read.copied += len(others)
        return others + bytes(self)


@pytest.mark.parametrize("field", [b"data: ", b"data:", b":", b"event: a\ndata: ", b"data: 1\ndata: "])
def test_a_long_line_is_not_copied_again_with_each_read(field: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Read, "copied", 0)
    stream = field + b"x" * 100_000 + b"\n\n"
    pieces = [Read(stream[start : start + 100]) for start in range(0, len(stream), 100)]
    assert parse(*pieces) == reference(stream)
    assert Read.copied < 10 * len(stream)


LINE_ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])
LINES = st.one_of(
    st.sampled_from(
        [b"", b"", b"data: {}", b"data:x", b"data", b"data: ", b"event: e", b"event", b": c", b"id: 1", b"\xef\xbb\xbf"]
    ),
    st.text(alphabet="da:te \u00e9\U0001f999v", max_size=12).map(str.encode),
    st.binary(max_size=8),
)
STREAMS = st.builds(
    lambda mark, lines: (b"\xef\xbb\xbf" if mark else b"") + b"".join(line + end for line, end in lines),
    st.booleans(),
    st.lists(st.tuples(LINES, LINE_ENDS), max_size=14),
)


@given(STREAMS, st.lists(st.integers(0, 150), max_size=12))
def test_any_cutting_gives_the_events_of_the_whole(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]
    # What ends the last line, so that a CR at the end need not wait.
    assert parse(*pieces, b":\n") == reference(stream + b":\n")


@given(STREAMS)
def test_no_event_waits_for_more_than_a_line_feed(stream: bytes) -> None:
    whole = reference(stream)
    assert parse(stream) in (whole, whole[:-1])
    assert parse(stream, b"\n" if stream.endswith(b"\r") else b"") == whole
