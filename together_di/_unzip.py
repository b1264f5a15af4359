"""Compressed bodies."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator
from typing import Any

#: Most bytes that are unpacked at a time: a small answer may hold a thousand times its size.
PIECE = 2**18


def unzipper(raw_headers: list[tuple[bytes, bytes]]) -> Callable[[bytes], Iterator[bytes]] | None:
    """The decompressor that a response's `Content-Encoding` asks for."""
    for name, value in raw_headers:
        if name.lower() == b"content-encoding" and value.strip().lower() in {b"gzip", b"x-gzip", b"deflate"}:
            # 32 + 15: detect the gzip or the zlib header.
            return functools.partial(_unzip, zlib.decompressobj(47))
    return None


def _unzip(machine: Any, chunk: bytes) -> Iterator[bytes]:
    """What `chunk` unpacks to, in pieces."""
    try:
        while data := machine.decompress(chunk, PIECE):
            yield data
            chunk = machine.unconsumed_tail
    except zlib.error as error:
        from .errors import APIConnectionError  # which needs this package's wire

        raise APIConnectionError(f"The compressed body of the response is broken: {error}.") from None
