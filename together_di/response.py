"""What `with_raw_response` and `with_streaming_response` give, and binary answers.

Names follow the official SDK: `headers`, `status_code`, `parse()`, `read()`, `text()`, `json()`, `iter_bytes()`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from pickle import PicklingError
from types import TracebackType
from typing import Any, Generic, TypeVar, overload

from ._files import PartFile
from .download import body_size
from .headers import Headers
from .progress import DownloadProgressCallback, FileDownloadProgress
from .wire import Request, Response

S = TypeVar("S")
T = TypeVar("T")

__all__ = [
    "APIResponse",
    "AsyncAPIResponse",
    "AsyncBinaryAPIResponse",
    "AsyncResponseContextManager",
    "BinaryAPIResponse",
    "ResponseContextManager",
]

NOT_SENT = "A request that is yet to be sent cannot be pickled: send it (with ... as response), and read() the answer."


class _Answer:
    """What every form of a response shares."""

    def __init__(self, response: Response) -> None:
        self.http_response = response

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.http_response.status_code

    @property
    def headers(self) -> Headers:
        """The header fields."""
        return self.http_response.headers

    @property
    def http_request(self) -> Request | None:
        """The request as it was sent, without its key."""
        return self.http_response.request

    @property
    def url(self) -> str:
        """The URL that answered."""
        return self.http_response.url

    @property
    def is_closed(self) -> bool:
        """Whether the connection has been given back."""
        return self.http_response.is_closed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code} {self.http_response.reason_phrase}]>"


class _Writing:
    """A body on its way into a file."""

    def __init__(self, response: Response, target: Path, progress_callback: DownloadProgressCallback | None) -> None:
        response.check_readable()
        self._response = response
        self._callback = progress_callback
        self._size = body_size(response)
        self._position = 0
        self.part = PartFile(target, response.download.identity if response.download else None)

    def begin(self) -> None:
        """Open the file; what an earlier attempt has left of this content is not asked for again."""
        kept = self.part.open()
        if self._response.download is None or self._size is None or kept >= self._size:
            self.part.restart()
        elif kept:
            self._response.download.start_at(kept)
            self._position = kept

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        self.part.write(chunk)
        self._position += len(chunk)

    def tell(self) -> None:
        """Call back."""
        if self._callback is not None:
            self._callback(FileDownloadProgress(self._position, self._size))


class _SyncBody(_Answer):
    def read(self) -> bytes:
        """The whole body."""
        return self.http_response.read()

    def text(self) -> str:
        """The whole body as text."""
        self.read()
        return self.http_response.text

    def json(self) -> Any:
        """The whole body, parsed as JSON."""
        self.read()
        return self.http_response.json()

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives."""
        return self.http_response.iter_bytes()

    def iter_lines(self) -> Iterator[str]:
        """The body, line by line, as it arrives."""
        rest = b""
        for chunk in self.iter_bytes():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines)
        if rest:
            yield rest.decode("utf-8", "replace")

    def write_to_file(
        self, file: str | os.PathLike[str], *, progress_callback: DownloadProgressCallback | None = None
    ) -> None:
        """Write the body to `file`: all of it or, if anything fails, nothing.

        A file of which the server has an ETag is not begun anew by the next attempt: what had come is kept beside it.

        Args:
            file: Where it belongs.
            progress_callback: Called with a `FileDownloadProgress` again and again.

        Raises:
            OSError: The file cannot be written.
            APIConnectionError: The body did not come as a whole.
        """
        writing = _Writing(self.http_response, Path(file), progress_callback)
        try:
            writing.begin()
            writing.tell()
            for chunk in self.iter_bytes():
                writing.write(chunk)
                writing.tell()
            writing.part.finish()
        except BaseException as error:
            writing.part.give_up(error)
            self.http_response.drop()
            raise

    stream_to_file = write_to_file

    def close(self) -> None:
        """Give the connection back."""
        self.http_response.close()


class _AsyncBody(_Answer):
    async def read(self) -> bytes:
        """The whole body."""
        return await self.http_response.aread()

    async def text(self) -> str:
        """The whole body as text."""
        await self.read()
        return self.http_response.text

    async def json(self) -> Any:
        """The whole body, parsed as JSON."""
        await self.read()
        return self.http_response.json()

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return self.http_response.aiter_bytes()

    async def iter_lines(self) -> AsyncIterator[str]:
        """The body, line by line, as it arrives."""
        rest = b""
        async for chunk in self.iter_bytes():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r").decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")

    async def write_to_file(
        self, file: str | os.PathLike[str], *, progress_callback: DownloadProgressCallback | None = None
    ) -> None:
        """Write the body to `file`, in a worker thread: all of it or, if anything fails, nothing.

        A file of which the server has an ETag is not begun anew by the next attempt: what had come is kept beside it.

        Args:
            file: Where it belongs.
            progress_callback: Called with a `FileDownloadProgress` again and again, in the event loop.

        Raises:
            OSError: The file cannot be written.
            APIConnectionError: The body did not come as a whole.
        """
        from anyio.to_thread import run_sync

        writing = _Writing(self.http_response, Path(file), progress_callback)
        try:
            await run_sync(writing.begin)
            writing.tell()
            async for chunk in self.http_response.aiter_bytes():
                await run_sync(writing.write, chunk)
                writing.tell()
            await run_sync(writing.part.finish)
        except BaseException as error:
            writing.part.give_up(error)
            self.http_response.drop()
            raise

    stream_to_file = write_to_file

    async def close(self) -> None:
        """Give the connection back."""
        await self.http_response.aclose()


class APIResponse(_SyncBody, Generic[S]):
    """A response with its headers; `parse()` gives what the plain call would have returned."""

    def __init__(self, response: Response, parse: Callable[[Response], S]) -> None:
        super().__init__(response)
        self._parse = parse

    def __reduce__(self) -> tuple[object, ...]:
        from .arrival import without_engine

        return type(self), (self.http_response, without_engine(self._parse))

    @overload
    def parse(self) -> S: ...
    @overload
    def parse(self, *, to: type[T]) -> T: ...
    def parse(self, *, to: Any = None) -> Any:
        """The body as the method's documented type, or as the type `to`: a model, `dict[str, object]`, `bytes`."""
        return self._parse(self.http_response) if to is None else _parsed(self.read(), self.http_response, to)


class AsyncAPIResponse(_AsyncBody, Generic[S]):
    """A response with its headers; `await parse()` gives what the plain call would have returned."""

    def __init__(self, response: Response, parse: Callable[[Response], Coroutine[Any, Any, S]]) -> None:
        super().__init__(response)
        self._parse = parse

    def __reduce__(self) -> tuple[object, ...]:
        from .arrival import without_engine

        return type(self), (self.http_response, without_engine(self._parse))

    @overload
    async def parse(self) -> S: ...
    @overload
    async def parse(self, *, to: type[T]) -> T: ...
    async def parse(self, *, to: Any = None) -> Any:
        """The body as the method's documented type, or as the type `to`: a model, `dict[str, object]`, `bytes`."""
        if to is None:
            return await self._parse(self.http_response)
        return _parsed(await self.read(), self.http_response, to)


def _parsed(content: bytes, response: Response, to: Any) -> Any:
    if to is bytes:
        return content
    from .decoding import Reader

    return Reader(to, "parse", strict=True)(response, content)


class BinaryAPIResponse(_SyncBody):
    """An answer that is not JSON: audio, or the content of a file."""

    @property
    def content(self) -> bytes:
        """The whole body."""
        return self.read()


class AsyncBinaryAPIResponse(_AsyncBody):
    """An answer that is not JSON: audio, or the content of a file."""


class ResponseContextManager(Generic[S]):
    """Sends the request when entered, and gives the connection back when left."""

    def __init__(self, send: Callable[[], APIResponse[S]]) -> None:
        self._send = send

    def __reduce__(self) -> tuple[object, ...]:
        raise PicklingError(NOT_SENT)

    def __enter__(self) -> APIResponse[S]:
        self._response = self._send()
        return self._response

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._response.close()


class AsyncResponseContextManager(Generic[S]):
    """Sends the request when entered, and gives the connection back when left."""

    def __init__(self, send: Callable[[], Coroutine[Any, Any, AsyncAPIResponse[S]]]) -> None:
        self._send = send

    def __reduce__(self) -> tuple[object, ...]:
        raise PicklingError(NOT_SENT)

    async def __aenter__(self) -> AsyncAPIResponse[S]:
        self._response = await self._send()
        return self._response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._response.close()
