"""What travels: requests and responses, in the form every transport understands.

These types know no HTTP library, so a transport can be httpx, aiohttp or an emulator in the same process.
A request never carries the API key in its headers: the transport adds it in the last moment (`key`), so that
neither a request nor an error that keeps one can show it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, Protocol

from ._fork import inherited
from ._unzip import unzipper
from .address import Origin
from .headers import Headers, RawHeaders, is_secret_header
from .timeout import Timeout

if TYPE_CHECKING:
    from pydantic import SecretStr

    from .download import Download
    from .lending import Lease


class Upload(Protocol):
    """A request body that is read while it is sent, by each attempt from its beginning."""

    size: int

    def chunks(self) -> Iterator[bytes]:
        """The bytes, from the beginning."""
        ...


@dataclass(slots=True)
class Request:
    """One HTTP request, without its key."""

    method: str
    origin: Origin
    target: str
    raw_headers: RawHeaders
    content: bytes | Upload = b""
    timeout: Timeout = field(default_factory=Timeout)
    deadline: float | None = None
    """Seconds for the whole call: all attempts and the waits between them."""
    key: SecretStr | None = None
    """Sent as `Authorization: Bearer ...`; `None` for addresses that must not see it."""
    until: float | None = None
    """When the deadline is over, by `time.monotonic`."""

    @property
    def url(self) -> str:
        """The absolute URL."""
        return f"{self.origin}{self.target}"

    @property
    def headers(self) -> Headers:
        """The header fields, without `Authorization`."""
        return Headers(self.raw_headers)

    def record(self) -> Request:
        """A copy fit to be kept in an error: no key, no body."""
        return replace(self, content=b"", key=None)

    def __reduce__(self) -> tuple[object, ...]:
        headers = [item for item in self.raw_headers if not is_secret_header(item[0].decode("latin-1"))]
        return Request, (self.method, self.origin, self.target, headers, b"", self.timeout)

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url}>"


@dataclass(slots=True)
class Body:
    """Where a transport's response bytes come from, and how to let go of them."""

    chunks: Iterator[bytes] | None = None
    achunks: AsyncIterator[bytes] | None = None
    close: Callable[[], None] | None = None
    aclose: Callable[[], Coroutine[Any, Any, None]] | None = None
    hurry: Callable[[], None] | None = None
    """Wait only for a moment for what is still to come."""
    download: Download | None = None
    """How to go on with a body of which a part is there already."""
    drop: Callable[[], None] | None = None
    """Let go of them where nothing may block and no lock may be taken: in the garbage collector."""


class Response:
    """One HTTP response; `content` is there once the body has been read."""

    __slots__ = ("_body", "_content", "_headers", "_key", "_unzip", "lease", "raw_headers", "request", "status_code")

    def __init__(
        self,
        status_code: int,
        raw_headers: RawHeaders,
        request: Request | None = None,
        *,
        content: bytes | None = None,
        body: Body | None = None,
    ) -> None:
        self._body = body
        self.status_code = status_code
        self.raw_headers = raw_headers
        self.request = request
        #: Of a body that is still to be read: what its client waits for before it closes.
        self.lease: Lease | None = None
        self._content = content
        self._headers: Headers | None = None
        #: The key, once its request has it no more: what an error says is searched for it.
        self._key: SecretStr | None = None
        self._unzip = unzipper(raw_headers)

    @property
    def headers(self) -> Headers:
        """The response's header fields."""
        if self._headers is None:
            self._headers = Headers(self.raw_headers)
        return self._headers

    @property
    def content(self) -> bytes:
        """The whole body, decompressed.

        Raises:
            RuntimeError: The body has not been read (a stream); iterate over it, or read it first.
        """
        if self._content is None:
            raise RuntimeError("This response is a stream that has not been read: call read() first.")
        return self._content

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body, parsed as JSON."""
        return json.loads(self.content)

    @property
    def url(self) -> str:
        """The URL that answered."""
        return self.request.url if self.request else ""

    @property
    def reason_phrase(self) -> str:
        """The standard phrase of the status code."""
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return "Unknown"

    @property
    def is_success(self) -> bool:
        """Whether the status code is 2xx."""
        return 200 <= self.status_code < 300

    @property
    def is_closed(self) -> bool:
        """Whether the connection has been given back."""
        return self._body is None

    @property
    def download(self) -> Download | None:
        """How to go on with a body of which a part is there already; `None` if that cannot be, or it has been read."""
        return self._body.download if self._body else None

    def with_body(self, body: Body) -> Response:
        """The same response, whose bytes come, decompressed, from elsewhere."""
        response = _rebuild_response(self.status_code, self.raw_headers, self.request, None)
        response._body = body
        response._key = self._key
        return response

    @property
    def key(self) -> SecretStr | None:
        """The key that was sent, for errors not to show it."""
        return self._key or (self.request.key if self.request else None)

    def hide_key(self) -> None:
        """The call is over: its request, which whoever has the response can see, needs the key no more."""
        if self.request is not None:
            self._key, self.request.key = self.request.key, None

    def check_readable(self) -> None:
        """Refuse to take a body that has gone for an empty one.

        Raises:
            RuntimeError: It has gone.
        """
        if self._content is None and self._body is None:
            self._check()
            raise RuntimeError(
                "The body of this response has gone: it was iterated over, broke off, or was closed. It comes only "
                "once; to have it again, call read() first, which keeps it."
            )

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives, decompressed; the connection is given back at the end."""
        if self._body is None:
            yield from () if self._content is None else (self._content,)
            return
        assert self._body.chunks is not None
        if self.lease is not None:
            self.lease.is_read_here()
        unzip = self._unzip
        try:
            for chunk in self._body.chunks:
                if self.lease is not None:
                    self.lease.check()
                if unzip is None:
                    yield chunk
                else:
                    yield from unzip(chunk)
        except GeneratorExit:
            self.drop()
            raise
        except Exception:
            self._check()
            raise
        else:
            self._check_end()
        finally:
            self.close()

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives, decompressed; the connection is given back at the end."""
        return _AsyncBytes(self)

    def _check(self) -> None:
        """If the client has been closed, that is what there is to say, and not what became of the connection."""
        if self.lease is not None:
            self.lease.check()

    def _check_end(self) -> None:
        if self.lease is not None:
            self.lease.check_whole(self.raw_headers)
        if self._unzip is not None:
            self._unzip.check_end()

    def read(self, most: int = sys.maxsize) -> bytes:
        """Read the body, but not much more than `most` bytes of it, and give the connection back.

        Raises:
            RuntimeError: It has gone: it was iterated over, or broke off.
        """
        if self._content is None:
            self.check_readable()
            parts: list[bytes] = []
            for part in self.iter_bytes():
                parts.append(part)
                most -= len(part)
                if most <= 0:
                    self.close()
                    break
            self._content = b"".join(parts)
        return self._content

    async def aread(self, most: int = sys.maxsize) -> bytes:
        """The same, awaited."""
        if self._content is None:
            self.check_readable()
            parts: list[bytes] = []
            async for part in self.aiter_bytes():
                parts.append(part)
                most -= len(part)
                if most <= 0:
                    await self.aclose()
                    break
            self._content = b"".join(parts)
        return self._content

    def hurry(self) -> bool:
        """What matters has been read: wait only for a moment for the rest, or for nothing if that cannot be had."""
        if not self._body or not self._body.hurry:
            return False
        self._body.hurry()
        return True

    def close(self) -> None:
        """Give the connection back (closed, if bytes are still due on it)."""
        body = self._let_go()
        if body and body.close:
            body.close()

    async def aclose(self) -> None:
        """Give the connection back (closed, if bytes are still due on it)."""
        body = self._let_go()
        if body and body.aclose:
            await body.aclose()

    def drop(self) -> None:
        """The same where nothing may block: the connection is closed, and given back when there is time for that."""
        body = self._let_go()
        if body and body.drop:
            body.drop()

    def _let_go(self) -> Body | None:
        """The body, if it is to be closed."""
        body, self._body = self._body, None
        lease = self.lease
        if lease is None or body is None:
            return body
        lease.end()
        if not lease.is_foreign:
            return body
        # A lock that another thread of the parent held at the fork would never be free.
        inherited.append(body)
        return None

    def __del__(self) -> None:
        if self._body is not None:
            self.drop()

    def __reduce__(self) -> tuple[object, ...]:
        if self._body is not None:
            raise PicklingError("An answer that is still being read cannot be pickled: read() all of it first.")
        return _rebuild_response, (self.status_code, self.raw_headers, self.request, self._content)

    def __repr__(self) -> str:
        return f"<Response [{self.status_code} {self.reason_phrase}]>"


class _AsyncBytes(AsyncIterator[bytes]):
    """The body of a response as it arrives. A loop that is left drops it, and that closes the connection.

    No generator, as others are none that read a body: an event loop that ends closes all generators at once, and
    complains of one that another is just closing.
    """

    def __init__(self, response: Response) -> None:
        self._response = response
        #: What has come already: the whole body, or the rest of a chunk.
        self._pieces: Iterator[bytes] | None = None

    async def __anext__(self) -> bytes:
        response, body = self._response, self._response._body
        try:
            for piece in self._begin() if self._pieces is None else self._pieces:
                return piece
            if body is not None and body.achunks is not None:
                async for chunk in body.achunks:
                    if response.lease is not None:
                        response.lease.check()
                    if response._unzip is None:
                        return chunk
                    self._pieces = response._unzip(chunk)
                    for piece in self._pieces:
                        return piece
                response._check_end()
        except BaseException as error:
            await self._end_with(error)
            raise
        await response.aclose()
        raise StopAsyncIteration

    def _begin(self) -> Iterator[bytes]:
        if self._response.lease is not None:
            self._response.lease.is_awaited_here()
        self._pieces = iter(() if self._response._content is None else (self._response._content,))
        return self._pieces

    async def _end_with(self, error: BaseException) -> None:
        if isinstance(error, GeneratorExit):  # its event loop has gone: nothing can be awaited
            self._response.drop()
        await self._response.aclose()
        if isinstance(error, Exception):
            self._response._check()

    def __del__(self) -> None:
        self._response.drop()


def _rebuild_response(
    status_code: int, raw_headers: RawHeaders, request: Request | None, content: bytes | None
) -> Response:
    response = Response(status_code, raw_headers, request, content=content)
    response._unzip = None
    return response
