"""What a server may send at all: whatever it is, it parses, or it is a typed error."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from together_di import APIError
from together_di.decoding import Misfit, Reader, decoder
from together_di.streaming import EventParser, _Items
from together_di.types.chat import ChatCompletion, ChatCompletionChunk
from together_di.wire import Body, Response

from ..core.support.events_by_the_standard import reference

#: Bytes that mean something in a stream are much more likely than others.
PIECES = st.sampled_from(
    [
        b"data",
        b"event",
        b"id",
        b"retry",
        b":",
        b": ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"[DONE]",
        b"error",
        b"{",
        b"}",
        b'"',
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=3), max_size=40).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 120), max_size=6))
@settings(max_examples=1500, database=None)
def test_a_stream_is_read_as_the_standard_says_wherever_it_is_cut(data: bytes, cuts: list[int]) -> None:
    parser = EventParser()
    bounds = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    found = [event for start, end in pairwise(bounds) for event in parser.feed(data[start:end])]
    if data.endswith(b"\r"):  # it may be half of a line end
        found += parser.feed(b":")
    assert found == reference(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    "id",
    "object",
    "created",
    "model",
    "choices",
    "usage",
    "index",
    "message",
    "delta",
    "content",
    "role",
    "error",
]
SHAPED = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)
DECODERS = [decoder(ChatCompletion, strict=False), decoder(ChatCompletionChunk, strict=False)]


@given(SHAPED)
@settings(max_examples=400, database=None)
def test_any_object_is_decoded_and_anything_else_is_a_misfit(value: object) -> None:
    for decode in DECODERS:
        try:
            decode(json.dumps(value).encode())
        except Misfit:
            assert not isinstance(value, dict)
        else:
            assert isinstance(value, dict)


MARKS = [b"", b"0", b'"', b":", b",", b"[", b"]", b"{", b"}"]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """JSON of which a piece is missing, or another, which may be as good."""
    data = json.dumps(draw(SHAPED)).encode()
    start = draw(st.integers(0, len(data)))
    return data[:start] + draw(st.sampled_from(MARKS)) + data[start + 1 :]


def is_kept(value: object, sent: object) -> bool:
    """Whether `value` says what was sent; a number may have been sent as text."""
    if isinstance(value, dict) and isinstance(sent, dict):
        return value.keys() == sent.keys() and all(is_kept(value[key], sent[key]) for key in sent)
    if isinstance(value, list) and isinstance(sent, list):
        return len(value) == len(sent) and all(map(is_kept, value, sent))
    return value == sent or (isinstance(sent, str) and float(sent) == value)


@given(st.binary(max_size=60) | damaged())
@settings(max_examples=800, database=None)
def test_any_bytes_are_decoded_and_kept_or_a_misfit(data: bytes) -> None:
    for decode in [*DECODERS, decoder(ChatCompletion, strict=True)]:
        try:
            decoded = decode(data)
        except Misfit:
            continue
        assert is_kept(decoded.model_dump(exclude_unset=True, warnings=False), from_json(data))


@given(st.lists(st.binary(max_size=30) | STREAMS, max_size=5))
@settings(max_examples=400, database=None)
def test_a_stream_of_any_bytes_ends_or_is_a_typed_error(chunks: list[bytes]) -> None:
    response = Response(200, [], body=Body(chunks=iter(chunks)))
    with suppress(APIError):
        list(_Items(response, Reader(ChatCompletionChunk, "chat.completions.create", strict=False)).run())
    assert response.is_closed
