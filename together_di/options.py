"""The options of a client: their names, how each is checked, and where it stands in the environment.

`OPTIONS` is the one table. Settings, environment, files, explanations and near misses are all read off it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, cast
from urllib.parse import quote, urlsplit

from ._sentinels import NotGiven, not_given
from ._text import near_miss
from .address import Origin, is_near
from .errors import ConfigurationError
from .headers import is_secret_header
from .secrets import Reference, store_for
from .timeout import Timeout

if TYPE_CHECKING:
    from pydantic import SecretStr

    from .credentials import KeyFunction
    from .transport import HttpxTimeout, HttpxURL

DEFAULT_BASE_URL = "https://api.together.ai"
DEFAULT_TIMEOUT = Timeout(60.0, connect=5.0)
DEFAULT_MAX_RETRIES = 2
DEFAULT_DRAIN_TIMEOUT = 10.0
TRANSPORTS = ("httpx", "aiohttp", "embedded")
GUARDS = ("allow", "warn", "raise")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


def refused(source: str, value: object, problem: str) -> ConfigurationError:
    """The error for a value that cannot be used; `source` says where it stood."""
    shown = repr(value)
    if isinstance(value, str) and re.fullmatch(r"[^/~][^.\s]{19,}", value) and "://" not in value:
        # It may be a key in the wrong place.
        shown = f"'{value[:4]}...' ({len(value)} characters)"
    return ConfigurationError(f"{source}={shown} {problem}")


def checked_seconds(value: object, source: str) -> float:
    """A positive number of seconds, also as text."""
    try:
        seconds = float(str(value))  # which `True` is not
    except ValueError:
        raise refused(source, value, "is not a number of seconds; write for example 20") from None
    if not 0 < seconds < float("inf"):
        raise refused(source, value, "must be a positive number of seconds (None means no limit)")
    return seconds


def checked_deadline(value: object, source: str) -> float | None:
    """A positive number of seconds, also as text; `None` for no limit."""
    return None if value is None else checked_seconds(value, source)


def checked_wait(value: object, source: str) -> float:
    """A number of seconds, also as text; 0 for not waiting at all."""
    return 0.0 if str(value) in {"0", "0.0"} else checked_seconds(value, source)


def checked_timeout(value: object, source: str) -> float | Timeout | None:
    """A number of seconds, or anything with the four parts of a `Timeout` (such as `httpx.Timeout`)."""
    if value is None:
        return None
    parts = {name: getattr(value, name, not_given) for name in ("connect", "read", "write", "pool")}
    if any(part is not_given for part in parts.values()):
        return checked_seconds(value, source)
    return Timeout(
        **{name: None if part is None else checked_seconds(part, f"{source}.{name}") for name, part in parts.items()}
    )


def timeout_parts(value: object, source: str = "timeout") -> Timeout:
    """The four time limits that a timeout setting or argument stands for, in seconds."""
    value = checked_timeout(value, source)
    return value if isinstance(value, Timeout) else Timeout(value)


def _whole(value: object) -> int | None:
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _at_least(least: int, what: str) -> Callable[[object, str], int]:
    """A check that takes a number of something, also as text."""

    def checked(value: object, source: str) -> int:
        number = _whole(value)
        if number is None or number < least:
            raise refused(source, value, f"is not a number of {what}; write {least}, {least + 1}, {least + 2}, ...")
        return number

    return checked


checked_max_retries = _at_least(0, "retries")
checked_connections = _at_least(1, "connections")


def _one_of(known: tuple[str, ...], what: str) -> Callable[[object, str], str]:
    """A check that takes one of some words, whatever the case."""

    def checked(value: object, source: str) -> str:
        word = str(value).lower()
        if word not in known:
            raise refused(source, value, f"is not {what}{near_miss(word, known)}. Known: {', '.join(known)}")
        return word

    return checked


checked_transport = _one_of(TRANSPORTS, "a transport")
checked_log_level = _one_of(LOG_LEVELS, "a log level")
checked_guard = _one_of(GUARDS, "a way to treat blocking calls")


def checked_flag(value: object, source: str) -> bool:
    """Yes or no, also as text."""
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    flag = known.get(str(value).lower())
    if flag is None:
        raise refused(source, value, "is neither true nor false")
    return flag


def checked_text(value: object, source: str) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise refused(source, value, "must be a str")
    return value


def checked_bundle(value: object, source: str) -> str:
    """The path of a file or directory of certificates."""
    path = Path(str(value)).expanduser()
    if not path.exists():
        raise refused(source, value, "does not exist; it must be a file of PEM certificates, or a directory of them")
    return str(path)


def checked_proxy(value: object, source: str) -> str:
    """The URL of a proxy; what it says as user and password is never quoted."""
    text = str(value).strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"{source} is not the URL of a proxy; write for example http://proxy.internal:3128")
    return text


def checked_query(value: object, source: str) -> Mapping[str, object]:
    """Parameters by name."""
    if not isinstance(value, Mapping):
        raise refused(source, value, "must be a dict of parameters")
    return MappingProxyType({str(name): item for name, item in cast("Mapping[Any, object]", value).items()})


def checked_secrets(value: object, source: str) -> tuple[Reference, ...]:
    """Secret references, as a list or in one text with commas between them."""
    listed = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)):
        raise ConfigurationError(f"{source} must be a list of secret references, such as vault://secret/together#key.")
    references = [Reference.parse(str(item)) for item in cast("list[object]", listed)]
    if None in references:
        # Not quoted: it may be a key.
        place = references.index(None) + 1
        raise ConfigurationError(f"{source}: item {place} is no secret reference (scheme://path#field).")
    for reference in cast("list[Reference]", references):
        store_for(reference)
    return tuple(cast("list[Reference]", references))


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
        raise refused(source, text, f"is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"}:
        # What does not look like a host is not repeated: it may be a key in the wrong place.
        address = text if re.match(r"[\w-]+(\.[\w-]+)+|[\w-]+:\d", text) else "..."
        scheme = "http" if is_near(address.partition("/")[0].partition(":")[0]) else "https"
        hint = f"write {scheme}://{address}" if "://" not in text else "only https:// and http:// are spoken here"
        raise refused(source, text, f"has no usable scheme: {hint}")
    if not host or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise refused(source, text, f"names no host; write for example {DEFAULT_BASE_URL}")
    if parts.query or parts.fragment:
        raise refused(source, text, "must not have a ?query or #fragment; use default_query for parameters")
    path = quote(re.sub(r"(/+v1)?/*$", "", parts.path), safe="/%:@!$&'()*+,;=~")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise refused(source, text, "has a host name that cannot be written in ASCII (IDNA)") from None
    if match := re.search(r"/(chat/completions|completions|embeddings|models)$", path):
        raise refused(source, text, f"ends in one endpoint's path; leave out {match[0]!r}")
    return f"{Origin(parts.scheme, host, port)}{path}"


def checked_headers(value: object, source: str) -> Mapping[str, str]:
    """Header fields by name, or as text with one `Name: value` on each line."""
    headers = _header_lines(value, source) if isinstance(value, str) else cast("Mapping[str, str]", value)
    check_headers(headers, source)
    return headers


def _header_lines(text: str, source: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            raise ConfigurationError(f"{source}: a line has no colon; write one 'Name: value' on each line.")
        headers[name.strip()] = value.strip()
    return headers


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
    given: object = headers
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{source} must be a dict of header fields, not {type(given).__name__}.")
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


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """`headers` with the values of credentials hidden."""
    return {name: "[hidden]" if is_secret_header(name) else value for name, value in headers.items()}


class FurtherOptions(TypedDict, total=False):
    """The options of `Together` besides those of the official SDK; `TogetherSettings` says what each is."""

    secrets: list[str] | None
    secret_ttl: float | None
    timeout_connect: float | None
    timeout_read: float | None
    timeout_write: float | None
    timeout_pool: float | None
    retry_initial_delay: float | None
    retry_max_delay: float | None
    retry_after_limit: float | None
    retry_budget: int | None
    deadline: float | None
    drain_timeout: float | None
    transport: str | None
    max_connections: int | None
    max_keepalive_connections: int | None
    keepalive_expiry: float | None
    proxy: str | None
    ca_bundle: str | None
    strict: bool | None
    blocking_calls: str | None
    log_level: str | None
    config_file: str | None
    env_file: str | None
    secrets_dir: str | None


class ClientOptions(FurtherOptions, total=False):
    """Every option of a client; the key is out of sight already."""

    api_key: SecretStr | KeyFunction | None
    base_url: str | HttpxURL | None
    timeout: float | Timeout | HttpxTimeout | NotGiven | None
    max_retries: int | None
    default_headers: Mapping[str, str] | None
    default_query: Mapping[str, object] | None
    project_id: str | None


class Option(NamedTuple):
    """One option.

    Attributes:
        name: What it is called in arguments and, in either case, in settings and files.
        check: Gives the value as it is used, or raises a `ConfigurationError` that names the source.
        default: What counts if it is set nowhere.
        variable: What it is called in the environment, after `TOGETHER_`; empty if it cannot stand there.
        is_own: Whether each named client has its own; the others are taken over from the environment of all.
    """

    name: str
    check: Callable[[Any, str], Any]
    default: object = None
    variable: str | None = None
    is_own: bool = False

    def variables(self, client: str) -> tuple[str, ...]:
        """The environment variables in which the option of the client named `client` may stand, the first wins."""
        after = self.name.upper() if self.variable is None else self.variable
        if not after:
            return ()
        if client == "default":
            return (f"TOGETHER_{after}",)
        own = f"TOGETHER_{re.sub('[^A-Z0-9]', '_', client.upper())}_{after}"
        return (own,) if self.is_own else (own, f"TOGETHER_{after}")


def _unchecked(value: object, _source: str) -> object:
    """The key is checked where it is put out of sight, in `credentials`."""
    return value


OPTIONS = {
    option.name: option
    for option in (
        Option("api_key", _unchecked, is_own=True),
        Option("secrets", checked_secrets, (), is_own=True),
        Option("secret_ttl", checked_seconds, 300.0),
        Option("base_url", normalise_base_url, DEFAULT_BASE_URL, is_own=True),
        Option("timeout", checked_timeout, DEFAULT_TIMEOUT),
        Option("timeout_connect", checked_seconds),
        Option("timeout_read", checked_seconds),
        Option("timeout_write", checked_seconds),
        Option("timeout_pool", checked_seconds),
        Option("max_retries", checked_max_retries, DEFAULT_MAX_RETRIES),
        Option("retry_initial_delay", checked_seconds, 0.5),
        Option("retry_max_delay", checked_seconds, 8.0),
        Option("retry_after_limit", checked_seconds, 60.0),
        Option("retry_budget", _at_least(1, "retries"), 500),
        Option("deadline", checked_deadline),
        Option("drain_timeout", checked_wait, DEFAULT_DRAIN_TIMEOUT),
        Option("default_headers", checked_headers, MappingProxyType({}), "CUSTOM_HEADERS", is_own=True),
        Option("default_query", checked_query, MappingProxyType({}), "", is_own=True),
        Option("project_id", checked_text, is_own=True),
        Option("transport", checked_transport, "httpx"),
        Option("max_connections", checked_connections, 100),
        Option("max_keepalive_connections", checked_connections),
        Option("keepalive_expiry", checked_seconds, 30.0),
        Option("proxy", checked_proxy),
        Option("ca_bundle", checked_bundle),
        Option("strict", checked_flag, default=False),
        Option("blocking_calls", checked_guard, "allow"),
        Option("log_level", checked_log_level, None, "LOG"),
    )
}
"""Every option, in the order in which they are listed."""

LOCATIONS = ("config_file", "env_file", "secrets_dir")
"""Options that say where to look for the others; they stand in the settings or in the environment."""
