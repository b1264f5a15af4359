"""`TogetherContainer`: the configuration, the clients and their namespaces as dependency-injector providers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from dependency_injector import containers, providers

from ._fork import ForkSafeLock
from .client import AsyncTogether, Together
from .config import TogetherClient
from .credentials import without_locals
from .settings import TogetherSettings
from .transport import AsyncTransport, SyncTransport, open_async_transport, open_sync_transport

T = TypeVar("T")

__all__ = ["TogetherContainer"]


class _NewLock:
    """A lock for each provider that asks.

    dependency-injector's thread-safe singletons take their lock from their class, so that all of a process wait for
    one another. And a child forked while another thread held it would wait for ever.
    """

    def __get__(self, instance: object, owner: type) -> ForkSafeLock:
        return ForkSafeLock()


class OnceProvider(providers.ThreadSafeSingleton[T]):
    """A singleton that is built once, however many threads ask at the same time, under a lock of its own."""

    storage_lock: ClassVar[Any] = _NewLock()


class Opened:
    """The clients a container has built, in order, so that it can close them."""

    def __init__(self) -> None:
        self._lock = ForkSafeLock()
        self._clients: list[Together | AsyncTogether] = []

    def add(self, client: T) -> T:
        """Remember `client`."""
        with self._lock:
            self._clients.append(client)  # type: ignore[arg-type]  # one of the two
        return client

    def take(self) -> list[Together | AsyncTogether]:
        """All of them, the last one first; they are forgotten here."""
        with self._lock:
            taken, self._clients = self._clients[::-1], []
        return taken


@without_locals
def _settings(options: dict[str, Any] | None) -> TogetherSettings:
    return TogetherSettings(**(options or {}))


@without_locals
def _client_config(settings: TogetherSettings) -> TogetherClient:
    return settings.client_config()


def _sync_transport(config: TogetherClient) -> SyncTransport:
    return open_sync_transport(config.transport)


def _async_transport(config: TogetherClient) -> AsyncTransport:
    return open_async_transport(config.transport)


def _client(config: TogetherClient, transport: SyncTransport, opened: Opened) -> Together:
    return opened.add(Together.from_config(config, transport))


def _async_client(config: TogetherClient, transport: AsyncTransport, opened: Opened) -> AsyncTogether:
    return opened.add(AsyncTogether.from_config(config, transport))


class _Lifecycle:
    """What a container can do besides providing.

    A container is an instance of another class than it is declared as, so both classes take it from here.
    """

    def close(self) -> None:
        """Close the clients that were built, the last first; asking for one afterwards builds a new one.

        Raises:
            ExceptionGroup: Some could not be closed; the others were.
        """
        _raise_together(
            [
                _failure(client.close_nowait if isinstance(client, AsyncTogether) else client.close)
                for client in self._forget()
            ]
        )

    async def aclose(self) -> None:
        """Close the clients that were built, the last first; asking for one afterwards builds a new one.

        Raises:
            ExceptionGroup: Some could not be closed; the others were.
        """
        errors: list[Exception | None] = []
        for client in self._forget():
            try:
                if isinstance(client, AsyncTogether):
                    await client.aclose()
                else:
                    client.close()
            except Exception as error:  # noqa: BLE001 - every client is closed, whatever the others do
                errors.append(error)
        _raise_together(errors)

    def _forget(self) -> list[Together | AsyncTogether]:
        container: Any = self
        for name in ("client", "async_client", "sync_transport", "async_transport", "client_config", "settings"):
            getattr(container, name).reset()
        return container.opened().take()  # type: ignore[no-any-return]


def _failure(close: Callable[[], None]) -> Exception | None:
    try:
        close()
    except Exception as error:  # noqa: BLE001 - every client is closed, whatever the others do
        return error
    return None


def _raise_together(errors: list[Exception | None]) -> None:
    if raised := [error for error in errors if error is not None]:
        raise ExceptionGroup("Some clients could not be closed", raised)


class _Instance(_Lifecycle, containers.DynamicContainer):
    """What calling `TogetherContainer` gives."""


class TogetherContainer(_Lifecycle, containers.DeclarativeContainer):
    """One configuration, one `Together` and one `AsyncTogether`, and each namespace on its own.

        >>> from together_di import TogetherContainer
        >>> container = TogetherContainer(config={"transport": "embedded", "timeout": 20})
        >>> container.client() is container.client()
        True
        >>> len(container.embeddings().create(model="m", input=["a", "b"]).data)
        2
        >>> container.close()

    It can stand in another container: `providers.Container(TogetherContainer, config=config.together)`. Nothing is
    looked up and nothing is opened before a client is asked for. `config` takes what `TogetherSettings` takes.
    """

    instance_type = _Instance

    config = providers.Configuration()
    opened = OnceProvider(Opened)
    settings = OnceProvider(_settings, config)
    client_config = OnceProvider(_client_config, settings)
    sync_transport = OnceProvider(_sync_transport, client_config)
    async_transport = OnceProvider(_async_transport, client_config)
    client: providers.Singleton[Together] = OnceProvider(_client, client_config, sync_transport, opened)
    async_client: providers.Singleton[AsyncTogether] = OnceProvider(
        _async_client, client_config, async_transport, opened
    )

    chat = client.provided.chat
    completions = client.provided.completions
    embeddings = client.provided.embeddings
    images = client.provided.images
    audio = client.provided.audio
    rerank = client.provided.rerank
    files = client.provided.files
    models = client.provided.models
