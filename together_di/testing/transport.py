"""The transports of a fake: a script instead of a network."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator

from ..wire import Body, RawHeaders, Request, Response
from .replies import Reply
from .script import Script


class ScriptedTransport:
    """Answers from a script."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def send(self, request: Request) -> Response:
        """The scripted answer to `request`."""
        reply = self.script.answer(request)
        return Response(reply.status, _raw(reply), request, body=Body(chunks=_pieces(reply)))

    def close(self) -> None:
        """Nothing: there is no connection."""


class AsyncScriptedTransport:
    """The same for `AsyncTogether`."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def send(self, request: Request) -> Response:
        """The scripted answer to `request`."""
        reply = self.script.answer(request)
        return Response(reply.status, _raw(reply), request, body=Body(achunks=_async_pieces(reply)))

    async def aclose(self) -> None:
        """Nothing: there is no connection."""

    def close(self) -> None:
        """Nothing: there is no connection."""


def _raw(reply: Reply) -> RawHeaders:
    return [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]


def _pieces(reply: Reply) -> Iterator[bytes]:
    for chunk in reply.chunks:
        if reply.delay:
            time.sleep(reply.delay)
        yield chunk
    if reply.error is not None:
        raise reply.error


async def _async_pieces(reply: Reply) -> AsyncGenerator[bytes]:
    for chunk in reply.chunks:
        if reply.delay:
            # anyio, so that it waits in trio as well.
            import anyio

            await anyio.sleep(reply.delay)
        yield chunk
    if reply.error is not None:
        raise reply.error
