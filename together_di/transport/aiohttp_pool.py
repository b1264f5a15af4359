"""aiohttp as a transport for `AsyncTogether` in asyncio: its connections, and what reads HTTP on them, in C.

`aiohttp.ClientSession` is left out: it takes half of the time of a call, for cookies, redirects, decompression and
second attempts, which here are seen to elsewhere, in the same way for every transport. What is used of aiohttp below
it has been the same since version 3.9.
"""

from __future__ import annotations

import asyncio
import functools
import weakref
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

import aiohttp
from aiohttp.connector import Connection
from multidict import CIMultiDict
from yarl import URL

from .._version import __version__
from ..address import Origin
from ..errors import ConfigurationError
from ..headers import RawHeaders
from ..network import Network
from ..wire import Body, Request, Response
from .aiohttp_exchange import Exchange
from .asyncio_sockets import abandon, forget
from .common import failure, proxy_for, time_limits, tls_context
from .per_loop import InLoop, PerLoop
from .pool import HTTPCORE_ERRORS
from .slots import Slots


class Connector(aiohttp.TCPConnector):
    """Opens connections, and keeps those that are idle."""

    def __init__(self, settings: Network) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            ssl=tls_context(settings.ca_bundle),
            limit=0,  # see `Slots`
            keepalive_timeout=settings.keepalive_expiry,
            resolver=aiohttp.ThreadedResolver(),  # the system's own: it knows /etc/hosts, and keeps no socket
        )

    def __del__(self, _warnings: object = None) -> None:
        """No word: a loop that has gone leaves one behind that is not closed, but its connections are."""


class _Hidden(str):
    """A header value that is not shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[hidden]'"


class Route(NamedTuple):
    """The way to an origin.

    Attributes:
        request: What aiohttp's connector has to know of it.
        sees_requests: Whether there is a proxy which the requests are for, and which passes them on.
        headers: What they have to say to that one.
    """

    request: aiohttp.ClientRequest
    sees_requests: bool = False
    headers: RawHeaders = []  # noqa: RUF012 - never changed


def find_route(origin: Origin, settings: Network) -> Route:
    """The way to `origin`, through a proxy if there is one; its user and password are not shown."""
    proxy = proxy_for(origin, settings)
    url, loop = URL(str(origin), encoded=True), asyncio.get_running_loop()
    if proxy is None:
        return Route(aiohttp.ClientRequest("GET", url, loop=loop))
    parts = urlsplit(proxy)
    address = URL(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), encoded=True)
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    basic = _Hidden(f"Basic {b64encode(login.encode()).decode()}")
    if origin.scheme == "https":
        # With `Host` from the beginning: aiohttp would add it on the way, and take the result for another proxy.
        told = CIMultiDict({"Host": url.host_port_subcomponent or "", "User-Agent": f"together-di/{__version__}"})
        if parts.username is not None:
            told["Proxy-Authorization"] = basic
        return Route(aiohttp.ClientRequest("GET", url, loop=loop, proxy=address, proxy_headers=told))
    headers = [] if parts.username is None else [(b"Proxy-Authorization", basic.encode())]
    return Route(aiohttp.ClientRequest("GET", url, loop=loop, proxy=address), True, headers)


class LoopConnections(InLoop):
    """The connections of one event loop."""

    def __init__(self, settings: Network) -> None:
        super().__init__()
        self.connector = Connector(settings)
        self._settings = settings
        self._slots = Slots(settings.max_connections)
        self._routes: dict[Origin, Route] = {}
        self._exchanges: set[Exchange] = set()
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()
        self._is_inherited = False

    async def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        limits = time_limits(request)
        try:
            route = self._routes.get(request.origin) or self._route(request.origin)
            await self._slots.take(limits["pool"])
            exchange = Exchange(self, request)
            self._exchanges.add(exchange)
            answer = await exchange.start(route, limits)
        except HTTPCORE_ERRORS as error:
            problem = failure(error, request, answered=False)
        else:
            raw_headers = list(answer.raw_headers)
            if "Content-Encoding" not in answer.headers and (content := exchange.whole()) is not None:
                return Response(answer.code, raw_headers, request, content=content)
            body = Body(achunks=exchange, aclose=exchange.aclose, hurry=exchange.hurry, drop=exchange.drop)
            return Response(answer.code, raw_headers, request, body=body)
        # Outside the handler, so that the library's traceback is not attached as context.
        raise problem

    def _route(self, origin: Origin) -> Route:
        route = self._routes[origin] = find_route(origin, self._settings)
        return route

    def is_new(self, transport: asyncio.Transport) -> bool:
        """Whether this connection was not there before."""
        is_new = transport not in self._transports
        if is_new:
            self._transports.add(transport)
        return is_new

    def give_back(self, exchange: Exchange, connection: Connection) -> None:
        """Keep a connection on which a response has come to its end, if there are not too many."""
        if self._may_keep_one_more():
            connection.release()
        else:
            connection.close()
        self.finish(exchange)

    def _may_keep_one_more(self) -> bool:
        most = self._settings.most_idle
        if most >= self._settings.max_connections:
            return True
        there = sum(not transport.is_closing() for transport in self._transports)
        return there - len(self._exchanges) < most

    def finish(self, exchange: Exchange) -> None:
        """`exchange` has no connection any more."""
        self._exchanges.discard(exchange)
        self._slots.give_back()

    async def end(self) -> None:
        """Close the connections in an orderly way; those that wait for one get an error."""
        if self._is_inherited:
            return  # a forked child ends a copy of the loop
        self._slots.close()
        for exchange in list(self._exchanges):
            exchange.close()
        for transport in list(self._transports):
            transport.abort()
        await self.connector.close()

    def abandon(self) -> None:
        """Close the connections of a loop that no longer runs, silently."""
        self._leave(abandon)
        for transport in list(self._transports):
            abandon(transport)

    def forget(self) -> None:
        """Leave the connections to the parent, in a forked child."""
        self._is_inherited = True
        for transport in list(self._transports):
            forget(transport)
        self._leave(lambda _: None)

    def _leave(self, cut: Callable[[asyncio.Transport], None]) -> None:
        self._slots = Slots(0)  # nobody who waits there can be told of anything
        for exchange in list(self._exchanges):
            exchange.close(cut)


class AiohttpTransport(PerLoop[LoopConnections]):
    """Connections for each event loop that uses them; a forked child starts with none."""

    def __init__(self, network: Network) -> None:
        super().__init__(functools.partial(LoopConnections, network))

    async def send(self, request: Request) -> Response:
        """Send `request` once; the body is read later."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigurationError(
                "transport='aiohttp' works in asyncio only, and this is another event loop (trio): "
                "leave transport out, or write transport='httpx'."
            ) from None
        here = self.by_loop.get(loop) or await self.enter()
        return await here.send(request)
