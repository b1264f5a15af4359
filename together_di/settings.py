"""`TogetherSettings`: every option of a client, as pydantic-settings holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, Self

from pydantic import SecretStr
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
    YamlConfigSettingsSource,
)

from .credentials import without_locals
from .errors import ConfigurationError
from .network import hidden_password
from .options import shown_headers
from .secrets import Reference
from .sources import Found, look
from .timeout import Timeout

if TYPE_CHECKING:
    from .config import TogetherClient


class TogetherSettings(BaseSettings):
    """What is set for a client: by argument, in either case, else in one of the places of `sources.PRECEDENCE`.

    An option that is set nowhere is `None`.

    Attributes:
        api_key: The key, a secret reference, or a function that gives the key.
        secrets: References to try for the key, if it is set nowhere.
        secret_ttl: Seconds after which a key that was read from a store is read again (300).
        base_url: Where the API is (`https://api.together.ai`).
        timeout: Seconds for each part of one attempt (60, of which 5 to connect).
        timeout_connect: Seconds to connect, instead of `timeout`.
        timeout_read: Seconds to wait for the next bytes of an answer, instead of `timeout`.
        timeout_write: Seconds to send the next bytes of a request, instead of `timeout`.
        timeout_pool: Seconds to wait for a free connection, instead of `timeout`.
        max_retries: How often a failed call is sent again (2).
        retry_initial_delay: Upper limit in seconds of the wait before the first retry; it doubles each time (0.5).
        retry_max_delay: Upper limit in seconds of any wait that the server did not ask for (8).
        retry_after_limit: Seconds to which a longer `Retry-After` of the server is cut down (60).
        retry_budget: How many retries in a row may be made in vain; each success gives one back (500).
        deadline: Seconds for a whole call, all attempts and the waits between them together; for a stream, until it
            begins (no limit).
        drain_timeout: Seconds that calls which run have to finish when their client is closed (10).
        default_headers: Sent with every request.
        default_query: Added to every URL.
        project_id: For the methods that take one.
        transport: `"httpx"`; `"aiohttp"`, which is faster where calls are awaited in asyncio (blocking ones go through
            httpx); or `"embedded"` for the emulator in this process, which needs no key.
        max_connections: Connections in each process and event loop (100).
        max_keepalive_connections: How many of them are kept open while they are idle (all).
        keepalive_expiry: Seconds after which an idle one is closed (30).
        proxy: The URL of a proxy. Without one, `HTTPS_PROXY` and its like count.
        ca_bundle: A file or directory of PEM certificates to trust instead of certifi's.
        strict: Whether a response that does not fit its documented shape is an error.
        blocking_calls: What a call of `Together` in an event loop does, which stops everything else in that loop:
            `"allow"` it (the default, `"warn"` in web frameworks), or `"raise"`.
        log_level: The level of the `together_di` logger; `TOGETHER_LOG` in the environment.

    `config_file`, `env_file` and `secrets_dir` say where to look for them besides.

    Raises:
        ConfigurationError: Some options cannot be used; the message lists all of them.
    """

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    api_key: SecretStr | Callable[[], Any] | None = None
    secrets: tuple[Reference, ...] | None = None
    secret_ttl: float | None = None
    base_url: str | None = None
    timeout: float | Timeout | None = None
    timeout_connect: float | None = None
    timeout_read: float | None = None
    timeout_write: float | None = None
    timeout_pool: float | None = None
    max_retries: int | None = None
    retry_initial_delay: float | None = None
    retry_max_delay: float | None = None
    retry_after_limit: float | None = None
    retry_budget: int | None = None
    deadline: float | None = None
    drain_timeout: float | None = None
    default_headers: Mapping[str, str] | None = None
    default_query: Mapping[str, object] | None = None
    project_id: str | None = None
    transport: str | None = None
    max_connections: int | None = None
    max_keepalive_connections: int | None = None
    keepalive_expiry: float | None = None
    proxy: str | None = None
    ca_bundle: str | None = None
    strict: bool | None = None
    blocking_calls: str | None = None
    log_level: str | None = None

    @without_locals
    def __init__(self, **options: Any) -> None:
        self._hold(look(options))

    @classmethod
    @without_locals
    def from_found(cls, found: Found) -> Self:
        """The settings that were found, of a client that is to be built.

        Raises:
            ConfigurationError: Some options cannot be used; the message lists all of them, a missing key as well.
        """
        from .config import TogetherClient

        if found.check()[1]:
            TogetherClient.from_found(found)
        settings = cls.__new__(cls)
        settings._hold(found)
        return settings

    def _hold(self, found: Found) -> None:
        values, problems = found.check()
        if problems:
            raise ConfigurationError("\n".join(problems))
        key = found.of("api_key")
        super().__init__(**values, **({"api_key": key[0].value} if key else {}))
        self._found = found

    _found: Found

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `sources.look` found: it keeps to the one order of places, and knows where each value stood."""
        return (init_settings,)

    def __repr_args__(self) -> Any:
        for name, value in super().__repr_args__():
            if name == "default_headers" and value:
                yield name, shown_headers(value)
            else:
                yield name, hidden_password(value) if name == "proxy" and value else value

    def __reduce__(self) -> tuple[object, ...]:
        raise PicklingError(
            "TogetherSettings cannot be pickled, because the key would travel with it: "
            "pickle a client whose key comes from the environment, or build the settings anew on the other side."
        )

    @without_locals
    def client_config(self) -> TogetherClient:
        """The frozen configuration of a client.

        Raises:
            MissingAPIKeyError: There is no key anywhere.
        """
        from .config import TogetherClient

        return TogetherClient.from_found(self._found)


class _Anything(BaseSettings):
    """A file as it is, whatever stands in it."""

    model_config = SettingsConfigDict(pyproject_toml_table_header=("tool", "together-di"))


def read_config_file(path: Path) -> tuple[Mapping[str, Any], str]:
    """The options in a TOML, YAML or `pyproject.toml` file, and what stands before their names in it.

    Raises:
        OSError: It cannot be read.
        ConfigurationError: It is none of these, or not well-formed.
    """
    path.open("rb").close()  # pydantic-settings takes a file that is not there for an empty one
    source: InitSettingsSource
    try:
        if path.name == "pyproject.toml":
            return PyprojectTomlConfigSettingsSource(_Anything, path)(), "tool.together-di."
        if path.suffix == ".toml":
            source = TomlConfigSettingsSource(_Anything, path)
        elif path.suffix in {".yaml", ".yml"}:
            source = YamlConfigSettingsSource(_Anything, path)
        else:
            raise ConfigurationError("a configuration file ends in .toml, .yaml or .yml, or is called pyproject.toml")
        return source(), ""
    except ImportError:
        raise ConfigurationError('YAML needs a library: pip install "together-di[yaml]"') from None
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 - each format has errors of its own, some quote the file
        raise ConfigurationError(f"it is not well-formed{_line_of(error)}") from None


def _line_of(error: Exception) -> str:
    """Where the mistake is, as far as the parser says it."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else getattr(error, "lineno", None)
    if line is None and "(at line " in str(error):
        line = str(error).partition("(at line ")[2].partition(",")[0]
    return "" if line is None else f", line {line}"
