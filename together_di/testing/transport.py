"""The transports of a fake: a script instead of a network."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from threading import Event

from ..headers import RawHeaders
from ..wire import Body, Request, Response
from .replies import Reply
from .script import Script

#: Seconds a stream is held, at most, for a test that forgets it.
PATIENCE = 10.0
HELD = f"A stream was held for {PATIENCE:.0f} s: set the Event that stands among its pieces."


class ScriptedTransport:
    """Answers from a script."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def send(self, request: Request) -> Response:
        """The scripted answer to `request`."""
        return answered(self.script.answer(request), request)

    def close(self) -> None:
        """Nothing: there is no connection."""


class AsyncScriptedTransport:
    """The same for `AsyncTogether`."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def send(self, request: Request) -> Response:
        """The scripted answer to `request`."""
        return async_answered(self.script.answer(request), request)

    async def aclose(self) -> None:
        """Nothing: there is no connection."""

    def close(self) -> None:
        """Nothing: there is no connection."""


def answered(reply: Reply, request: Request) -> Response:
    """The response that `reply` stands for."""
    return Response(reply.status, _raw(reply), request, body=Body(chunks=_pieces(reply)))


def async_answered(reply: Reply, request: Request) -> Response:
    """The same in an event loop."""
    return Response(reply.status, _raw(reply), request, body=Body(achunks=_AsyncPieces(reply)))


def _raw(reply: Reply) -> RawHeaders:
    return [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]


def _pieces(reply: Reply) -> Iterator[bytes]:
    for number, chunk in enumerate(reply.chunks):
        if reply.delay:
            time.sleep(reply.delay)
        if number in reply.holds and not reply.holds[number].wait(PATIENCE):
            raise AssertionError(HELD)
        yield chunk
    if reply.error is not None:
        raise reply.error


class _AsyncPieces(AsyncIterator[bytes]):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._pieces = enumerate(reply.chunks)

    async def __anext__(self) -> bytes:
        reply = self._reply
        for number, chunk in self._pieces:
            if reply.delay or number in reply.holds:
                # anyio, so that it waits in trio as well.
                import anyio

                await anyio.sleep(reply.delay)
                if number in reply.holds:
                    await _set(reply.holds[number])
            return chunk
        raise reply.error or StopAsyncIteration


async def _set(event: Event) -> None:
    """Wait until `event` is set; looked for again and again, because a thread that waits cannot be cancelled."""
    import anyio

    with anyio.move_on_after(PATIENCE):
        while not event.is_set():  # noqa: ASYNC110 - any thread may set it
            await anyio.sleep(0.002)
    if not event.is_set():
        raise AssertionError(HELD)
