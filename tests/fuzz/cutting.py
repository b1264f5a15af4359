"""An input as a body in pieces."""

from __future__ import annotations

import itertools
from collections.abc import Callable

#: Takes the bytes of an input, and fails if something else comes of them than it should.
Check = Callable[[bytes], None]

#: More would take long, and show no more.
MOST_PIECES = 100


def cut(data: bytes) -> list[bytes]:
    """The body of an input, in the pieces that the bytes behind 0xFF ask for, over and over."""
    body, _, sizes = data.partition(b"\xff")
    if body.endswith(b"\r"):
        body += b":"  # a CR at the end waits for the LF that may belong to it
    pieces: list[bytes] = []
    for size in itertools.islice(itertools.cycle(sizes[:8]), MOST_PIECES):
        pieces.append(body[:size])
        body = body[size:]
    return [*pieces, body]
