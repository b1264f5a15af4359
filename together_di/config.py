"""`TogetherClient`: the one frozen configuration that every namespace of a client shares."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from ._text import callers_level
from .address import Origin, is_near
from .credentials import Credential
from .errors import ConfigurationError, InsecureBaseURLWarning, MissingAPIKeyError
from .key_lookup import TIME_TO_LIVE, KeyReference, find_credential
from .network import DEFAULT_NETWORK, Network
from .options import (
    DEFAULT_BASE_URL,
    DEFAULT_DRAIN_TIMEOUT,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    OPTIONS,
    shown_headers,
    timeout_parts,
)
from .retry import DEFAULT_POLICY, RetryPolicy
from .sources import Found, look
from .timeout import Timeout

if TYPE_CHECKING:
    from typing import Unpack

    from .options import ClientOptions

logger = logging.getLogger("together_di")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False, eq=False)
class TogetherClient:
    """The configuration of a client. Build one with `TogetherClient.resolve`, or through `Together(...)`.

    Attributes:
        credential: The key, or how it is found.
        base_url: Where the API is, without `/v1` and without a trailing slash.
        timeout: Seconds for each part of one attempt: a number, a `Timeout`, or `None` for no limit.
        max_retries: How often a failed call is sent again.
        retry: How long is waited before that, and how often it may be done in vain.
        deadline: Seconds for a whole call: all attempts and the waits between them; `None` means no limit.
        drain_timeout: Seconds that calls have to finish when the client is closed.
        default_headers: Sent with every request.
        default_query: Added to every URL.
        project_id: Used by the methods that take one.
        transport: `"httpx"`, `"aiohttp"` for calls that are awaited, or `"embedded"` for the emulator in this process.
        network: Connections, proxy and certificates.
        strict: Whether a response that does not fit its documented shape is an error.
        blocking_calls: What a blocking call in an event loop does: `"allow"`, `"warn"` or `"raise"`.
        log_level: The level of the `together_di` logger, if this package is to set it.
        found: Where all this was found, for `explain.explained`; it does not travel.
    """

    credential: Credential
    base_url: str = DEFAULT_BASE_URL
    timeout: float | Timeout | None = DEFAULT_TIMEOUT
    max_retries: int = DEFAULT_MAX_RETRIES
    retry: RetryPolicy = DEFAULT_POLICY
    deadline: float | None = None
    drain_timeout: float = DEFAULT_DRAIN_TIMEOUT
    default_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    default_query: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    project_id: str | None = None
    transport: str = "httpx"
    network: Network = DEFAULT_NETWORK
    strict: bool = False
    blocking_calls: str = "allow"
    log_level: str | None = None
    found: Found | None = None

    @classmethod
    def resolve(cls, **given: Unpack[ClientOptions]) -> Self:
        """Look in every place (`sources.PRECEDENCE`) for what is not given, and check all of it.

        Raises:
            MissingAPIKeyError: There is no key anywhere.
            ConfigurationError: Some values cannot be used; the message names the place each came from.
        """
        return cls.from_found(look(given))

    @classmethod
    def from_found(cls, found: Found) -> Self:
        """The configuration that was found.

        Raises:
            MissingAPIKeyError: There is no key anywhere.
            ConfigurationError: Some values cannot be used; the message names the place each came from.
        """
        values, problems = found.check()
        credential: Credential | None = None
        try:
            credential = credential_for(found, values)
        except (ConfigurationError, MissingAPIKeyError) as error:
            if not problems:
                raise
            problems.append(str(error).partition(" Looked at")[0])
        if credential is None or problems:
            raise ConfigurationError("\n".join(problems))
        take = values.get
        address, kind = take("base_url", DEFAULT_BASE_URL), take("transport", "httpx")
        if kind != "embedded":
            _warn_of_exposure(address)
        return cls(
            credential=credential,
            base_url=address,
            timeout=_timeout(values),
            max_retries=take("max_retries", DEFAULT_MAX_RETRIES),
            retry=RetryPolicy(**_some_of(values, RetryPolicy._fields, prefix="retry_")),
            deadline=take("deadline"),
            drain_timeout=take("drain_timeout", DEFAULT_DRAIN_TIMEOUT),
            default_headers=MappingProxyType(dict(take("default_headers", {}))),
            default_query=take("default_query", MappingProxyType({})),
            project_id=take("project_id"),
            transport=kind,
            network=Network(**_some_of(values, Network._fields)),
            strict=take("strict", False),
            blocking_calls=take("blocking_calls", "allow"),
            log_level=take("log_level"),
            found=found,
        )

    @classmethod
    def credential_named(cls, name: str) -> Credential:
        """The key of the client named `name`, from wherever it stands in this process."""
        return cls.from_found(look(name=name)).credential

    def replace(self, **changes: Any) -> Self:
        """A copy with other values, checked like the originals; no source is looked up again."""
        for name in changes.keys() & OPTIONS.keys():
            changes[name] = OPTIONS[name].check(changes[name], name)
        if "base_url" in changes:
            _warn_of_exposure(changes["base_url"])
        for name in changes.keys() & {"default_headers", "default_query"}:
            changes[name] = MappingProxyType(dict(changes[name]))
        return replace(self, **changes)

    @property
    def api_key(self) -> str:
        """The key as plain text: the one place to read it. A function is asked.

        Raises:
            ConfigurationError: The key comes from an async function.
        """
        return self.credential.get().get_secret_value()

    @property
    def supplied_headers(self) -> Mapping[str, str]:
        """The v1 SDK's name of `default_headers`."""
        return self.default_headers

    @property
    def origin(self) -> Origin:
        """Scheme, host and port of the base URL."""
        parts = urlsplit(self.base_url)
        return Origin(parts.scheme, parts.hostname or "", parts.port)

    @property
    def path_prefix(self) -> str:
        """The path of the base URL, for an API behind a gateway; usually empty."""
        return urlsplit(self.base_url).path

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__slots__ if name != "found"}
        shown["default_headers"] = shown_headers(self.default_headers)
        shown["default_query"] = dict(self.default_query)
        return f"TogetherClient({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        from .travel import packed

        return packed(self)


def embedded_key() -> str:
    """What the emulator in this process is sent when the user has no key; it takes anything."""
    return "embedded"


def credential_for(found: Found, values: Mapping[str, Any]) -> Credential:
    """The key that was found, or how it is found.

    Args:
        found: What was found.
        values: The other options.

    Raises:
        MissingAPIKeyError: There is none.
        ConfigurationError: It cannot be a key.
    """
    listed = found.of("secrets")
    embedded = Credential(embedded_key, "the embedded transport, which needs none")
    try:
        credential = find_credential(
            found.of("api_key"),
            (values["secrets"], listed[0].source) if "secrets" in values else None,
            [place.key for place in found.places if place.key],
            client=found.name,
            lifetime=values.get("secret_ttl", TIME_TO_LIVE),
        )
    except MissingAPIKeyError:
        if values.get("transport") != "embedded":
            raise
        return embedded
    # Development and tests do not need the store that production reads.
    reads_store = isinstance(credential, KeyReference) and values.get("transport") == "embedded"
    return embedded if reads_store else credential


def _timeout(values: Mapping[str, Any]) -> float | Timeout | None:
    timeout: float | Timeout | None = values.get("timeout", DEFAULT_TIMEOUT)
    parts = _some_of(values, ("connect", "read", "write", "pool"), prefix="timeout_")
    return Timeout(**(timeout_parts(timeout).parts() | parts)) if parts else timeout


def _some_of(values: Mapping[str, Any], names: Sequence[str], prefix: str = "") -> dict[str, Any]:
    return {name: values[prefix + name] for name in names if prefix + name in values}


def exposure(base_url: str) -> str:
    """What is to be said if requests to `base_url` cross a public network unencrypted; else nothing."""
    parts = urlsplit(base_url)
    if parts.scheme != "http" or is_near(parts.hostname or ""):
        return ""
    return f"The base URL {base_url} sends the API key unencrypted to a public host: write https://"


def _warn_of_exposure(base_url: str) -> None:
    if message := exposure(base_url):
        warnings.warn(message, InsecureBaseURLWarning, stacklevel=callers_level())


def set_log_level(level: str | None) -> None:
    """Make the `together_di` logger speak at `level`, on stderr if the program has set up no logging."""
    if level is not None:
        logger.setLevel(level.upper())
        if not logger.hasHandlers():
            logger.addHandler(logging.StreamHandler())
