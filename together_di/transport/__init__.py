"""The one seam to the network: everything above it is the same for every transport, and knows no HTTP library.

A transport takes a `Request`, adds the key, sends it once and gives a `Response` whose body has not been read.
Whatever its HTTP library raises becomes an `APIConnectionError` (an `APITimeoutError`, if it took too long); settings
that turn out to be of no use only when a connection is opened are a `ConfigurationError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..errors import ConfigurationError
from ..network import Network
from ..wire import Request, Response

if TYPE_CHECKING:
    # The types of httpx that callers hand in, for annotations elsewhere: httpx itself is met in this package only.
    from httpx import URL as HttpxURL  # noqa: N811 - a class, whatever its case
    from httpx import AsyncClient as HttpxAsyncClient
    from httpx import Client as HttpxClient
    from httpx import Timeout as HttpxTimeout

__all__ = [
    "AsyncTransport",
    "HttpxAsyncClient",
    "HttpxClient",
    "HttpxTimeout",
    "HttpxURL",
    "SyncTransport",
    "open_async_transport",
    "open_sync_transport",
]


class SyncTransport(Protocol):
    """Sends requests from any thread of any process."""

    def send(self, request: Request) -> Response:
        """Send `request` once.

        Raises:
            APIConnectionError: There was no response.
            ConfigurationError: The proxy or the certificates cannot be used.
        """
        ...

    def close(self) -> None:
        """Close every connection; doing it twice does no harm."""
        ...


class AsyncTransport(Protocol):
    """Sends requests from any event loop of any thread and process."""

    async def send(self, request: Request) -> Response:
        """Send `request` once.

        Raises:
            APIConnectionError: There was no response.
            ConfigurationError: The proxy or the certificates cannot be used.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection; doing it twice does no harm."""
        ...

    def close(self) -> None:
        """The same from outside an event loop, as far as that is possible there."""
        ...


def open_sync_transport(kind: str, network: Network, http_client: HttpxClient | None = None) -> SyncTransport:
    """The transport named `kind`, or one through the caller's own client. Opens no connection yet.

    aiohttp knows no blocking calls: where it is chosen, these go through httpx.
    """
    if http_client is not None:
        from .httpx_client import ClientTransport

        return ClientTransport(http_client)
    if kind == "embedded":
        from .embedded import EmbeddedTransport

        return EmbeddedTransport()
    from .pool import PoolTransport

    return PoolTransport(network)


def open_async_transport(kind: str, network: Network, http_client: HttpxAsyncClient | None = None) -> AsyncTransport:
    """The transport named `kind`, or one through the caller's own client. Opens no connection yet.

    Raises:
        ConfigurationError: The library it needs is not installed.
    """
    if http_client is not None:
        from .httpx_client import AsyncClientTransport

        return AsyncClientTransport(http_client)
    if kind == "embedded":
        from .embedded import AsyncEmbeddedTransport

        return AsyncEmbeddedTransport()
    if kind == "aiohttp":
        return _open_aiohttp(network)
    from .async_pool import AsyncPoolTransport

    return AsyncPoolTransport(network)


def _open_aiohttp(network: Network) -> AsyncTransport:
    try:
        from .aiohttp_pool import AiohttpTransport
    except ImportError as error:
        raise ConfigurationError(
            f"transport='aiohttp' needs the package aiohttp, 3.12 or later ({error}): "
            'pip install "together-di[aiohttp]", or leave transport out for httpx.'
        ) from None
    return AiohttpTransport(network)
