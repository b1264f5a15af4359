"""`TogetherClient`: the one frozen configuration that every namespace of a client shares.

An option is looked for in the same order everywhere: the explicit argument, the environment, the default; `_pick`
states it. Before its default, which is an error, the key is looked for among Google Colab's secrets as well
(`credentials.find_credential`). What is empty counts as not set.
"""

from __future__ import annotations

import inspect
import ipaddress
import logging
import os
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote, urlsplit

from ._sentinels import not_given
from ._text import near_miss
from .credentials import Credential, KeyFunction, find_credential
from .errors import ConfigurationError, InsecureBaseURLWarning, MissingAPIKeyError
from .wire import SECRET_HEADERS, Origin, Timeout

if TYPE_CHECKING:
    from pydantic import SecretStr

T = TypeVar("T")
D = TypeVar("D")

logger = logging.getLogger("together_di")

DEFAULT_BASE_URL = "https://api.together.ai"
DEFAULT_TIMEOUT = Timeout(60.0, connect=5.0)
DEFAULT_MAX_RETRIES = 2
TRANSPORTS = ("httpx", "embedded")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False, eq=False)
class TogetherClient:
    """The configuration of a client. Build one with `TogetherClient.resolve`, or through `Together(...)`.

    Attributes:
        base_url: Where the API is, without `/v1` and without a trailing slash.
        timeout: Seconds for each part of one attempt: a number, a `Timeout`, or `None` for no limit.
        max_retries: How often a failed call is sent again.
        default_headers: Sent with every request.
        default_query: Added to every URL.
        project_id: Used by the methods that take one.
        transport: `"httpx"`, or `"embedded"` for the emulator in this process.
        strict: Whether a response that does not fit its documented shape is an error.
        log_level: The level of the `together_di` logger, if this package is to set it.
    """

    credential: Credential
    base_url: str = DEFAULT_BASE_URL
    timeout: float | Timeout | None = DEFAULT_TIMEOUT
    max_retries: int = DEFAULT_MAX_RETRIES
    default_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    default_query: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    project_id: str | None = None
    transport: str = "httpx"
    strict: bool = False
    log_level: str | None = None

    @classmethod
    def resolve(
        cls,
        *,
        api_key: SecretStr | KeyFunction | None = None,
        base_url: object = None,
        timeout: object = not_given,
        max_retries: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, object] | None = None,
        project_id: str | None = None,
        transport: str | None = None,
        strict: bool | None = None,
        log_level: str | None = None,
    ) -> Self:
        """Fill in what is not given from the environment and the defaults, and check all of it.

        Raises:
            MissingAPIKeyError: There is no key anywhere.
            ConfigurationError: A value cannot be used; the message names the place it came from.
        """
        kind = _pick("transport", transport, checked_transport, default="httpx")
        address = _pick("base_url", base_url, normalise_base_url, default=DEFAULT_BASE_URL)
        if kind != "embedded":
            warn_of_exposure(address)
        return cls(
            credential=_find(api_key, kind),
            base_url=address,
            timeout=None if timeout is None else _pick("timeout", timeout, checked_timeout, default=DEFAULT_TIMEOUT),
            max_retries=_pick("max_retries", max_retries, checked_max_retries, default=DEFAULT_MAX_RETRIES),
            default_headers=_headers(default_headers),
            default_query=MappingProxyType(dict(default_query or {})),
            project_id=_pick("project_id", project_id, lambda value, _: str(value), default=None),
            transport=kind,
            strict=_pick("strict", strict, checked_flag, default=False),
            log_level=_pick("log", log_level, checked_log_level, default=None),
        )

    def replace(self, **changes: Any) -> Self:
        """A copy with other values, checked like the originals; no source is looked up again."""
        if "base_url" in changes:
            changes["base_url"] = normalise_base_url(changes["base_url"], "base_url")
            warn_of_exposure(changes["base_url"])
        if changes.get("timeout") is not None:
            changes["timeout"] = checked_timeout(changes["timeout"], "timeout")
        if "max_retries" in changes:
            changes["max_retries"] = checked_max_retries(changes["max_retries"], "max_retries")
        for name in ("default_headers", "default_query"):
            if name in changes:
                changes[name] = MappingProxyType(dict(changes[name]))
        check_headers(changes.get("default_headers", {}), "default_headers")
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
        shown = {name: getattr(self, name) for name in self.__slots__}
        shown["default_headers"] = shown_headers(self.default_headers)
        shown["default_query"] = dict(self.default_query)
        return f"TogetherClient({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        state = {name: getattr(self, name) for name in self.__slots__}
        for name in ("default_headers", "default_query"):
            state[name] = dict(state[name])
        return _rebuild, (state,)


def _rebuild(state: dict[str, Any]) -> TogetherClient:
    for name in ("default_headers", "default_query"):
        state[name] = MappingProxyType(state[name])
    return TogetherClient(**state)


def embedded_key() -> str:
    """What the emulator in this process is sent when the user has no key; it takes anything."""
    return "embedded"


def _find(api_key: SecretStr | KeyFunction | None, transport: str) -> Credential:
    try:
        return find_credential(api_key)
    except MissingAPIKeyError:
        if transport == "embedded":
            return Credential(embedded_key, "the embedded transport, which needs none")
        raise


def _pick(option: str, given: object, convert: Callable[[Any, str], T], *, default: D) -> T | D:
    """The first value that is set, converted; an error names where that value stood."""
    if option == "base_url" or isinstance(given, str):
        given = None if given is None else str(given).strip()
    if given is not None and given != "" and given is not not_given:
        return convert(given, option)
    variable = f"TOGETHER_{option.upper()}"
    if text := os.environ.get(variable, "").strip():
        return convert(text, f"{variable} (environment)")
    return default


def _refuse(source: str, value: object, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{source}={value!r} {problem}")


def _seconds(value: object, source: str) -> float:
    try:
        seconds = float(value)  # type: ignore[arg-type]  # anything but a number is the error below
    except (TypeError, ValueError):
        raise _refuse(source, value, "is not a number of seconds; write for example 20") from None
    if not 0 < seconds < float("inf"):
        raise _refuse(source, value, "must be a positive number of seconds (None means no limit)")
    return seconds


def checked_timeout(value: object, source: str) -> float | Timeout:
    """A number of seconds, or anything with the four parts of a `Timeout` (such as `httpx.Timeout`)."""
    parts = {name: getattr(value, name, not_given) for name in ("connect", "read", "write", "pool")}
    if any(part is not_given for part in parts.values()):
        return _seconds(value, source)
    return Timeout(
        **{name: None if part is None else _seconds(part, f"{source}.{name}") for name, part in parts.items()}
    )


def timeout_parts(value: object, source: str = "timeout") -> Timeout:
    """The four time limits that a timeout setting or argument stands for, in seconds."""
    if value is None:
        return Timeout(None)
    value = checked_timeout(value, source)
    return value if isinstance(value, Timeout) else Timeout(value)


def checked_max_retries(value: object, source: str) -> int:
    """A number of retries, also as text."""
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise _refuse(source, value, "is not a number of retries; write 0, 1, 2, ...")
    return number


def checked_transport(value: object, source: str) -> str:
    """The name of a transport."""
    if value not in TRANSPORTS:
        raise _refuse(
            source, value, f"is not a transport{near_miss(str(value), TRANSPORTS)}. Known: {', '.join(TRANSPORTS)}"
        )
    return str(value)


def checked_log_level(value: object, source: str) -> str:
    """The name of a log level, in lower case."""
    level = str(value).lower()
    if level not in LOG_LEVELS:
        raise _refuse(
            source, value, f"is not a log level{near_miss(level, LOG_LEVELS)}. Known: {', '.join(LOG_LEVELS)}"
        )
    return level


def checked_flag(value: object, source: str) -> bool:
    """Yes or no, also as text."""
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    flag = known.get(str(value).lower())
    if flag is None:
        raise _refuse(source, value, "is neither true nor false")
    return flag


def normalise_base_url(value: object, source: str) -> str:
    """`value` without `/v1` and trailing slashes.

    Raises:
        ConfigurationError: It is no absolute http(s) URL of an API.
    """
    text = str(value).strip()
    if "@" in text:
        # Not quoted: what stands before the @ is a password.
        raise ConfigurationError(f"{source} must not hold a user name or password (an @); the key goes into api_key.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _refuse(source, text, f"is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"}:
        hint = f"write https://{text}" if "://" not in text else "only https:// and http:// are spoken here"
        raise _refuse(source, text, f"has no usable scheme: {hint}")
    if not host or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise _refuse(source, text, f"names no host; write for example {DEFAULT_BASE_URL}")
    if parts.query or parts.fragment:
        raise _refuse(source, text, "must not have a ?query or #fragment; use default_query for parameters")
    path = quote(re.sub(r"(/+v1)?/*$", "", parts.path), safe="/%:@!$&'()*+,;=~")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise _refuse(source, text, "has a host name that cannot be written in ASCII (IDNA)") from None
    if match := re.search(r"/(chat/completions|completions|embeddings|models)$", path):
        raise _refuse(source, text, f"ends in one endpoint's path; leave out {match[0]!r}")
    return f"{Origin(parts.scheme, host, port)}{path}"


def warn_of_exposure(base_url: str) -> None:
    """Warn if requests to `base_url` cross a public network unencrypted."""
    parts = urlsplit(base_url)
    if parts.scheme == "http" and not _is_near(parts.hostname or ""):
        message = f"The base URL {base_url} sends the API key unencrypted to a public host: write https://"
        warnings.warn(message, InsecureBaseURLWarning, stacklevel=_callers_level())


def _callers_level() -> int:
    """How many frames up the caller of this package stands, for a warning that points there."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    return level - 1


def _is_near(host: str) -> bool:
    """Whether `host` is this machine or in a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # Names without a dot resolve inside a container network or an office only.
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".test"))
    return address.is_loopback or address.is_private


def _headers(given: Mapping[str, str] | None) -> Mapping[str, str]:
    """The given headers over those of `TOGETHER_CUSTOM_HEADERS`, whatever the case of their names."""
    source = "TOGETHER_CUSTOM_HEADERS (environment)"
    headers: dict[str, str] = {}
    for line in os.environ.get("TOGETHER_CUSTOM_HEADERS", "").splitlines():
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            raise ConfigurationError(f"{source}: a line has no colon; write one 'Name: value' on each line.")
        headers[name.strip()] = value.strip()
    check_headers(headers, source)
    given = given or {}
    check_headers(given, "default_headers")
    return MappingProxyType(merge_headers(headers, given))


def merge_headers(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Both, where `second` wins; names that differ in case only are the same name."""
    named = {name.lower() for name in second}
    return {**{name: value for name, value in first.items() if name.lower() not in named}, **second}


_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def check_headers(headers: Mapping[str, object], source: str) -> None:
    """Refuse what cannot be sent, or would beat the key.

    Raises:
        ConfigurationError: Names the header, never its value.
    """
    for name, value in headers.items():
        if not isinstance(name, str) or not _TOKEN(name):
            raise ConfigurationError(f"{source}: {name!r} is not a header name (RFC 9110, 5.1).")
        if name.lower() in _OURS:
            raise ConfigurationError(f"{source} sets {name}, which is made from the request itself: leave it out.")
        if name.lower() == "authorization":
            raise ConfigurationError(
                f"{source} sets Authorization, which is made from the key: pass api_key=... "
                "(for one call, client.with_options(api_key=...))."
            )
        if not isinstance(value, str):
            raise ConfigurationError(f"{source}: the value of {name!r} must be a str, not {type(value).__name__}.")
        if value != value.strip():
            raise ConfigurationError(f"{source}: the value of {name!r} begins or ends with white space: strip it.")
        if not value.isascii() or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise ConfigurationError(
                f"{source}: the value of {name!r} has a line break or a character that is not ASCII."
            )


def set_log_level(level: str | None) -> None:
    """Make the `together_di` logger speak at `level`, on stderr if the program has set up no logging."""
    if level is not None:
        logger.setLevel(level.upper())
        if not logger.hasHandlers():
            logger.addHandler(logging.StreamHandler())


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """`headers` with the values of credentials hidden."""
    return {name: "[hidden]" if name.lower() in SECRET_HEADERS else value for name, value in headers.items()}
