"""Server-sent events as the WHATWG HTML standard defines them (9.2.6), and the streams built on them."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pickle import PicklingError
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from .errors import (
    APIConnectionError,
    APIResponseValidationError,
    ClientClosedError,
    error_details,
    parsed_body,
    stream_error,
)
from .wire import Response

T = TypeVar("T")

Decode = Callable[[Response, bytes], T]


#: How many network reads there may be after the last word of a stream.
LAST_READS = 8

#: The event's name (`message` unless the server gave one) and its data, as UTF-8 bytes.
Event = tuple[str, bytes]


class EventParser:
    """Bytes in, events out, wherever the network happened to cut them."""

    def __init__(self) -> None:
        self._rest = b""
        self._started = False
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes."""
        data = self._rest + chunk
        if not self._started:
            if codecs.BOM_UTF8.startswith(data[:3]) and len(data) < 3:
                self._rest = data
                return []
            data = data.removeprefix(codecs.BOM_UTF8)
            self._started = True
        if b"\r" not in data and not self._data and not self._name:
            return self._feed_plain(data)
        if data.endswith(b"\r"):
            # It may be the first half of CR LF: wait for what follows.
            data, self._rest = data[:-1], b"\r"
        else:
            self._rest = b""
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + self._rest
        return self._parse(lines)

    def _feed_plain(self, data: bytes) -> list[Event]:
        """What nearly every server sends: LF line ends, and one `data: ` line for each event."""
        blocks = data.split(b"\n\n")
        self._rest = blocks.pop()
        events: list[Event] = []
        for block in blocks:
            if block.startswith(b"data: ") and b"\n" not in block:
                events.append(("message", block[6:]))
            else:
                events += self._parse([*block.split(b"\n"), b""])
        return events

    def _parse(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append((self._name or "message", b"\n".join(self._data)))
                self._name, self._data = "", []
                continue
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                self._data.append(value)
            elif field == b"event":
                self._name = value.decode("utf-8", "replace")
            # `id` and `retry` serve reconnecting, which an API answer cannot do; an empty field is a comment.
        return events


class _Items(Generic[T]):
    """From network reads to items: what sync and async streams share.

    It knows nothing of the stream. So a stream that nobody wants any more is gone at once, and not when the garbage
    collector finds it, who may come while another lock is held.
    """

    def __init__(self, response: Response, decode: Decode[T]) -> None:
        self.response = response
        self.received = 0
        self.is_closed = False
        self._decode = decode
        self._parser = EventParser()
        #: How many more network reads there may be: none are counted before the last word has been said.
        self.reads_left: int | None = None

    def feed(self, chunk: bytes) -> Iterator[T]:
        """The items in `chunk`. Those that stand before an error event are given first, then the error is raised."""
        if self.reads_left is not None:
            self.reads_left -= 1
            return
        response, decode = self.response, self._decode
        for name, data in self._parser.feed(chunk):
            if data.startswith(b"[DONE]"):
                # Only a connection that has been read to its end is kept: read on, but neither for long nor for much.
                self.reads_left = LAST_READS if response.hurry() else 0
                return
            # The word may also stand in the text of a chunk, so only a parser can tell.
            if (name == "error" or b'"error"' in data) and (body := _error_body(name, data)) is not None:
                raise stream_error(response, body, self.received)
            item = decode(response, data)
            self.received += 1
            yield item

    def run(self) -> Iterator[T]:
        """All items of a response that is read by blocking."""
        try:
            for chunk in self.response.iter_bytes():
                yield from self.feed(chunk)
                if self.reads_left == 0:
                    break
        except (APIConnectionError, ClientClosedError):
            # Closed by another thread, it just ends.
            if self.reads_left is None and not self.is_closed:
                raise
        except GeneratorExit:
            self.response.drop()
            raise
        finally:
            self.response.close()

    def leave(self) -> None:
        """Nobody reads on, and nothing may block."""
        self.is_closed = True
        self.response.drop()


def _error_body(name: str, data: bytes) -> object | None:
    """The body of an error event; `None` if it is none."""
    from pydantic_core import from_json

    try:
        body: object = from_json(data)
    except ValueError:
        body = data.decode("utf-8", "replace")
    if name == "error" or error_details(body, within="error"):
        return cast("object", body) if isinstance(body, dict) else {"error": {"message": str(body)}}
    return None


class _Stream(Generic[T]):
    def __init__(self, response: Response, decode: Decode[T]) -> None:
        self._items = _Items(response, decode)

    def __reduce__(self) -> tuple[object, ...]:
        raise PicklingError("A stream cannot be pickled, it is a connection: pickle the chunks that it has given.")

    @property
    def response(self) -> Response:
        """The response, with its headers; its body is this stream."""
        return self._items.response

    @property
    def received(self) -> int:
        """How many chunks have been delivered."""
        return self._items.received


class Stream(_Stream[T]):
    """The chunks of an answer as they arrive.

    Iterate over it once. The connection is given back at the end, on an error, and when a `for` loop is left early;
    use it as a context manager to be sure in any other case.
    """

    def __init__(self, response: Response, decode: Decode[T]) -> None:
        super().__init__(response, decode)
        self._iterator = self._items.run()

    def __iter__(self) -> Iterator[T]:
        # A generator of its own: leaving a `for` loop drops it, and that closes the connection at once.
        try:
            yield from self._iterator
        finally:
            self._items.leave()

    def __next__(self) -> T:
        return next(self._iterator)

    def close(self) -> None:
        """Give the connection back; what has not been read is lost. Any thread may do it."""
        self._items.is_closed = True
        self.response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncStream(_Stream[T]):
    """The chunks of an answer as they arrive.

    Iterate over it once. The connection is given back at the end, on an error or cancellation, and when an `async for`
    loop is left early; use it as an async context manager to be sure in any other case.
    """

    def __init__(self, response: Response, decode: Decode[T]) -> None:
        super().__init__(response, decode)
        self._chunks = response.aiter_bytes()
        #: What of the last chunk has not been given yet.
        self._ready: Iterator[T] = iter(())

    def __aiter__(self) -> AsyncIterator[T]:
        return _Loop(self)

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self._next(self)

    async def _next(self, _loop: object) -> T:
        """The next item. The loop that asks for it is not dropped meanwhile, as in `await anext(aiter(stream))`."""
        items = self._items
        try:
            while not items.is_closed:
                for item in self._ready:
                    return item
                if items.reads_left == 0:
                    break
                self._ready = items.feed(await anext(self._chunks))
        except BaseException as error:
            await self.response.aclose()
            is_over = items.reads_left is not None or items.is_closed
            if not (is_over and isinstance(error, APIConnectionError | ClientClosedError)):
                raise  # the end as well
        await self.response.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Give the connection back; what has not been read is lost."""
        self._items.is_closed = True
        await self.response.aclose()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _Loop(AsyncIterator[T]):
    """An `async for` loop over a stream: leaving it drops this, and that closes the connection at once."""

    def __init__(self, stream: AsyncStream[T]) -> None:
        self._stream = stream

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self._stream._next(self)

    def __del__(self) -> None:
        self._stream._items.leave()


def is_event_stream(response: Response) -> bool:
    """Whether the body is a stream of events, as far as the server says."""
    return response.headers.get("content-type", "text/event-stream").lower().startswith("text/event-stream")


def no_event_stream(who: str, response: Response) -> APIResponseValidationError:
    """The error for an answer that is not streamed though a stream was asked for."""
    kind = response.headers.get("content-type")
    message = f"{who}(stream=True): the answer is {kind}, not a stream of events (text/event-stream)."
    return APIResponseValidationError(response, parsed_body(response), message=message)
