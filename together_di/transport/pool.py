"""The default transport for `Together`: the connections of httpx (httpcore), without its request objects and its pool.

Going straight to them saves a fifth of the time of a call over `httpx.HTTPTransport`.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import httpcore

from .._fork import inherited, register
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
    tls_for,
)
from .idle import Idle
from .slots import ThreadSlots
from .sync_network import SyncNetwork

#: What httpcore raises; it has no common base class.
HTTPCORE_ERRORS = (
    httpcore.ConnectionNotAvailable,  # an idle one that was closed after it had been taken
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)


class PoolTransport:
    """The connections of a process; a forked child starts with none."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._is_closed = False
        self._begin()
        register(self)

    def _begin(self) -> None:
        self._sockets = SyncNetwork()
        self._slots = ThreadSlots(self._network.max_connections)
        self._idle: Idle[httpcore.ConnectionInterface] = Idle(self._network)
        self._routes: dict[Origin, httpcore.ConnectionPool] = {}

    def after_fork(self) -> None:
        """Leave the parent's connections to the parent."""
        self._sockets.forget()
        inherited.append(self._idle)
        self._begin()
        if self._is_closed:
            self._refuse()

    def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        try:
            answer, lent = self._exchange(request)
        except HTTPCORE_ERRORS as error:
            problem = failure(error, request, answered=False)
        else:
            body = Body(
                chunks=_guarded(answer, lent, request),
                close=lent.close,
                hurry=functools.partial(hurry, answer),
                drop=functools.partial(_drop, answer, lent),
            )
            return Response(answer.status, answer.headers, request, body=body)
        # Outside the handler, so that the library's traceback is not attached as context.
        raise problem

    def _exchange(self, request: Request) -> tuple[httpcore.Response, Lent]:
        limits, origin = time_limits(request), request.origin
        self._slots.take(limits["pool"])
        lent = Lent(self, origin)
        try:
            lent.connection = self._connection(origin)
            answer = lent.connection.handle_request(as_sent(request, lambda upload: upload.chunks(), limits))
        except BaseException:
            lent.close()
            raise
        lent.answer = answer
        return answer, lent

    def _connection(self, origin: Origin) -> httpcore.ConnectionInterface:
        ended: list[httpcore.ConnectionInterface] = []
        connection = self._idle.take(origin, ended)
        for one in ended:
            self._end(one)
        if connection is None:
            factory = self._routes.get(origin) or self._route(origin)
            connection = factory.create_connection(http_origin(origin))
            self._idle.open.add(connection)
        return connection

    def take_back(self, origin: Origin, connection: httpcore.ConnectionInterface | None) -> None:
        """A connection is lent no longer."""
        try:
            if connection is not None and not self._idle.keep(origin, connection):
                self._end(connection)
        finally:
            self._slots.give_back()

    def _end(self, connection: httpcore.ConnectionInterface) -> None:
        self._idle.open.discard(connection)
        if not connection.is_closed():
            connection.close()

    def _route(self, origin: Origin) -> httpcore.ConnectionPool:
        # Two threads may both make one: each works, and the later one stays.
        network = self._network
        route = self._routes[origin] = httpcore.ConnectionPool(
            ssl_context=tls_for(origin.scheme, network),
            keepalive_expiry=network.keepalive_expiry,
            network_backend=self._sockets,
            proxy=through(proxy_for(origin, network), network),
        )
        return route

    def close(self) -> None:
        """Close every connection of this process, and open no more."""
        self._is_closed = True
        self._refuse()
        for connection in list(self._idle.open):
            self._end(connection)

    def _refuse(self) -> None:
        self._sockets.is_closed = True
        self._slots.close()


class Lent:
    """A connection while a request has it, and until the answer has been read."""

    connection: httpcore.ConnectionInterface | None = None
    answer: httpcore.Response | None = None

    def __init__(self, pool: PoolTransport, origin: Origin) -> None:
        self._origin = origin
        self._pool = [pool]

    def close(self) -> None:
        """Give it back; what is left of the answer is not read. Doing it twice does no harm."""
        try:
            pool = self._pool.pop()  # whoever gets it does it
        except IndexError:
            return
        try:
            if self.answer is not None:
                self.answer.close()
        finally:
            pool.take_back(self._origin, self.connection)


def http_origin(origin: Origin) -> httpcore.Origin:
    """An origin as httpcore writes it."""
    return httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=b"/").origin


def socket_of(answer: httpcore.Response) -> Any:
    """The connection below an answer."""
    untyped: Any = answer
    return untyped.extensions["network_stream"]


def _drop(answer: httpcore.Response, lent: Lent) -> None:
    # First the end of the connection, so that nothing waits for it.
    socket_of(answer).shut()
    lent.close()


def through(proxy: str | None, network: Network) -> httpcore.Proxy | None:
    """The proxy at a URL, with the user and password in it."""
    if proxy is None:
        return None
    parts = urlsplit(proxy)
    auth = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return httpcore.Proxy(urlunsplit(address), auth=auth, ssl_context=tls_for(parts.scheme, network))


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


def _guarded(answer: httpcore.Response, lent: Lent, request: Request) -> Iterator[bytes]:
    problem = None
    try:
        yield from answer.iter_stream()
        check_surplus(answer)
    except HTTPCORE_ERRORS as error:
        problem = failure(error, request)
    finally:
        lent.close()
    if problem is not None:
        raise problem
