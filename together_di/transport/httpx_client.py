"""Through the caller's own `httpx.Client` or `httpx.AsyncClient`: event hooks, proxies, mounts and all.

The client stays the caller's: it is never closed here.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from .._loops import running_loop
from ..headers import RawHeaders
from ..network import DEFAULT_NETWORK
from ..options import DEFAULT_TIMEOUT
from ..wire import Body, Request, Response
from .common import chunks_off_loop, failure, headers_as_sent
from .per_loop import await_soon
from .sync_network import end

_TIMEOUT = httpx.Timeout(**DEFAULT_TIMEOUT.parts())
_LIMITS = httpx.Limits(
    max_connections=DEFAULT_NETWORK.max_connections, keepalive_expiry=DEFAULT_NETWORK.keepalive_expiry
)


def _with_defaults(options: dict[str, Any]) -> Any:
    return {"timeout": _TIMEOUT, "limits": _LIMITS, **options}


class DefaultHttpxClient(httpx.Client):
    """An `httpx.Client` to pass as `http_client`, with this package's time limits and pool size if none are given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_with_defaults(options))


class DefaultAsyncHttpxClient(httpx.AsyncClient):
    """The same for `AsyncTogether`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_with_defaults(options))


class ClientTransport:
    """Sends through an `httpx.Client`."""

    belongs_to_caller = True

    def __init__(self, client: httpx.Client) -> None:
        if not isinstance(client, httpx.Client):
            raise TypeError(f"http_client of Together must be an httpx.Client, not {type(client).__name__}.")
        self._client = client
        self._dropped: deque[httpx.Response] = deque()

    def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        content = request.content
        self._close_dropped()
        try:
            answer = self._client.send(
                _as_sent(self._client, request, content if isinstance(content, bytes) else content.chunks()),
                stream=True,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            problem = failure(error, request, answered=False)
        else:
            body = Body(
                chunks=_guarded(answer, request),
                close=functools.partial(_close, answer),
                drop=functools.partial(self._drop, answer),
            )
            return Response(answer.status_code, _decoded_headers(answer), request, body=body)
        raise problem

    def _drop(self, answer: httpx.Response) -> None:
        _shut(answer)
        # To close it takes a lock of httpx, which this very thread may hold: that is left to the next request.
        self._dropped.append(answer)

    def _close_dropped(self) -> None:
        while (answer := _pop(self._dropped)) is not None:
            answer.close()

    def close(self) -> None:
        """Give back what was dropped; the client belongs to the caller."""
        self._close_dropped()


class AsyncClientTransport:
    """Sends through an `httpx.AsyncClient`, in the event loop that client belongs to."""

    belongs_to_caller = True

    def __init__(self, client: httpx.AsyncClient) -> None:
        if not isinstance(client, httpx.AsyncClient):
            raise TypeError(f"http_client of AsyncTogether must be an httpx.AsyncClient, not {type(client).__name__}.")
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        content = request.content
        try:
            answer = await self._client.send(
                _as_sent(self._client, request, content if isinstance(content, bytes) else chunks_off_loop(content)),
                stream=True,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            problem = failure(error, request, answered=False)
        else:
            drop = functools.partial(await_soon, running_loop(), answer.aclose, self._tasks)
            body = Body(achunks=_aguarded(answer, request), aclose=answer.aclose, drop=drop)
            return Response(answer.status_code, _decoded_headers(answer), request, body=body)
        raise problem

    async def aclose(self) -> None:
        """Nothing: the client belongs to the caller."""

    def close(self) -> None:
        """Nothing: the client belongs to the caller."""


def as_httpx_response(response: Response) -> httpx.Response:
    """A read response as one of httpx, for a caller who asked for that type."""
    request = response.request
    sent = None if request is None else httpx.Request(request.method, request.url, headers=request.headers)
    fields = [(name, value) for name, value in response.headers.items() if name.lower() != "content-encoding"]
    return httpx.Response(response.status_code, headers=fields, content=response.content, request=sent)


def _as_sent(
    client: httpx.Client | httpx.AsyncClient, request: Request, content: bytes | Iterator[bytes] | AsyncIterator[bytes]
) -> httpx.Request:
    """The request as httpx takes it."""
    return client.build_request(
        request.method,
        request.url,
        headers=headers_as_sent(request),
        content=content,
        timeout=httpx.Timeout(**request.timeout.parts()),
    )


def _decoded_headers(answer: httpx.Response) -> RawHeaders:
    """The headers without `Content-Encoding`: httpx decodes what it asked for."""
    return [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-encoding"]


def _close(answer: httpx.Response) -> None:
    # First the end of the connection: to close it does not wake a thread that waits for its next bytes.
    _shut(answer)
    answer.close()


def _shut(answer: httpx.Response) -> None:
    """End the connection of an answer that has not been read; one of HTTP/2 has other answers, too, and goes on."""
    stream = answer.extensions.get("network_stream")
    if stream is None or answer.is_closed or answer.http_version == "HTTP/2":
        return
    sock = stream.get_extra_info("socket")
    if isinstance(sock, socket.socket):
        end(sock)


def _pop(answers: deque[httpx.Response]) -> httpx.Response | None:
    try:
        return answers.popleft()
    except IndexError:
        return None


def _guarded(answer: httpx.Response, request: Request) -> Iterator[bytes]:
    problem = None
    try:
        yield from answer.iter_bytes()
    except (httpx.TransportError, httpx.DecodingError) as error:
        problem = failure(error, request)
    if problem is not None:
        raise problem


async def _aguarded(answer: httpx.Response, request: Request) -> AsyncIterator[bytes]:
    problem = None
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    except (httpx.TransportError, httpx.DecodingError) as error:
        problem = failure(error, request)
    finally:  # which the loop sees to, if nobody reads on
        await answer.aclose()
    if problem is not None:
        raise problem
