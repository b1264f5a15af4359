"""No network: the emulator in this process answers. For trying things out, demos and tests."""

from __future__ import annotations

import itertools
import logging
from collections.abc import AsyncGenerator, Iterator

from .._fork import ForkSafeLock
from ..emulator import Emulator, default_emulator
from ..wire import Body, Request, Response

logger = logging.getLogger("together_di")

_announce_lock = ForkSafeLock()
_announcements = itertools.count()


def _announce() -> None:
    with _announce_lock:
        first = next(_announcements) == 0
    if first:
        logger.warning(
            "TRANSPORT=embedded: answers come from the emulator inside this process. They are made up, "
            "and nothing reaches Together AI. Choose the transport 'httpx' for the real API."
        )


class EmbeddedTransport:
    """Sends to an emulator in this process; the default one is shared by all clients."""

    def __init__(self, emulator: Emulator | None = None) -> None:
        self._emulator = emulator or default_emulator()
        _announce()

    def send(self, request: Request) -> Response:
        """Have the emulator answer `request`."""
        status, headers, chunks = answer(self._emulator, request)
        return Response(status, headers, request, body=Body(chunks=chunks))

    def close(self) -> None:
        """Nothing: there is no connection."""


class AsyncEmbeddedTransport:
    """The same for `AsyncTogether`."""

    def __init__(self, emulator: Emulator | None = None) -> None:
        self._emulator = emulator or default_emulator()
        _announce()

    async def send(self, request: Request) -> Response:
        """Have the emulator answer `request`."""
        status, headers, chunks = answer(self._emulator, request)
        achunks = _asynchronous(chunks)
        return Response(status, headers, request, body=Body(achunks=achunks, aclose=achunks.aclose))

    async def aclose(self) -> None:
        """Nothing: there is no connection."""

    def close(self) -> None:
        """Nothing: there is no connection."""


def answer(emulator: Emulator, request: Request) -> tuple[int, list[tuple[bytes, bytes]], Iterator[bytes]]:
    """Status, headers and body of the emulator's reply."""
    content = request.content
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in request.raw_headers}
    if request.key is not None:
        # Whatever the key is: the emulator takes any, and has no business with a real one.
        headers["authorization"] = "Bearer embedded"
    reply = emulator.handle(
        request.method,
        request.target,
        headers,
        content if isinstance(content, bytes) else b"".join(content.chunks()),
        base_url=str(request.origin),
    )
    raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
    return reply.status, raw_headers, iter((reply.body,)) if isinstance(reply.body, bytes) else reply.body


async def _asynchronous(chunks: Iterator[bytes]) -> AsyncGenerator[bytes]:
    for chunk in chunks:
        yield chunk
