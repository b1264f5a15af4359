"""`sse`: a streamed answer on its way to the browser."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from together_di import AsyncStream, Stream
from together_di.relay import CONTENT_TYPE, HEADERS, First, aserver_sent_events, no_stream, server_sent_events

__all__ = ["sse"]

T = TypeVar("T")


def sse(
    stream: Stream[T] | AsyncStream[T], first: First = (), each: Callable[[T], object] | None = None
) -> StreamingResponse:
    """The response that passes on a streamed answer as server-sent events.

    Each chunk is an event with the chunk as JSON, and the last one is `[DONE]`; if the answer breaks off, an event
    named `error` says so. When the browser goes, the connection to the API is closed at once.

    Args:
        stream: What `create(..., stream=True)` gave, from either client.
        first: Events to send before it, by name: `[("sources", ["returns.md"])]`; their data becomes JSON.
        each: Called with each chunk before it is sent, for example to collect the text.

    Raises:
        TypeError: It is no stream; the message says what to do.
    """
    if not isinstance(stream, Stream | AsyncStream):
        raise no_stream(stream, "In an `async def` route, write sse(await ...).")
    return _EventStream(stream, first, each)


class _EventStream(StreamingResponse):
    def __init__(self, stream: Stream[T] | AsyncStream[T], first: First, each: Callable[[T], object] | None) -> None:
        self._stream: Stream[Any] | AsyncStream[Any] = stream
        if isinstance(stream, Stream):
            self._events: Any = server_sent_events(stream, first, each)
        else:
            self._events = aserver_sent_events(stream, first, each)
        super().__init__(self._events, headers=HEADERS, media_type=CONTENT_TYPE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        # Starlette's own listens for the browser's going only under some servers; otherwise the next chunk finds out.
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._stop_when_alone, receive, tasks.cancel_scope)
                with suppress(OSError):  # how some servers say that nobody listens any more
                    await self.stream_response(send)
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._close()
        if self.background is not None:
            await self.background()

    async def _stop_when_alone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        await self.listen_for_disconnect(receive)
        if isinstance(self._stream, Stream):
            self._stream.close()  # a thread that waits for the next chunk cannot be cancelled, but this ends its wait
        scope.cancel()

    async def _close(self) -> None:
        """Also where not a single event was asked for, or one could not be sent."""
        if isinstance(self._stream, Stream):
            self._stream.close()
            return
        await self._events.aclose()
        await self._stream.aclose()
