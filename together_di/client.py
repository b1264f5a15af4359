"""`Together` and `AsyncTogether`: the namespaces, and nothing else."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from ._sentinels import NotGiven, not_given
from ._text import near_miss
from .config import TogetherClient
from .credentials import APIKey, conceal, without_locals
from .engine import AsyncEngine, Engine, SharedTransport, SyncEngine
from .errors import ConfigurationError
from .key_lookup import credential_of
from .namespaces import Namespaces
from .options import FurtherOptions, check_headers, merge_headers
from .resource import Async, M, Sync
from .transport import AsyncTransport, SyncTransport, open_async_transport, open_sync_transport

if TYPE_CHECKING:
    from typing import Unpack

    from pydantic import SecretStr

    from .credentials import KeyFunction
    from .timeout import Timeout
    from .transport import HttpxAsyncClient, HttpxClient, HttpxTimeout, HttpxURL

H = TypeVar("H")
F = TypeVar("F", bound=Callable[..., Any])
E = TypeVar("E", bound=Engine[Any])
X = TypeVar("X", SyncTransport, AsyncTransport)


def _guarded(function: F) -> F:
    """Refuse unknown keywords with a suggestion, and put the key out of sight before anything can fail."""
    known = inspect.signature(function).parameters.keys() - {"self"}
    if "further" in known:
        known = known - {"further"} | FurtherOptions.__annotations__.keys()

    @functools.wraps(function)
    @without_locals
    def call(self: object, *args: object, **options: Any) -> object:
        if args:
            raise TypeError(f"{type(self).__name__} takes options by name only: api_key=..., timeout=..., and so on.")
        options["api_key"] = conceal(options.get("api_key"))
        if unknown := options.keys() - known:
            name = min(unknown)
            raise TypeError(f"{type(self).__name__} has no option {name!r}{near_miss(name, known)}.")
        return function(self, **options)

    return cast("F", call)


def _client_timeout(http_client: object) -> Any:
    """The timeout of the caller's own httpx client, which counts where no other is given."""
    return not_given if http_client is None else getattr(http_client, "timeout", not_given)


def _merged(
    what: str, mine: Mapping[str, Any], added: Mapping[str, Any] | None, instead: Mapping[str, Any] | None
) -> dict[str, Mapping[str, Any]]:
    name = f"default_{what}"
    if added is not None and instead is not None:
        raise ConfigurationError(f"Give {name} (added to the client's) or set_{name} (instead of them), not both.")
    if what == "headers":
        check_headers(added or instead or {}, name)
    if instead is not None:
        return {name: instead}
    return {} if added is None else {name: merge_headers(mine, added) if what == "headers" else {**mine, **added}}


class _Client(Namespaces[M], Generic[M, E, H, X]):
    """What both clients share.

    Args:
        api_key: The key, a reference to one (`vault://secret/together#api_key`), or a function that gives it and is
            asked again for every attempt. What is left out is looked for in the places of `sources.PRECEDENCE`:
            the environment (`TOGETHER_API_KEY`), `.env`, mounted secrets and so on.
        base_url: Where the API is, with or without `/v1`. Default: Together's own.
        timeout: Seconds for each part of one attempt: a number, a `Timeout` (or `httpx.Timeout`), or `None` for no
            limit. Default: 60, of which 5 for connecting.
        max_retries: How often a failed call is sent again. Default: 2.
        default_headers: Sent with every request, over those of `TOGETHER_CUSTOM_HEADERS`.
        default_query: Added to every URL.
        project_id: For the methods that take one.
        http_client: The caller's own httpx client, for event hooks, mounts and the like; it is not closed here.
        supplied_headers: The v1 SDK's name of `default_headers`.
        **further: Whatever else `TogetherSettings` has, such as `transport="embedded"`, `strict` or `proxy`.

    Raises:
        MissingAPIKeyError: There is no key; an `AuthenticationError`.
        ConfigurationError: A value cannot be used; the message says which, and where it came from.
        TypeError: An option is unknown; the nearest name is suggested.
    """

    @_guarded
    def __init__(
        self,
        *,
        api_key: APIKey | None = None,
        base_url: str | HttpxURL | None = None,
        timeout: float | Timeout | HttpxTimeout | NotGiven | None = not_given,
        max_retries: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, object] | None = None,
        project_id: str | None = None,
        http_client: H | None = None,
        supplied_headers: Mapping[str, str] | None = None,
        **further: Unpack[FurtherOptions],
    ) -> None:
        check_headers(supplied_headers or {}, "supplied_headers")
        check_headers(default_headers or {}, "default_headers")
        config = TogetherClient.resolve(
            api_key=cast("SecretStr | KeyFunction | None", api_key),
            base_url=base_url,
            timeout=_client_timeout(http_client) if timeout is not_given else timeout,
            max_retries=max_retries,
            default_headers=merge_headers(supplied_headers or {}, default_headers or {}),
            default_query=default_query,
            project_id=project_id,
            **further,
        )
        self._attach(self._open(config, self._transport(config, http_client)))

    @classmethod
    def from_config(cls, config: TogetherClient, transport: X | None = None) -> Self:
        """A client with a configuration that has been resolved before.

        Args:
            config: The configuration.
            transport: How requests are sent; left out, as the configuration says. It is closed with the client.
        """
        client = cls.__new__(cls)
        client._attach(cls._open(config, transport or cls._transport(config, None)))
        return client

    @staticmethod
    def _open(config: TogetherClient, transport: X) -> E:
        """The engine of a new client."""
        raise NotImplementedError

    @staticmethod
    def _transport(config: TogetherClient, http_client: H | None) -> X:
        """The transport of a new client."""
        raise NotImplementedError

    @_guarded
    def copy(
        self,
        *,
        api_key: APIKey | None = None,
        base_url: str | HttpxURL | None = None,
        timeout: float | Timeout | HttpxTimeout | NotGiven | None = not_given,
        max_retries: int | NotGiven = not_given,
        deadline: float | NotGiven | None = not_given,
        default_headers: Mapping[str, str] | None = None,
        set_default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, object] | None = None,
        set_default_query: Mapping[str, object] | None = None,
        project_id: str | None = None,
        http_client: H | None = None,
        strict: bool | None = None,
    ) -> Self:
        """A client with other options on the same connections; closing it leaves the original open.

        Args:
            api_key: As for the client.
            base_url: As for the client.
            timeout: As for the client.
            max_retries: As for the client.
            deadline: Seconds for a whole call, all attempts together; `None` for no limit.
            default_headers: Added to the client's.
            set_default_headers: Instead of the client's.
            default_query: Added to the client's.
            set_default_query: Instead of the client's.
            project_id: As for the client.
            http_client: As for the client.
            strict: As for the client.
        """
        config = self.client
        changes: dict[str, Any] = {"base_url": base_url, "project_id": project_id, "strict": strict}
        changes = {name: value for name, value in changes.items() if value is not None}
        if api_key is not None:
            changes["credential"] = credential_of(
                cast("SecretStr | KeyFunction", api_key), "the api_key argument of copy()"
            )
        if timeout is not not_given:
            changes["timeout"] = timeout
        if max_retries is not not_given:
            changes["max_retries"] = max_retries
        if deadline is not not_given:
            changes["deadline"] = deadline
        changes |= _merged("headers", config.default_headers, default_headers, set_default_headers)
        changes |= _merged("query", config.default_query, default_query, set_default_query)
        engine = self._engine
        config = config.replace(**changes)
        copy = type(self).__new__(type(self))
        if http_client is None:
            copy._attach(type(engine)(config, engine.shared, owner=False))
        else:
            copy._attach(self._open(config, self._transport(config, http_client)))
        return copy

    with_options = copy

    @property
    def api_key(self) -> str:
        """The key as plain text."""
        return self.client.api_key

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self.client.base_url

    @property
    def timeout(self) -> float | Timeout | None:
        """Seconds for each part of one attempt."""
        return self.client.timeout

    @property
    def max_retries(self) -> int:
        """How often a failed call is sent again."""
        return self.client.max_retries

    @property
    def default_headers(self) -> Mapping[str, str]:
        """The header fields that are sent with every request, besides those of this package and the key."""
        return self.client.default_headers

    @property
    def default_query(self) -> Mapping[str, object]:
        """What is added to every URL."""
        return self.client.default_query

    @property
    def project_id(self) -> str | None:
        """The project of the methods that take one."""
        return self.client.project_id

    def is_closed(self) -> bool:
        """Whether it takes no more calls."""
        return self._engine.is_closed or self._engine.shared.is_closed

    def __repr__(self) -> str:
        if not hasattr(self, "_engine"):  # it could not be built, and its frame is being shown
            return f"<{type(self).__name__} without a configuration>"
        config = self.client
        return f"<{type(self).__name__} {config.base_url} transport={config.transport!r} {config.credential!r}>"

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        # A deep copy of connections makes no sense, and containers deep-copy what they are given.
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _arrived, (type(self), self._engine)


def _arrived(kind: type[_Client[Any, Any, Any, Any]], engine: Engine[Any]) -> _Client[Any, Any, Any, Any]:
    client = kind.__new__(kind)
    client._attach(engine)
    return client


class Together(_Client[Sync, SyncEngine, "HttpxClient", SyncTransport]):
    """A client whose methods block. One is enough for a program: threads may share it."""

    @staticmethod
    def _open(config: TogetherClient, transport: SyncTransport) -> SyncEngine:
        return SyncEngine(config, SharedTransport(transport))

    @staticmethod
    def _transport(config: TogetherClient, http_client: HttpxClient | None) -> SyncTransport:
        return open_sync_transport(config.transport, config.network, http_client)

    def close(self) -> None:
        """Take no more calls, let those that run finish within `drain_timeout`, and close the connections.

        What does not finish in time, and a stream that this very thread has left open, ends with a
        `ClientClosedError`. A client that borrows its connections, made by `copy`, only stops taking calls.
        """
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncTogether(_Client[Async, AsyncEngine, "HttpxAsyncClient", AsyncTransport]):
    """A client whose methods are awaited. One is enough for a program: it works in every event loop."""

    @staticmethod
    def _open(config: TogetherClient, transport: AsyncTransport) -> AsyncEngine:
        return AsyncEngine(config, SharedTransport(transport))

    @staticmethod
    def _transport(config: TogetherClient, http_client: HttpxAsyncClient | None) -> AsyncTransport:
        return open_async_transport(config.transport, config.network, http_client)

    async def aclose(self) -> None:
        """Take no more calls, let those that run finish within `drain_timeout`, and close the connections.

        What does not finish in time, and a stream that this very task has left open, ends with a `ClientClosedError`.
        A client that borrows its connections, made by `copy`, only stops taking calls.
        """
        await cast("AsyncEngine", self._engine).aclose()

    close = aclose

    def close_nowait(self) -> None:
        """The same from outside an event loop, and without waiting for calls that run; better `aclose`."""
        self._engine.close_now()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
