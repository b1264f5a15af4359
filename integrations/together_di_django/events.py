"""A streamed answer as a response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.http import StreamingHttpResponse

from together_di import AsyncStream, Stream
from together_di.relay import CONTENT_TYPE, HEADERS, First, aserver_sent_events, no_stream, server_sent_events

T = TypeVar("T")


def sse(
    stream: Stream[T] | AsyncStream[T], first: First = (), each: Callable[[T], object] | None = None
) -> StreamingHttpResponse:
    """Relay a streamed answer to the browser as server-sent events; each chunk is one, and `[DONE]` the last.

    When the browser goes away, the connection to the API is closed.

    Args:
        stream: What `create(..., stream=True)` gave: a `Stream` in a view that blocks, an `AsyncStream` in an `async`
            one. The latter needs an ASGI server.
        first: Events to send before it, by name: `[("sources", ["returns.md"])]`; their data becomes JSON.
        each: Called with each chunk before it is sent, for example to collect the text.

    Raises:
        TypeError: It is no stream; the message says what to do.
    """
    if isinstance(stream, AsyncStream):
        return _AsyncEvents(stream, aserver_sent_events(stream, first, each))
    if not isinstance(stream, Stream):
        raise no_stream(stream, "In an `async def` view, write sse(await ...).")
    return _Events(stream, server_sent_events(stream, first, each))


class _Events(StreamingHttpResponse):
    def __init__(self, stream: Stream[T], events: Iterator[bytes]) -> None:
        super().__init__(events, content_type=CONTENT_TYPE, headers=HEADERS)
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # Under ASGI, Django would read the whole answer before it sends the first chunk of it.
        chunks = self.streaming_content
        if isinstance(chunks, AsyncIterator):  # what a middleware has made of them
            async for part in chunks:
                yield part
            return
        following = sync_to_async(lambda: next(chunks, None), thread_sensitive=False)
        while (chunk := await following()) is not None:
            yield chunk

    def close(self) -> None:
        super().close()
        # The events close it when they end; but they may not have begun, or be waited for in a thread.
        self._stream.close()


class _AsyncEvents(StreamingHttpResponse):
    def __init__(self, stream: AsyncStream[T], events: AsyncIterator[bytes]) -> None:
        super().__init__(events, content_type=CONTENT_TYPE, headers=HEADERS)
        self._stream = stream
        self._loop = asyncio.get_running_loop()

    def __iter__(self) -> Iterator[bytes]:
        # Django would try, in another event loop than the one the connection belongs to.
        raise ImproperlyConfigured(
            "This answer is an AsyncStream, and under WSGI the event loop of an async view ends before its response is "
            "read. Use get_together() in a view without async, or an ASGI server; in a test, AsyncClient."
        )

    def close(self) -> None:
        super().close()
        if not self._loop.is_closed():
            # From any thread, and in the loop itself, too.
            asyncio.run_coroutine_threadsafe(self._stream.aclose(), self._loop)
