"""`TogetherContainer`: the configuration, the clients and their namespaces as dependency-injector providers."""

from __future__ import annotations

import copyreg
import logging
from collections.abc import Callable
from pickle import PicklingError
from threading import get_ident
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from dependency_injector import containers, providers

from ._fork import ForkSafeLock
from ._text import near_miss
from .arrival import packed_container
from .check import Health, ahealth_of, health_of
from .client import AsyncTogether, Together
from .config import TogetherClient
from .credentials import without_locals
from .errors import ConfigurationError, MissingAPIKeyError
from .explain import Explanation, explained
from .lending import in_thread
from .settings import TogetherSettings
from .sources import DEFAULT, Found, look, misspelt
from .transport import AsyncTransport, SyncTransport, open_async_transport, open_sync_transport

T = TypeVar("T")

__all__ = ["TogetherContainer"]

logger = logging.getLogger("together_di")


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
    #: Its container, and what it is called there.
    place: tuple[_Instance, str] | None = None

    def __reduce__(self) -> tuple[object, ...]:
        if self.place is None:
            raise PicklingError("A provider of a container's class cannot be pickled: take that of a container.")
        return getattr, self.place


class Opened:
    """The clients a container has built, in order, so that it can close them, and its containers of other names."""

    def __init__(self) -> None:
        self._lock = ForkSafeLock()
        self._clients: list[Together | AsyncTogether] = []
        self._named: dict[str, TogetherContainer] = {}

    def named(self, name: str, build: Callable[[], TogetherContainer]) -> TogetherContainer:
        """The container called `name`, built when it is first asked for."""
        with self._lock:
            if name not in self._named:
                self._named[name] = build()
            return self._named[name]

    @property
    def containers(self) -> list[TogetherContainer]:
        """The containers of other names, the last one first."""
        with self._lock:
            return list(self._named.values())[::-1]

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
def _found(options: dict[str, Any] | None, source: str, name: str, defaults: dict[str, Any]) -> Found:
    return look(options, source, name, defaults)


@without_locals
def _client_config(settings: TogetherSettings) -> TogetherClient:
    config = settings.client_config()
    for text in misspelt(config.found.names if config.found else ()):
        logger.warning("%s", text)
    return config


def _sync_transport(config: TogetherClient) -> SyncTransport:
    return open_sync_transport(config.transport, config.network)


def _async_transport(config: TogetherClient) -> AsyncTransport:
    return open_async_transport(config.transport, config.network)


def _client(config: TogetherClient, transport: SyncTransport, opened: Opened) -> Together:
    return opened.add(Together.from_config(config, transport))


def _async_client(config: TogetherClient, transport: AsyncTransport, opened: Opened) -> AsyncTogether:
    return opened.add(AsyncTogether.from_config(config, transport))


def _packed_instance(instance: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return getattr, (instance.provides, "provided")


def _packed_attribute(attribute: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return getattr, (attribute.provides, attribute.name)


# So that `container.chat` can be pickled, as what it is: an attribute of what a provider provides.
copyreg.pickle(providers.ProvidedInstance, _packed_instance)
copyreg.pickle(providers.AttributeGetter, _packed_attribute)


class _Lifecycle:
    """What a container can do besides providing.

    A container is an instance of another class than it is declared as, so both classes take it from here.
    """

    def close(self) -> None:
        """Close the clients that were built, the last first; asking for one afterwards builds a new one.

        Calls that run may finish, each client's within its `drain_timeout`.

        Raises:
            ExceptionGroup: Some could not be closed; the others were.
        """
        clients = self._stopped()
        _raise_together([_failure(client) for client in clients])

    async def aclose(self) -> None:
        """Close the clients that were built, the last first; asking for one afterwards builds a new one.

        Calls that run may finish, each client's within its `drain_timeout`.

        Raises:
            ExceptionGroup: Some could not be closed; the others were.
        """
        clients = self._stopped()
        try:
            errors = [await _afailure(client) for client in clients]
        except BaseException:  # cancelled
            for client in clients:
                client._engine.close_now()
            raise
        _raise_together(errors)

    def _stopped(self) -> list[Together | AsyncTogether]:
        """The clients, which take no more calls: the time the others need to finish counts for each of them."""
        clients = self._forget()
        for client in clients:
            client._engine.stop()
        return clients

    def _forget(self) -> list[Together | AsyncTogether]:
        container: Any = self
        for name in ("client", "async_client", "sync_transport", "async_transport", "client_config"):
            getattr(container, name).reset()
        opened: Opened = container.opened()
        others = [client for named in opened.containers for client in named._forget()]
        return others + opened.take()

    def named(self, name: str) -> TogetherContainer:
        """The container of the client called `name`, with a configuration, connections and a key of its own.

        `config` has the options of each client under its name; one of them is `"default"`, which is this container
        itself. Closing this container closes the others.

        Raises:
            ConfigurationError: There is no client of that name; the nearest is suggested.
        """
        container: Any = self
        if name == container.client_name():
            return container  # type: ignore[no-any-return]
        return container.opened().named(name, lambda: _named(container, name))  # type: ignore[no-any-return]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the clients, `"default"` first."""
        container: Any = self
        return container.found().names  # type: ignore[no-any-return]

    def refresh(self) -> None:
        """Have every key that stands in a store read again before the next call; clients and connections stay."""
        container: Any = self
        container.client_config().credential.refresh()
        for named in container.opened().containers:
            named.refresh()

    def explain(self) -> Explanation:
        """Where each option came from, and what it shadows; as text, `str(container.explain())`. Nothing is fetched."""
        container: Any = self
        try:
            config: TogetherClient = container.client_config()
            return explained(config.found or container.found(), config.credential)
        except (ConfigurationError, MissingAPIKeyError):
            return explained(container.found())

    def ping(self) -> Health:
        """Ask the API whom the key belongs to: whether this client works, and if not, why."""
        container: Any = self
        try:
            return health_of(container.client())
        except (ConfigurationError, MissingAPIKeyError) as error:
            return Health(False, str(error))

    async def aping(self) -> Health:
        """The same in an event loop."""
        container: Any = self
        try:
            return await ahealth_of(container.async_client())
        except (ConfigurationError, MissingAPIKeyError) as error:
            return Health(False, str(error))


def _named(container: Any, name: str) -> TogetherContainer:
    look(container.config(), container.source(), name)  # says if there is no such client
    return TogetherContainer(
        config=container.config(), source=container.source(), client_name=name, defaults=container.defaults()
    )


async def _afailure(client: Together | AsyncTogether) -> Exception | None:
    try:
        if isinstance(client, AsyncTogether):
            await client.aclose()
        elif client._engine.shared.is_idle:
            client.close()
        else:
            # Its calls may need this loop to get on, as a streamed answer that a web framework passes on does.
            await in_thread(client._engine.close, get_ident())
    except Exception as error:  # noqa: BLE001 - every client is closed, whatever the others do
        return error
    return None


def _failure(client: Together | AsyncTogether) -> Exception | None:
    try:
        if isinstance(client, AsyncTogether):
            client._engine.close()
        else:
            client.close()
    except Exception as error:  # noqa: BLE001 - every client is closed, whatever the others do
        return error
    return None


def _raise_together(errors: list[Exception | None]) -> None:
    if raised := [error for error in errors if error is not None]:
        raise ExceptionGroup("Some clients could not be closed", raised)


class _Instance(_Lifecycle, containers.DynamicContainer):
    """What calling `TogetherContainer` gives."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if isinstance(value, OnceProvider):
            value.place = self, name

    def __reduce__(self) -> tuple[object, ...]:
        return packed_container(self)


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

    if not TYPE_CHECKING:  # there its base tells what calling it gives

        def __new__(cls, *args: object, **options: Any) -> Any:
            """What is to replace the providers, by name."""
            if args:
                raise TypeError("TogetherContainer takes its arguments by name: config={...}.")
            if unknown := options.keys() - cls.providers.keys():
                name = min(unknown)
                raise TypeError(f"TogetherContainer has no argument {name!r}{near_miss(name, cls.providers)}.")
            return super().__new__(cls, **options)

    config = providers.Configuration()
    #: What messages call an option of `config`; `{}` stands for its name.
    source = providers.Object('config["{}"]')
    client_name = providers.Object(DEFAULT)
    opened = OnceProvider(Opened)
    #: What an adapter sets for all that the user leaves out.
    defaults = providers.Object(dict[str, Any]())
    found = providers.Factory(_found, config, source, client_name, defaults)
    settings = providers.Factory(TogetherSettings.from_found, found)
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
