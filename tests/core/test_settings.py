"""What `TogetherSettings` takes, and how it explains what it does not."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from pydantic import SecretStr

from together_di import ConfigurationError, MissingAPIKeyError, Timeout, TogetherClient, TogetherSettings
from together_di.options import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT


def resolved(**options: Any) -> TogetherClient:
    return TogetherSettings(**{"api_key": "k", **options}).client_config()


def test_settings_become_a_configuration() -> None:
    config = resolved(
        base_url="https://eu.example.com/v1",
        timeout="20",
        max_retries="4",
        default_headers={"X-Team": "search"},
        default_query={"a": 1},
        project_id="p",
        strict=True,
        log_level="INFO",
    )
    assert (config.base_url, config.timeout, config.max_retries) == ("https://eu.example.com", 20, 4)
    assert (config.default_headers, config.default_query) == ({"X-Team": "search"}, {"a": 1})
    assert (config.project_id, config.strict, config.log_level) == ("p", True, "info")


def test_names_may_be_written_in_capitals() -> None:
    config = resolved(TIMEOUT=20, MAX_RETRIES=4)
    assert (config.timeout, config.max_retries) == (20, 4)
    assert TogetherSettings(API_KEY="big").client_config().api_key == "big"


@pytest.mark.parametrize("unset", [None, ""])
def test_what_is_empty_counts_as_unset(unset: Any) -> None:
    config = resolved(timeout="", max_retries=unset, base_url=unset, transport=unset, log_level=unset)
    assert (config.timeout, config.max_retries, config.transport) == (DEFAULT_TIMEOUT, DEFAULT_MAX_RETRIES, "httpx")


@pytest.mark.parametrize("name", ["timeout", "TIMEOUT"])
def test_no_timeout_is_no_limit(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "5")
    assert resolved(**{name: None}).timeout is None


@pytest.mark.parametrize("key", ["", "  ", None])
def test_an_empty_key_counts_as_unset(monkeypatch: pytest.MonkeyPatch, key: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "from-environment")
    assert TogetherSettings(api_key=key).client_config().api_key == "from-environment"


def test_a_key_may_be_a_secret_or_a_function() -> None:
    assert resolved(api_key=SecretStr("secret")).api_key == "secret"
    assert resolved(api_key=lambda: "from-function").api_key == "from-function"


def test_no_key_is_told_when_the_configuration_is_made_not_before() -> None:
    settings = TogetherSettings()
    with pytest.raises(MissingAPIKeyError):
        settings.client_config()


def test_a_timeout_may_have_parts() -> None:
    assert resolved(timeout=Timeout(5, connect=1)).timeout == Timeout(5, connect=1)


def test_the_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "5")
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", "5")
    config = resolved(timeout=20)
    assert (config.timeout, config.max_retries) == (20, 5)


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("TOGETHER_BASE_URL", "https://eu.example.com", "base_url", "https://eu.example.com"),
        ("TOGETHER_PROJECT_ID", "p", "project_id", "p"),
        ("TOGETHER_TRANSPORT", "embedded", "transport", "embedded"),
        ("TOGETHER_LOG", "error", "log_level", "error"),
        ("TOGETHER_STRICT", "true", "strict", True),
        ("TOGETHER_CUSTOM_HEADERS", "X-Team: search", "default_headers", {"X-Team": "search"}),
    ],
)
def test_what_the_settings_read_from_the_environment_counts(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, name: str, value: object
) -> None:
    monkeypatch.setenv(variable, text)
    assert getattr(resolved(), name) == value


@pytest.mark.parametrize("text", ['{"X-Team": "search"}', "{"])
@pytest.mark.parametrize("option", ["default_headers", "default_query"])
def test_headers_and_query_have_no_variable_of_their_own(
    monkeypatch: pytest.MonkeyPatch, option: str, text: str
) -> None:
    """What Together() does not read, the settings do not read either: headers come from TOGETHER_CUSTOM_HEADERS."""
    monkeypatch.setenv(f"TOGETHER_{option.upper()}", text)
    assert getattr(resolved(), option) == {}


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match=r"timout: .*did you mean 'timeout'"):
        TogetherSettings(timout=3)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        TogetherSettings(timout=3, max_retries=-1, base_url="nowhere", transport="pigeon")
    message = str(caught.value)
    assert all(name in message for name in ("timout", "max_retries", "base_url", "transport"))
    assert len(message.splitlines()) == 4


@pytest.mark.parametrize(
    ("variable", "bad"),
    [
        ("TOGETHER_TIMEOUT", "soon"),
        ("TOGETHER_MAX_RETRIES", "many"),
        ("TOGETHER_BASE_URL", "nowhere"),
        ("TOGETHER_TRANSPORT", "pigeon"),
        ("TOGETHER_LOG", "chatty"),
        ("TOGETHER_STRICT", "perhaps"),
    ],
)
def test_a_bad_value_in_the_environment_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, bad: str
) -> None:
    monkeypatch.setenv(variable, bad)
    with pytest.raises(ConfigurationError, match=variable):
        resolved()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TOGETHER_BASE_URL", "  "),
        ("TOGETHER_TIMEOUT", " "),
        ("TOGETHER_TRANSPORT", " httpx "),
        ("TOGETHER_STRICT", " true "),
        ("TOGETHER_LOG", "error\n"),
    ],
)
def test_blanks_in_the_environment_are_removed_as_they_are_for_together(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    monkeypatch.setenv(variable, text)
    from_settings, direct = resolved(), TogetherClient.resolve(api_key=SecretStr("k"))
    for name in ("base_url", "timeout", "transport", "strict", "log_level"):
        assert getattr(from_settings, name) == getattr(direct, name)


def test_a_variable_in_small_letters_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("together_timeout", "soon")
    assert resolved().timeout == DEFAULT_TIMEOUT


@pytest.mark.parametrize("option", ["project_id", "default_headers", "strict"])
def test_a_value_of_another_type_is_refused_by_name(option: str) -> None:
    with pytest.raises(ConfigurationError, match=option):
        TogetherSettings(**{option: ["hunter2"]})


@pytest.mark.parametrize("name", ["api_key", "API_KEY"])
@pytest.mark.parametrize("wrong", [b"hunter2", 5, ["hunter2"]])
def test_a_key_of_another_type_is_refused_with_the_name_of_the_type(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^argument {name} must be a str, .* not {type(wrong).__name__}\.$"):
        TogetherSettings(**{name: wrong})


def test_a_key_under_a_misspelt_name_is_refused_without_quoting_it() -> None:
    with pytest.raises(
        ConfigurationError, match=r"apikey: there is no such option \(did you mean 'api_key'\?\)"
    ) as caught:
        TogetherSettings(apikey="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", [" a", "a\t"])
def test_blanks_around_a_header_value_are_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"default_headers: the value of 'X-Team' .* white space"):
        resolved(default_headers={"X-Team": value})


def test_settings_are_frozen() -> None:
    settings: Any = TogetherSettings(timeout=3)
    with pytest.raises(ValueError, match="frozen"):
        settings.timeout = 4


def test_settings_do_not_show_the_key() -> None:
    settings = TogetherSettings(api_key="hunter2")
    assert "hunter2" not in repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()


def test_settings_do_not_show_the_values_of_secret_headers() -> None:
    assert "hunter2" not in repr(TogetherSettings(default_headers={"X-Api-Key": "hunter2"}))


def test_settings_refuse_to_be_pickled_and_say_why() -> None:
    with pytest.raises(pickle.PicklingError, match="the key would travel") as caught:
        pickle.dumps(TogetherSettings(api_key="hunter2"))
    assert "hunter2" not in str(caught.value)
