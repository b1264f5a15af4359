"""`TogetherSettings`: the options of a client as pydantic-settings reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pickle import PicklingError
from typing import Any

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from . import config
from ._text import near_miss
from .credentials import conceal, without_locals
from .errors import ConfigurationError
from .wire import Timeout

#: How each option is checked; the same functions check the arguments of `Together`.
_CHECKS: dict[str, Callable[[object, str], object]] = {
    "base_url": config.normalise_base_url,
    "timeout": config.checked_timeout,
    "max_retries": config.checked_max_retries,
    "transport": config.checked_transport,
    "strict": config.checked_flag,
    "log": config.checked_log_level,
}


class _Environment(EnvSettingsSource):
    """The `TOGETHER_*` variables, but for those that the README does not name."""

    def __call__(self) -> dict[str, Any]:
        found = {name: os.environ.get(f"TOGETHER_{name.upper()}", "").strip() for name in TogetherSettings.model_fields}
        return {name: text for name, text in found.items() if text and not name.startswith("default_")}


class TogetherSettings(BaseSettings):
    """What a user sets: by argument (in either case, as Django writes them), else `TOGETHER_*` in the environment.

    Attributes:
        api_key: The key, or a function that gives it.
        base_url: Where the API is.
        timeout: Seconds for each part of one attempt.
        max_retries: How often a failed call is sent again.
        default_headers: Sent with every request.
        default_query: Added to every URL.
        project_id: For the methods that take one.
        transport: `"httpx"` or `"embedded"`.
        strict: Whether a response that does not fit its documented shape is an error.
        log: The level of the `together_di` logger.

    Raises:
        ConfigurationError: Some options cannot be used; the message lists all of them.
    """

    model_config = SettingsConfigDict(
        env_prefix="TOGETHER_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    api_key: SecretStr | Callable[[], Any] | None = None
    base_url: str | None = None
    timeout: float | Timeout | None = None
    max_retries: int | None = None
    default_headers: Mapping[str, str] | None = None
    default_query: Mapping[str, object] | None = None
    project_id: str | None = None
    transport: str | None = None
    strict: bool | None = None
    log: str | None = None

    @without_locals
    def __init__(self, **options: Any) -> None:
        given = {name.lower(): value for name, value in options.items() if value != ""}
        # For the time limit `None` says something: there is none.
        given = {name: value for name, value in given.items() if value is not None or name == "timeout"}
        if "api_key" in given:
            given["api_key"] = conceal(given["api_key"])
        problems: list[str] = []
        try:
            super().__init__(**given)
        except ValidationError as error:
            problems = [_explained(problem, given) for problem in error.errors(include_url=False, include_input=False)]
        if problems:
            raise ConfigurationError("\n".join(problems))
        self._given = frozenset(given)

    _given: frozenset[str] = frozenset()

    @field_validator(*_CHECKS, mode="before")
    @classmethod
    def _check(cls, value: object, info: Any) -> object:
        return value if value is None else _CHECKS[info.field_name](value, info.field_name)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment."""
        return init_settings, _Environment(settings_cls)

    def __repr_args__(self) -> Any:
        for name, value in super().__repr_args__():
            yield name, config.shown_headers(value) if name == "default_headers" and value else value

    def __reduce__(self) -> tuple[object, ...]:
        raise PicklingError(
            "TogetherSettings cannot be pickled, because the key would travel with it: "
            "pickle a client whose key comes from the environment, or build the settings anew on the other side."
        )

    @without_locals
    def client_config(self) -> config.TogetherClient:
        """The frozen configuration of a client.

        Raises:
            MissingAPIKeyError: There is no key anywhere.
            ConfigurationError: A value cannot be used.
        """
        # Only what was given here: the rest is looked up there, where errors name the place it came from.
        given: dict[str, Any] = {name: getattr(self, name) for name in self._given}
        if "log" in given:
            given["log_level"] = given.pop("log")
        return config.TogetherClient.resolve(**given)


def _explained(problem: Any, given: Mapping[str, object]) -> str:
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return f"There is no option {name!r}{near_miss(name, TogetherSettings.model_fields)}."
    source = name if name in given else f"TOGETHER_{name.upper()} (environment)"
    text = problem["msg"].removeprefix("Value error, ")
    return text.replace(name, source, 1) if text.startswith(name) else f"{source}: {text}"
