"""What travels: requests, responses and headers, in the form every transport understands.

These types know no HTTP library, so a transport can be httpx, aiohttp or an emulator in the same process.
A request never carries the API key in its headers: the transport adds it in the last moment (`key`), so that
neither a request nor an error that keeps one can show it.
"""

from __future__ import annotations

import functools
import json
import re
import zlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from types import EllipsisType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from pydantic import SecretStr

RawHeaders = list[tuple[bytes, bytes]]

_SECRET_HEADER = re.compile(
    "auth|cookie|credential|(?<!idempotency-)key|pass|secret|signature|token", re.IGNORECASE
).search


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is a credential, as far as its name tells."""
    return _SECRET_HEADER(name) is not None


class Timeout:
    """Time limits in seconds for one attempt; `None` means no limit.

    Args:
        timeout: The limit for every part that is not given on its own.
        connect: Opening the connection, TLS included.
        read: Waiting for the next bytes of the response.
        write: Sending the next bytes of the request.
        pool: Waiting for a free connection.
    """

    __slots__ = ("connect", "pool", "read", "write")

    def __init__(
        self,
        timeout: float | None = None,
        *,
        connect: float | EllipsisType | None = ...,
        read: float | EllipsisType | None = ...,
        write: float | EllipsisType | None = ...,
        pool: float | EllipsisType | None = ...,
    ) -> None:
        self.connect = timeout if isinstance(connect, EllipsisType) else connect
        self.read = timeout if isinstance(read, EllipsisType) else read
        self.write = timeout if isinstance(write, EllipsisType) else write
        self.pool = timeout if isinstance(pool, EllipsisType) else pool

    def parts(self) -> dict[str, float | None]:
        """The four limits by name."""
        return {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeout) and self.parts() == other.parts()

    def __hash__(self) -> int:
        return hash(tuple(self.parts().values()))

    def __repr__(self) -> str:
        return f"Timeout({', '.join(f'{name}={value}' for name, value in self.parts().items())})"


class Network(NamedTuple):
    """How requests reach the API.

    Attributes:
        max_connections: How many there are at most, in each process and event loop.
        max_keepalive_connections: How many of them are kept open while they are idle.
        keepalive_expiry: Seconds after which an idle one is closed.
        proxy: The URL of a proxy; without one, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count.
        ca_bundle: A file or directory of PEM certificates to trust; without one, `SSL_CERT_FILE` or `SSL_CERT_DIR`,
            else those of certifi.
    """

    max_connections: int = 100
    max_keepalive_connections: int = 100
    keepalive_expiry: float = 30.0
    proxy: str | None = None
    ca_bundle: str | None = None

    def __repr__(self) -> str:
        shown = self._asdict() | {"proxy": self.proxy and hidden_password(self.proxy)}
        return f"Network({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


DEFAULT_NETWORK = Network()


def hidden_password(url: str) -> str:
    """`url` without the user and password in it."""
    return re.sub(r"//[^/]*@", "//[hidden]@", url)


class Headers(Mapping[str, str]):
    """Header fields by name, whatever the case; repeated fields are joined with a comma (RFC 9110, 5.2)."""

    __slots__ = ("_fields", "raw")

    def __init__(self, raw: RawHeaders) -> None:
        self.raw = raw
        self._fields: dict[str, str] = {}
        for name, value in raw:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._fields[key] = f"{self._fields[key]}, {text}" if key in self._fields else text

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        shown = {name: "[hidden]" if is_secret_header(name) else value for name, value in self.items()}
        return f"Headers({shown!r})"


class Origin(NamedTuple):
    """Scheme, host and port: what a connection is made to, and what a key may be sent to."""

    scheme: str
    host: str
    port: int | None

    @property
    def authority(self) -> str:
        """Host and port as a `Host` header and a URL write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def parse_url(url: str) -> tuple[Origin, str] | None:
    """Origin and target of an absolute http(s) URL, in ASCII; `None` for anything else."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        origin = Origin(parts.scheme, host, parts.port)
    except ValueError:
        return None
    if origin.scheme not in {"http", "https"} or not host:
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return origin, quote(target, safe="/?%:@!$&'()*+,;=~[]")


class Upload(Protocol):
    """A request body that is read while it is sent."""

    size: int
    replayable: bool

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
    key: SecretStr | None = None
    """Sent as `Authorization: Bearer ...`; `None` for addresses that must not see it."""

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
        return Request, (self.method, self.origin, self.target, self.raw_headers, b"", self.timeout)

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url}>"


@dataclass(slots=True)
class Body:
    """Where a transport's response bytes come from, and how to let go of them."""

    chunks: Iterator[bytes] | None = None
    achunks: AsyncGenerator[bytes] | None = None
    close: Callable[[], None] | None = None
    aclose: Callable[[], Coroutine[Any, Any, None]] | None = None
    hurry: Callable[[], None] | None = None
    """Wait only for a moment for what is still to come."""


class Response:
    """One HTTP response; `content` is there once the body has been read."""

    __slots__ = ("_body", "_content", "_headers", "_unzip", "raw_headers", "request", "status_code")

    def __init__(
        self,
        status_code: int,
        raw_headers: RawHeaders,
        request: Request | None = None,
        *,
        content: bytes | None = None,
        body: Body | None = None,
    ) -> None:
        self.status_code = status_code
        self.raw_headers = raw_headers
        self.request = request
        self._content = content
        self._body = body
        self._headers: Headers | None = None
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

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives, decompressed; the connection is given back at the end."""
        if self._body is None:
            yield from () if self._content is None else (self._content,)
            return
        assert self._body.chunks is not None
        try:
            unzip = self._unzip
            for chunk in self._body.chunks:
                if data := chunk if unzip is None else unzip(chunk):
                    yield data
        finally:
            self.close()

    async def aiter_bytes(self) -> AsyncGenerator[bytes]:
        """The body as it arrives, decompressed; the connection is given back at the end."""
        if self._body is None:
            if self._content is not None:
                yield self._content
            return
        assert self._body.achunks is not None
        unzip = self._unzip
        try:
            async with aclosing(self._body.achunks) as chunks:
                async for chunk in chunks:
                    if data := chunk if unzip is None else unzip(chunk):
                        yield data
        finally:
            await self.aclose()

    def read(self) -> bytes:
        """Read the whole body and give the connection back."""
        if self._content is None:
            self._content = b"".join(self.iter_bytes())
        return self._content

    async def aread(self) -> bytes:
        """Read the whole body and give the connection back."""
        if self._content is None:
            self._content = b"".join([chunk async for chunk in self.aiter_bytes()])
        return self._content

    def hurry(self) -> bool:
        """What matters has been read: wait only for a moment for the rest, or for nothing if that cannot be had."""
        if not self._body or not self._body.hurry:
            return False
        self._body.hurry()
        return True

    def close(self) -> None:
        """Give the connection back (closed, if bytes are still due on it)."""
        body, self._body = self._body, None
        if body and body.close:
            body.close()

    async def aclose(self) -> None:
        """Give the connection back (closed, if bytes are still due on it)."""
        body, self._body = self._body, None
        if body and body.aclose:
            await body.aclose()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_response, (self.status_code, self.raw_headers, self.request, self._content)

    def __repr__(self) -> str:
        return f"<Response [{self.status_code} {self.reason_phrase}]>"


def _rebuild_response(
    status_code: int, raw_headers: RawHeaders, request: Request | None, content: bytes | None
) -> Response:
    response = Response(status_code, raw_headers, request, content=content)
    response._unzip = None
    return response


def unzipper(raw_headers: RawHeaders) -> Callable[[bytes], bytes] | None:
    """The decompressor that a response's `Content-Encoding` asks for."""
    for name, value in raw_headers:
        if name.lower() == b"content-encoding" and value.strip().lower() in {b"gzip", b"x-gzip", b"deflate"}:
            # 32 + 15: detect the gzip or the zlib header.
            return functools.partial(_unzip, zlib.decompressobj(47).decompress)
    return None


def _unzip(decompress: Callable[[bytes], bytes], chunk: bytes) -> bytes:
    try:
        return decompress(chunk)
    except zlib.error as error:
        from .errors import APIConnectionError  # which needs this module

        raise APIConnectionError(f"The compressed body of the response is broken: {error}.") from None
