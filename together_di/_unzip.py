"""Compressed bodies."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

#: Most bytes that are unpacked at a time: a small answer may hold a thousand times its size.
PIECE = 2**18
#: The first byte of a member of gzip (RFC 1952, 2.3.1).
_GZIP = b"\x1f"


def unzipper(raw_headers: list[tuple[bytes, bytes]]) -> Unzipper | None:
    """The decompressor that a response's `Content-Encoding` asks for."""
    for name, value in raw_headers:
        if name.lower() == b"content-encoding" and value.strip().lower() in {b"gzip", b"x-gzip", b"deflate"}:
            return Unzipper()
    return None


class Unzipper:
    """Unpacks one body, of one member or of several; other bytes at the end are passed over, as by other programs."""

    def __init__(self) -> None:
        self._machine: Any = None

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        """What `chunk` unpacks to, in pieces.

        Raises:
            APIConnectionError: The body is broken.
        """
        try:
            while chunk:
                if self._machine is None or (self._machine.eof and chunk.startswith(_GZIP)):
                    # 32 + 15: detect the gzip or the zlib header.
                    self._machine = zlib.decompressobj(47)
                elif self._machine.eof:
                    return
                yield from self._pieces(chunk)
                chunk = self._machine.unused_data
        except zlib.error as error:
            from .errors import APIConnectionError  # which needs this package's wire

            raise APIConnectionError(f"The compressed body of the response is broken: {error}.") from None

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        while data := self._machine.decompress(chunk, PIECE):
            yield data
            chunk = self._machine.unconsumed_tail

    def check_end(self) -> None:
        """Complain if the body ended before what is packed in it; an empty one is whole.

        Raises:
            APIConnectionError: It did.
        """
        if self._machine is not None and not self._machine.eof:
            from .errors import APIConnectionError  # which needs this package's wire

            raise APIConnectionError("The compressed body of the response was cut off.")
