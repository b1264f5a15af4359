"""The default transport for `Together`: the connection pool of httpx (httpcore), without httpx's own request objects.

Going straight to the pool saves a fifth of the time of a call over `httpx.HTTPTransport`.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import unquote, urlsplit, urlunsplit

import httpcore

from .._fork import ForkSafeLock, inherited, register
from ..address import Origin
from ..network import Network
from ..wire import Body, Request, Response, Upload
from .common import (
    check_surplus,
    failure,
    headers_as_sent,
    hurry,
    proxy_for,
    time_limits,
    tls_context,
)
from .sync_network import SyncNetwork

#: What httpcore raises; it has no common base class.
HTTPCORE_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)

#: A request that is never sent: having it refused makes a pool look at those that wait for a connection.
NUDGE = httpcore.Request("GET", "http://127.0.0.1/", extensions={"timeout": {"pool": 0}})


class PoolTransport:
    """One connection pool for each process and proxy; a forked child starts with none."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._sockets = SyncNetwork()
        self._lock = ForkSafeLock()
        self._pools: dict[str | None, httpcore.ConnectionPool] = {}
        self._routes: dict[Origin, httpcore.ConnectionPool] = {}
        self._dropped: deque[tuple[httpcore.Response, Iterator[bytes]]] = deque()
        register(self)

    def after_fork(self) -> None:
        """Leave the parent's connections to the parent."""
        self._sockets.forget()
        inherited.extend((self._pools, self._dropped))
        closed = self._sockets.is_closed
        self._pools, self._routes, self._sockets, self._dropped = {}, {}, SyncNetwork(), deque()
        self._sockets.is_closed = closed

    def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        if self._dropped:
            self._give_back()
        pool = self._routes.get(request.origin) or self._route(request.origin)
        try:
            answer = pool.handle_request(as_sent(request, lambda upload: upload.chunks(), time_limits(request)))
        except HTTPCORE_ERRORS as error:
            problem = failure(error, request, answered=False)
        else:
            hasten = functools.partial(hurry, answer)
            chunks = _guarded(answer, request)
            drop = functools.partial(self._drop, answer, chunks)
            body = Body(chunks=chunks, close=answer.close, hurry=hasten, drop=drop)
            return Response(answer.status, answer.headers, request, body=body)
        # Outside the handler, so that the library's traceback is not attached as context.
        raise problem

    def _drop(self, answer: httpcore.Response, chunks: Iterator[bytes]) -> None:
        """End the connection of `answer`; giving it back needs the lock of the pool, and has to wait.

        So has the end of its generators: they would give it back by themselves.
        """
        stream: Any = cast("Any", answer).extensions["network_stream"]
        stream.shut()
        self._dropped.append((answer, chunks))

    def _give_back(self) -> None:
        while self._dropped:
            with suppress(IndexError):  # another thread was faster
                self._dropped.popleft()[0].close()

    def _route(self, origin: Origin) -> httpcore.ConnectionPool:
        network = self._network
        proxy = proxy_for(origin, network)
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = httpcore.ConnectionPool(
                    ssl_context=tls_context(network.ca_bundle),
                    max_connections=network.max_connections,
                    max_keepalive_connections=network.max_keepalive_connections,
                    keepalive_expiry=network.keepalive_expiry,
                    network_backend=self._sockets,
                    proxy=None if proxy is None else through(proxy),
                )
            self._routes[origin] = self._pools[proxy]
            return self._pools[proxy]

    def close(self) -> None:
        """Close every connection of this process, and open no more."""
        self._sockets.is_closed = True
        self._give_back()
        with self._lock:
            pools, self._pools, self._routes = self._pools, {}, {}
        for pool in pools.values():
            pool.close()
            # Those that wait for a connection in vain need not wait any longer.
            with suppress(*HTTPCORE_ERRORS):
                pool.handle_request(NUDGE)


def through(proxy: str) -> httpcore.Proxy:
    """The proxy at a URL, with the user and password in it."""
    parts = urlsplit(proxy)
    auth = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return httpcore.Proxy(urlunsplit(address), auth=auth)


def as_sent(
    request: Request,
    read: Callable[[Upload], Iterator[bytes] | AsyncIterator[bytes]],
    limits: Mapping[str, float | None],
) -> httpcore.Request:
    """The request as httpcore takes it, uploads read by `read`. Its `repr` shows neither headers nor key."""
    scheme, host, port = request.origin
    content = request.content
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=scheme, host=host, port=port, target=request.target.encode("ascii")),
        headers=headers_as_sent(request),
        content=content if isinstance(content, bytes) else read(content),
        extensions={"timeout": limits},
    )


def _guarded(answer: httpcore.Response, request: Request) -> Iterator[bytes]:
    problem = None
    try:
        yield from answer.iter_stream()
        check_surplus(answer)
    except HTTPCORE_ERRORS as error:
        problem = failure(error, request)
    if problem is not None:
        raise problem
