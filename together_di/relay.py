"""A streamed answer passed on to a browser as server-sent events (WHATWG HTML, 9.2).

Each chunk is one event whose data is the chunk as JSON; the last data is `[DONE]`, as the API itself ends a stream. If
the answer breaks off, an event named `error` says so. Whoever stops reading closes the connection to the API.
"""

from __future__ import annotations

import inspect
import json
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, closing
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from .errors import APIError, APITimeoutError, ClientClosedError

if TYPE_CHECKING:
    from .streaming import AsyncStream, Stream

__all__ = ["CONTENT_TYPE", "HEADERS", "First", "aserver_sent_events", "no_stream", "server_sent_events"]

T = TypeVar("T")

logger = logging.getLogger("together_di")

CONTENT_TYPE = "text/event-stream"
#: What the response to the browser should say besides its content type: proxies must not hold events back.
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

_DONE = b"data: [DONE]\n\n"
#: A comment, which browsers pass over, and the seconds of silence after which it is sent.
_PULSE = b":\n\n"
_PAUSE = 0.5
_NOTHING: Any = object()


First: TypeAlias = Iterable[tuple[str, object]]
"""Events to send before the answer: the name of each, and its data, which becomes JSON."""


def no_stream(given: object, advice: str) -> TypeError:
    """The error for what is to be passed on and is no stream.

    Args:
        given: What it is. A coroutine is closed, or Python would also warn that it was never awaited.
        advice: What to write instead of a coroutine.
    """
    said = f"sse() needs the Stream that create(..., stream=True) gives, not a {type(given).__name__}."
    if not inspect.iscoroutine(given):
        return TypeError(said)
    given.close()
    return TypeError(f"{said} {advice}")


def server_sent_events(
    stream: Stream[T], first: First = (), each: Callable[[T], object] | None = None
) -> Iterator[bytes]:
    """The chunks of `stream` as server-sent events; the stream is closed at the end and when this is closed.

    Args:
        stream: The answer.
        first: Events to send before it, by name: `[("sources", ["returns.md"])]`.
        each: Called with each chunk before it is sent, for example to collect the text.
    """
    return _events(stream, first, each)


def _events(stream: Stream[T], first: First, each: Callable[[T], object] | None) -> Generator[bytes]:
    with closing(stream):
        for name, data in first:
            yield _named(name, data)
        try:
            for chunk in _with_pauses(stream):
                if chunk is _NOTHING:
                    yield _PULSE
                    continue
                if each is not None:
                    each(chunk)
                yield _event(chunk)
        except (APIError, ClientClosedError) as error:
            yield _failure(error)
        else:
            yield _DONE


def _with_pauses(stream: Stream[T]) -> Generator[Any]:
    """The chunks of `stream`, and `_NOTHING` whenever there was none for a while.

    A WSGI server finds out that a browser has gone when it writes. So something has to be written now and then, while
    a thread waits for the API; closing the stream ends its wait.
    """
    # No more than this waits for a slow browser; then the API has to wait as well.
    arrived: Queue[tuple[Any, BaseException | None]] = Queue(maxsize=16)

    def read() -> None:
        error: BaseException | None = None
        try:
            for chunk in stream:
                arrived.put((chunk, None))
        except BaseException as problem:  # noqa: BLE001 - raised again where the chunks are asked for
            error = problem
        arrived.put((_NOTHING, error))

    threading.Thread(target=read, name="together-di relay", daemon=True).start()
    chunk, error = None, None
    try:
        while True:
            try:
                chunk, error = arrived.get(timeout=_PAUSE)
            except Empty:
                yield _NOTHING
                continue
            if chunk is _NOTHING:
                break
            yield chunk
    finally:
        stream.close()
        while chunk is not _NOTHING:  # the thread may be waiting for room
            chunk, _ = arrived.get()
    if error is not None:
        raise error


def aserver_sent_events(
    stream: AsyncStream[T], first: First = (), each: Callable[[T], object] | None = None
) -> AsyncIterator[bytes]:
    """The same for an `AsyncStream`."""
    return _aevents(stream, first, each)


async def _aevents(stream: AsyncStream[T], first: First, each: Callable[[T], object] | None) -> AsyncGenerator[bytes]:
    async with aclosing(stream):
        for name, data in first:
            yield _named(name, data)
        try:
            async for chunk in stream:
                if each is not None:
                    each(chunk)
                yield _event(chunk)
        except (APIError, ClientClosedError) as error:
            yield _failure(error)
        else:
            yield _DONE


def _named(name: str, data: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), json.dumps(data).encode())


def _event(chunk: Any) -> bytes:
    return b"data: %s\n\n" % chunk.model_dump_json(exclude_unset=True, warnings=False).encode()


def _failure(error: APIError | ClientClosedError) -> bytes:
    """What the browser may know; the rest is for the log."""
    logger.warning("A streamed answer broke off: %s", error)
    said = "The answer took too long." if isinstance(error, APITimeoutError) else "The answer broke off."
    return _named("error", {"message": said})
