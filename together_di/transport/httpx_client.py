"""Through the caller's own `httpx.Client` or `httpx.AsyncClient`: event hooks, proxies, mounts and all.

The client stays the caller's: it is never closed here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from ..headers import RawHeaders
from ..network import DEFAULT_NETWORK
from ..options import DEFAULT_TIMEOUT
from ..wire import Body, Request, Response
from .common import chunks_off_loop, failure, headers_as_sent

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

    def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        content = request.content
        try:
            answer = self._client.send(
                _as_sent(self._client, request, content if isinstance(content, bytes) else content.chunks()),
                stream=True,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            problem = failure(error, request, answered=False)
        else:
            body = Body(chunks=_guarded(answer, request), close=answer.close)
            return Response(answer.status_code, _decoded_headers(answer), request, body=body)
        raise problem

    def close(self) -> None:
        """Nothing: the client belongs to the caller."""


class AsyncClientTransport:
    """Sends through an `httpx.AsyncClient`, in the event loop that client belongs to."""

    belongs_to_caller = True

    def __init__(self, client: httpx.AsyncClient) -> None:
        if not isinstance(client, httpx.AsyncClient):
            raise TypeError(f"http_client of AsyncTogether must be an httpx.AsyncClient, not {type(client).__name__}.")
        self._client = client

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
            body = Body(achunks=_aguarded(answer, request), aclose=answer.aclose)
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
