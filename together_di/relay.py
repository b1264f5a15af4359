"""A streamed answer passed on to a browser as server-sent events (WHATWG HTML, 9.2).

Each chunk is one event whose data is the chunk as JSON; the last data is `[DONE]`, as the API itself ends a stream. If
the answer breaks off, an event named `error` says so. Whoever stops reading closes the connection to the API.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any

from .errors import APIError, APITimeoutError

if TYPE_CHECKING:
    from .streaming import AsyncStream, Stream

__all__ = ["HEADERS", "aserver_sent_events", "server_sent_events"]

logger = logging.getLogger("together_di")

CONTENT_TYPE = "text/event-stream"
#: What the response to the browser should say besides its content type: proxies must not hold events back.
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

_DONE = b"data: [DONE]\n\n"


def server_sent_events(stream: Stream[Any]) -> Iterator[bytes]:
    """The chunks of `stream` as server-sent events; the stream is closed at the end and when this is closed."""
    return _events(stream)


def _events(stream: Stream[Any]) -> Generator[bytes]:
    with closing(stream):
        try:
            for chunk in stream:
                yield _event(chunk)
        except APIError as error:
            yield _failure(error)
        else:
            yield _DONE


def aserver_sent_events(stream: AsyncStream[Any]) -> AsyncIterator[bytes]:
    """The same for an `AsyncStream`."""
    return _aevents(stream)


async def _aevents(stream: AsyncStream[Any]) -> AsyncGenerator[bytes]:
    async with aclosing(stream):
        try:
            async for chunk in stream:
                yield _event(chunk)
        except APIError as error:
            yield _failure(error)
        else:
            yield _DONE


def _event(chunk: Any) -> bytes:
    return b"data: %s\n\n" % chunk.model_dump_json(exclude_unset=True).encode()


def _failure(error: APIError) -> bytes:
    """What the browser may know; the rest is for the log."""
    logger.warning("A streamed answer broke off: %s", error)
    said = "The answer took too long." if isinstance(error, APITimeoutError) else "The answer broke off."
    return b"event: error\ndata: %s\n\n" % json.dumps({"message": said}).encode()
