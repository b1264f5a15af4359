"""Receiving a file: when the connection breaks, the download goes on from there (RFC 9110, 14).

What has come, and what to ask for next, is decided in plain functions; the two classes at the end send, wait and read.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import APIConnectionError
from .request import Call
from .retry import Attempt, delay_before_retry
from .wire import Body, Response

if TYPE_CHECKING:
    from .config import TogetherClient


class Download:
    """The body of a response, which may come in several pieces.

    Attributes:
        position: How many bytes are there.
        size: How many there will be; `None` if the server does not say.
    """

    def __init__(self, call: Call, response: Response, config: TogetherClient) -> None:
        self.position = 0
        self.size = body_size(response)
        self._call = call
        self._config = config
        self._response = response
        self._tag = _strong_tag(response)
        self._skip = 0
        self._failures = 0

    @property
    def identity(self) -> str | None:
        """What tells this content from any other; `None` if the server gave nothing to tell it by."""
        if self._tag is None or self.size is None:
            return None
        # Of the address that was asked, not of one it redirected to, which may be signed anew each time.
        return f"{self._call.request.url} {self._tag} {self.size}"

    def start_at(self, position: int) -> None:
        """Leave out the first bytes: they are there already. To be said before anything is read."""
        self.position = position

    def rest(self) -> Call:
        """The call for what is still to come."""
        request = self._call.request
        headers = [*request.raw_headers, (b"Range", b"bytes=%d-" % self.position)]
        if self._tag is not None:
            headers.append((b"If-Range", self._tag.encode("latin-1")))
        return replace(self._call, request=replace(request, raw_headers=headers), resumable=False)

    def go_on_with(self, response: Response) -> None:
        """Read on in `response`, which answers `rest`.

        Raises:
            APIConnectionError: It is not the same content any more.
        """
        self._response = response
        start, size = 0, body_size(response)
        if response.status_code == 206:
            start, size = _content_range(response)
        tag = _strong_tag(response)
        other_tag = None not in (tag, self._tag) and tag != self._tag
        other_size = None not in (size, self.size) and size != self.size
        if other_tag or other_size or not 0 <= start <= self.position:
            error = APIConnectionError("The content changed while it was downloaded.", request=self._call.request)
            error.permanent = True
            raise error
        # A server that knows no ranges begins at the beginning.
        self._skip = self.position - start

    def new_bytes(self, chunk: bytes) -> bytes:
        """What of `chunk` is not there yet."""
        skipped = min(self._skip, len(chunk))
        self._skip -= skipped
        self.position += len(chunk) - skipped
        if len(chunk) > skipped:
            self._failures = 0
        return chunk[skipped:] if skipped else chunk

    def check_end(self) -> None:
        """Complain if the body ended too early, or too late.

        Raises:
            APIConnectionError: It did.
        """
        if self._skip or self.size not in (None, self.position):
            message = f"The download ended after {self.position - self._skip} of {self.size} bytes."
            raise APIConnectionError(message, request=self._call.request)

    def _drop(self) -> None:
        self._response.drop()

    def delay(self, problem: APIConnectionError) -> float:
        """Seconds to wait before the rest is asked for.

        Raises:
            APIConnectionError: It is not: `problem` itself.
        """
        retries, policy = self._config.max_retries, self._config.retry
        seconds = delay_before_retry(Attempt(self._failures, retries, problem, policy=policy))
        if seconds is None:
            raise problem
        self._failures += 1
        return seconds


class SyncDownload(Download):
    """For `Together`."""

    def __init__(
        self, call: Call, response: Response, config: TogetherClient, send: Callable[[Call], Response]
    ) -> None:
        super().__init__(call, response, config)
        self._send = send

    @property
    def response(self) -> Response:
        """The response that gives the whole body."""
        return self._response.with_body(Body(chunks=self._chunks(), close=self._close, drop=self._drop, download=self))

    def _chunks(self) -> Iterator[bytes]:
        try:
            if self.position:
                self._fetch_rest()
            while True:
                try:
                    yield from map(self.new_bytes, self._response.iter_bytes())
                    self.check_end()
                except APIConnectionError as error:
                    problem = error
                else:
                    return
                time.sleep(self.delay(problem))
                self._fetch_rest()
        finally:
            self._close()

    def _fetch_rest(self) -> None:
        self._close()
        self.go_on_with(self._send(self.rest()))

    def _close(self) -> None:
        self._response.close()


class AsyncDownload(Download, AsyncIterator[bytes]):
    """For `AsyncTogether`."""

    def __init__(
        self, call: Call, response: Response, config: TogetherClient, send: Callable[[Call], Awaitable[Response]]
    ) -> None:
        super().__init__(call, response, config)
        self._send = send
        self._chunks: AsyncIterator[bytes] | None = None

    @property
    def response(self) -> Response:
        """The response that gives the whole body."""
        return self._response.with_body(Body(achunks=self, aclose=self._close, drop=self._drop, download=self))

    async def __anext__(self) -> bytes:
        import anyio

        if self._chunks is None:
            if self.position:
                await self._fetch_rest()
            self._chunks = self._response.aiter_bytes()
        while True:
            try:
                async for chunk in self._chunks:
                    return self.new_bytes(chunk)
                self.check_end()
            except APIConnectionError as error:
                problem = error
            else:
                raise StopAsyncIteration
            await anyio.sleep(self.delay(problem))
            await self._fetch_rest()
            self._chunks = self._response.aiter_bytes()

    async def _fetch_rest(self) -> None:
        await self._close()
        self.go_on_with(await self._send(self.rest()))

    async def _close(self) -> None:
        await self._response.aclose()


def body_size(response: Response) -> int | None:
    """How many bytes the body has, if the server says so."""
    text = response.headers.get("content-length", "")
    compressed = "content-encoding" in response.headers
    return int(text) if not compressed and text.isascii() and text.isdigit() else None


def _strong_tag(response: Response) -> str | None:
    """The ETag, if it stands for exactly these bytes."""
    tag = response.headers.get("etag", "")
    return tag if tag.startswith('"') and "content-encoding" not in response.headers else None


def _content_range(response: Response) -> tuple[int, int | None]:
    """First byte and size of the whole, as a partial answer says; -1 if it does not."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("content-range", ""), re.ASCII)
    if found is None:
        return -1, None
    return int(found[1]), None if found[2] == "*" else int(found[2])
