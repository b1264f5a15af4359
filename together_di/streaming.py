"""Server-sent events as the WHATWG HTML standard defines them (9.2.6), and the streams built on them."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Coroutine, Iterator
from operator import length_hint
from pickle import PicklingError
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from .errors import (
    APIConnectionError,
    APIResponseValidationError,
    ClientClosedError,
    error_details,
    parsed_body,
    stream_error,
)
from .wire import Response

if TYPE_CHECKING:
    from .decoding import Reader

T = TypeVar("T")

#: How many network reads there may be after the last word of a stream.
LAST_READS = 8

#: The event's name (`message` unless the server gave one) and its data, as UTF-8 bytes.
Event = tuple[str, bytes]


class EventParser:
    """Bytes in, events out, wherever the network happened to cut them."""

    def __init__(self) -> None:
        self._rest: bytes = b""
        #: Reads after that without a line end: a long line is joined once, when it ends.
        self._held: list[bytes] = []
        self._started = False
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes."""
        plain = self.feed_plain(chunk)
        return self.feed_lines(chunk) if plain is None else [("message", data) for data in plain]

    def feed_lines(self, chunk: bytes) -> list[Event]:
        """The same, line by line."""
        if b"\n" not in chunk and b"\r" not in chunk and not self._rest.endswith(b"\r"):
            self._held.append(chunk)
            return []
        self._join()
        data = self._rest + chunk
        if not self._started:
            data = data.removeprefix(codecs.BOM_UTF8)
            self._started = True
        if data.endswith(b"\r"):
            # It may be the first half of CR LF: wait for what follows.
            data, self._rest = data[:-1], b"\r"
        else:
            self._rest = b""
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + self._rest
        return self._parse(lines)

    def feed_plain(self, chunk: bytes) -> list[bytes] | None:
        """The data of the events that `chunk` completes, where all is as nearly every server sends it.

        That is with LF line ends, and one `data: ` line for each event. `None` if it is not: then nothing has been fed.
        Nothing here is done once for each event, so that a read of many costs little more than a read of one.
        """
        if self._data or self._name:
            return None
        if self._held:
            if b"\n" not in chunk:
                return None
            self._join()
        data = self._rest + chunk
        if not data.startswith(b"data: ") or b"\r" in data:
            return None
        end = data.rfind(b"\n\n")
        if end < 0:
            return None
        events = [data[6:end]]
        if data.find(b"\n") < end:
            events = events[0].split(b"\n\ndata: ")
            if b"\n" in b"".join(events):
                return None
        self._started, self._rest = True, data[end + 2 :]
        return events

    def _join(self) -> None:
        self._rest = b"".join((self._rest, *self._held))
        self._held.clear()

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

    def __init__(self, response: Response, read: Reader[T]) -> None:
        self.response = response
        self.is_closed = False
        self._read = read
        self._parser = EventParser()
        #: How many more network reads there may be: none are counted before the last word has been said.
        self.reads_left: int | None = None
        #: How many events have been taken up, and those of them that are still to be given.
        self._taken = 0
        self._ahead = iter(list[bytes]())

    @property
    def received(self) -> int:
        """How many items have been given."""
        return self._taken - length_hint(self._ahead)

    def feed(self, chunk: bytes) -> Iterator[T]:
        """The items in `chunk`. Those that stand before an error event are given first, then the error is raised."""
        if self.reads_left is not None:
            self.reads_left -= 1
            return iter(())
        events = self._parser.feed_plain(chunk)
        if events is None:
            return self._one_by_one(self._parser.feed_lines(chunk))
        if b'"error"' not in (events[0] if len(events) == 1 else b" ".join(events)):
            return self._at_once(events[0]) if len(events) == 1 else self._in_a_row(events)
        return self._one_by_one([("message", data) for data in events])

    def _at_once(self, data: bytes) -> Iterator[T]:
        """The item of a read that holds but one: nearly every one, if the model is slower than the network."""
        try:
            item = self._read.validate(data)
        except ValueError:  # not an item, or it does not fit
            return self._one_by_one([("message", data)])
        self._taken += 1
        return iter((item,))

    def _in_a_row(self, events: list[bytes]) -> Iterator[T]:
        """The items of a read that holds many: between one and the next there is nothing but pydantic-core."""
        self._taken += len(events)
        self._ahead = ahead = iter(events)
        try:
            yield from map(self._read.validate, ahead)
        except ValueError:  # not an item, or it does not fit
            left = length_hint(ahead) + 1
            self._taken -= left
            self._ahead = iter(())
            yield from self._one_by_one([("message", data) for data in events[-left:]])

    def _one_by_one(self, events: list[Event]) -> Iterator[T]:
        for name, data in events:
            if data.startswith(b"[DONE]"):
                self._finish()
                return
            # The word may also stand in the text of a chunk, so only a parser can tell.
            if (name == "error" or b'"error"' in data) and (body := _error_body(name, data)) is not None:
                raise stream_error(self.response, body, self.received)
            item = self._read(self.response, data)
            self._taken += 1
            yield item

    def _finish(self) -> None:
        """The last word: only a connection that has been read to its end is kept, but not for long nor for much."""
        self.reads_left = LAST_READS if self.response.hurry() else 0

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
    def __init__(self, response: Response, read: Reader[T]) -> None:
        self._items = _Items(response, read)

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

    def __init__(self, response: Response, read: Reader[T]) -> None:
        super().__init__(response, read)
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

    def __init__(self, response: Response, read: Reader[T]) -> None:
        super().__init__(response, read)
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
