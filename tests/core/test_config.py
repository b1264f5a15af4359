"""What a client's configuration takes, where it finds it, and what it refuses."""

from __future__ import annotations

import copy
import dataclasses
import logging
import pickle
import warnings
from typing import Any

import httpx
import pytest

from together_di import AsyncTogether, ConfigurationError, InsecureBaseURLWarning, Timeout, Together, TogetherClient
from together_di.options import DEFAULT_BASE_URL, DEFAULT_TIMEOUT, normalise_base_url

from .support.recorder import Recorder


def config(**options: Any) -> TogetherClient:
    return Together(api_key="k", **options).client


def url_of_a_call(**options: Any) -> str:
    recorder = Recorder()
    recorder.call(**options)
    return str(recorder.request.url)


# Base URL


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "//v1//", "//", " "])
def test_a_version_at_the_end_of_the_base_url_is_sent_once(suffix: str) -> None:
    assert url_of_a_call(base_url=f"https://api.example.com{suffix}") == "https://api.example.com/v1/embeddings"


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "//v1//"])
def test_a_gateway_prefix_stays_in_the_path(suffix: str) -> None:
    url = f"https://gateway.example.com:8443/llm/together{suffix}"
    assert url_of_a_call(base_url=url) == "https://gateway.example.com:8443/llm/together/v1/embeddings"


@pytest.mark.parametrize("prefix", ["/v12", "/xv1", "/v1beta"])
def test_a_prefix_that_only_resembles_the_version_stays(prefix: str) -> None:
    assert config(base_url=f"https://gateway.example.com{prefix}").path_prefix == prefix


def test_the_base_url_may_be_an_httpx_url() -> None:
    assert config(base_url=httpx.URL("https://api.example.com/v1")).base_url == "https://api.example.com"


def test_the_base_url_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_BASE_URL", "https://eu.example.com/v1")
    assert url_of_a_call() == "https://eu.example.com/v1/embeddings"


def test_the_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_BASE_URL", "https://eu.example.com")
    assert config(base_url="https://us.example.com").base_url == "https://us.example.com"


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_an_empty_base_url_in_the_environment_counts_as_unset(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("TOGETHER_BASE_URL", blank)
    assert config().base_url == DEFAULT_BASE_URL


@pytest.mark.parametrize("blank", ["", "   "])
def test_an_empty_base_url_argument_counts_as_unset(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("TOGETHER_BASE_URL", "https://eu.example.com")
    assert config(base_url=blank).base_url == "https://eu.example.com"


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert url_of_a_call(base_url="http://[::1]:8080/v1") == "http://[::1]:8080/v1/embeddings"


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("api.together.ai", "https://api.together.ai"),
        ("localhost:8000", "http://localhost:8000"),
        ("10.0.0.7:8000", "http://10.0.0.7:8000"),
        ("ftp://api.together.ai", "https://"),
        ("https://", "host"),
        ("https:///v1", "host"),
        ("https://api together.ai", "host"),
        ("https://api.together.ai:port", "port"),
        ("https://api.together.ai:99999", "ort"),
        ("https://[::1", "URL"),
        ("https://api.together.ai/v1?region=eu", "default_query"),
        ("https://api.together.ai/#top", "fragment"),
        ("https://api.together.ai/v1/chat/completions", "leave out"),
        ("https://api.together.ai/v1/embeddings/", "leave out"),
    ],
)
def test_an_unusable_base_url_is_refused_with_advice(url: str, advice: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        config(base_url=url)
    assert advice in str(caught.value)


def test_a_bad_base_url_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_BASE_URL", "api.together.ai")
    with pytest.raises(ConfigurationError, match="TOGETHER_BASE_URL"):
        config()


@pytest.mark.parametrize("login", ["user:hunter2@", "hunter2@", ":hunter2@"])
def test_a_login_in_the_base_url_is_refused_without_quoting_it(login: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        config(base_url=f"https://{login}api.example.com")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@host:port",
        "https://user:hunter2@[host",
        "ftp://user:hunter2@host",
        "user:hunter2@host/v1",
    ],
)
def test_a_login_in_an_otherwise_wrong_base_url_is_not_quoted(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        config(base_url=url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["b\u00fccher.example.com", "\u4f8b\u3048.jp"])
def test_a_host_that_is_not_ascii_is_written_in_ascii(host: str) -> None:
    assert url_of_a_call(base_url=f"https://{host}") == f"https://{host.encode('idna').decode()}/v1/embeddings"


def test_a_host_that_cannot_be_written_in_ascii_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"base_url.*IDNA"):
        config(base_url=f"https://{chr(0xFC) * 70}.example.com")


def test_a_path_that_is_not_ascii_is_escaped() -> None:
    assert config(base_url="https://gateway.example.com/\u00fc").base_url == "https://gateway.example.com/%C3%BC"


@pytest.mark.parametrize("host", ["api.example.com", "8.8.8.8", "[2001:4860:4860::8888]"])
def test_http_to_a_public_host_warns(host: str) -> None:
    with pytest.warns(InsecureBaseURLWarning, match="https://"):
        config(base_url=f"http://{host}")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "127.0.0.1",
        "[::1]",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.5",
        "[fd00::1]",
        "together",
        "api.localhost",
        "printer.local",
        "llm.internal",
    ],
)
def test_http_to_this_machine_or_a_private_network_does_not_warn(host: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert config(base_url=f"http://{host}").base_url == f"http://{host}"


def test_https_to_a_public_host_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert config(base_url="https://api.example.com").origin.scheme == "https"


@pytest.mark.parametrize("url", ["https://api.example.com/v1", "http://localhost:1/a/v1/", "HTTPS://API.example.com"])
def test_normalising_a_base_url_twice_changes_nothing(url: str) -> None:
    once = normalise_base_url(url, "base_url")
    assert normalise_base_url(once, "base_url") == once


# Timeout


def test_without_a_timeout_the_default_counts() -> None:
    assert config().timeout == DEFAULT_TIMEOUT


@pytest.mark.parametrize(("given", "seconds"), [(20, 20.0), (0.5, 0.5), ("2.5", 2.5), (" 3 ", 3.0)])
def test_a_timeout_is_a_number_of_seconds(given: Any, seconds: float) -> None:
    assert config(timeout=given).timeout == seconds


def test_no_timeout_is_no_limit() -> None:
    assert config(timeout=None).timeout is None


def test_no_timeout_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "5")
    assert config(timeout=None).timeout is None


def test_a_timeout_may_have_a_limit_for_each_part() -> None:
    timeout = Timeout(30, connect=2, pool=None)
    assert config(timeout=timeout).timeout == timeout


def test_a_timeout_of_httpx_is_taken_as_it_is() -> None:
    assert config(timeout=httpx.Timeout(30, connect=2)).timeout == Timeout(30, connect=2)


def test_a_timeout_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "12.5")
    assert config().timeout == 12.5


@pytest.mark.parametrize("bad", ["soon", "0", "-1", "inf", "nan", "5s", "1,5"])
def test_a_bad_timeout_in_the_environment_names_the_variable_and_the_value(
    monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", bad)
    with pytest.raises(ConfigurationError, match="TOGETHER_TIMEOUT") as caught:
        config()
    assert repr(bad) in str(caught.value)


@pytest.mark.parametrize("bad", [0, -1, float("inf"), float("nan"), "soon", (5, 10), object()])
def test_a_bad_timeout_argument_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout="):
        config(timeout=bad)


def test_a_bad_part_of_a_timeout_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"timeout\.read"):
        config(timeout=Timeout(5, read=-1))


def test_the_timeout_of_the_callers_http_client_counts() -> None:
    with httpx.Client(timeout=7) as http_client:
        assert config(http_client=http_client).timeout == Timeout(7)


def test_a_timeout_argument_wins_over_the_callers_http_client() -> None:
    with httpx.Client(timeout=7) as http_client:
        assert config(http_client=http_client, timeout=3).timeout == 3


def test_equal_timeouts_are_equal_and_hash_alike() -> None:
    assert Timeout(5, connect=1) == Timeout(5, connect=1)
    assert len({Timeout(5), Timeout(5), Timeout(6)}) == 2


# Retries


@pytest.mark.parametrize(("given", "retries"), [(0, 0), (7, 7), ("3", 3), ("", 2)])
def test_retries_are_a_whole_number(given: Any, retries: int) -> None:
    assert config(max_retries=given).max_retries == retries


def test_retries_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", "9")
    assert config().max_retries == 9


def test_no_retries_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", "9")
    assert config(max_retries=0).max_retries == 0


@pytest.mark.parametrize("bad", ["many", "-1", "1.5", "inf"])
def test_bad_retries_in_the_environment_name_the_variable_and_the_value(
    monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", bad)
    with pytest.raises(ConfigurationError, match="TOGETHER_MAX_RETRIES") as caught:
        config()
    assert repr(bad) in str(caught.value)


@pytest.mark.parametrize("bad", [-1, 1.5, True, "many", object()])
def test_bad_retries_argument_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_retries="):
        config(max_retries=bad)


# Headers


def test_custom_headers_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", "X-Team: search\n\nX-Note: a: b\n")
    assert config().default_headers == {"X-Team": "search", "X-Note": "a: b"}


def test_default_headers_win_over_the_environment_whatever_their_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", "X-Team: environment")
    assert config(default_headers={"x-team": "argument"}).default_headers == {"x-team": "argument"}


def test_a_line_without_a_colon_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", "X-Team search")
    with pytest.raises(ConfigurationError, match="TOGETHER_CUSTOM_HEADERS") as caught:
        config()
    assert "Name: value" in str(caught.value)


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_authorization_in_the_default_headers_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="api_key=") as caught:
        config(default_headers={name: "Bearer hunter2"})
    assert "hunter2" not in str(caught.value)


def test_authorization_in_the_environments_headers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", "authorization: Bearer hunter2")
    with pytest.raises(ConfigurationError, match="TOGETHER_CUSTOM_HEADERS") as caught:
        config()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "a"), ("X Team", "a"), ("X-Team:", "a"), ("X-T\u00e9am", "a"), ("X-Team\n", "a")],
)
def test_what_is_no_header_name_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match="default_headers"):
        config(default_headers={name: value})


@pytest.mark.parametrize("value", ["a\nX-Other: b", "a\r", "a\x00", "caf\u00e9", "a\x7f", b"a", 5, None])
def test_what_is_no_header_value_is_refused_without_quoting_it(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="X-Team") as caught:
        config(default_headers={"X-Team": value})
    assert "X-Other" not in str(caught.value)


@pytest.mark.parametrize("name", [5, None])
def test_a_header_name_that_is_no_text_is_refused(name: Any) -> None:
    options: dict[str, Any] = {"default_headers": {name: "a"}}
    with pytest.raises(ConfigurationError, match="header name"):
        config(**options)


@pytest.mark.parametrize("value", [" a", "a ", "\ta", "a\n"])
@pytest.mark.parametrize("option", ["default_headers", "supplied_headers"])
def test_blanks_around_a_header_value_are_refused(option: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{option}: the value of 'X-Team' .* white space"):
        config(**{option: {"X-Team": value}})


@pytest.mark.parametrize("option", ["default_headers", "set_default_headers"])
def test_blanks_around_a_header_value_of_a_copy_are_refused(option: str) -> None:
    options: dict[str, Any] = {option: {"X-Team": " a"}}
    with pytest.raises(ConfigurationError, match=r"the value of 'X-Team' .* white space"):
        Together(api_key="k").with_options(**options)


def test_blanks_around_a_header_value_in_the_environment_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", " X-Team :\t search \n")
    assert config().default_headers == {"X-Team": "search"}


# Strictness


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        pytest.param("true", True),
        pytest.param("1", True),
        ("off", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("kind", [Together, AsyncTogether])
def test_strictness_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, kind: Any, text: str, strict: bool
) -> None:
    monkeypatch.setenv("TOGETHER_STRICT", text)
    assert kind(api_key="k").client.strict is strict


@pytest.mark.parametrize("kind", [Together, AsyncTogether])
@pytest.mark.parametrize("strict", [True, False])
def test_a_strict_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, kind: Any, strict: bool) -> None:
    monkeypatch.setenv("TOGETHER_STRICT", str(not strict))
    assert kind(api_key="k", strict=strict).client.strict is strict


@pytest.mark.parametrize("kind", [Together, AsyncTogether])
def test_bad_strictness_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("TOGETHER_STRICT", "perhaps")
    with pytest.raises(ConfigurationError, match="TOGETHER_STRICT"):
        kind(api_key="k")


# Transport, project, log


def test_an_unknown_transport_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean 'embedded'\?"):
        config(transport="embeded")


def test_an_unknown_transport_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TRANSPORT", "carrier-pigeon")
    with pytest.raises(ConfigurationError, match="TOGETHER_TRANSPORT"):
        config()


def test_the_project_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_PROJECT_ID", "proj-1")
    assert config().project_id == "proj-1"


def test_an_unknown_log_level_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_LOG", "chatty")
    with pytest.raises(ConfigurationError, match="TOGETHER_LOG"):
        config()


def test_the_log_level_in_the_environment_sets_the_level_of_the_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("together_di")
    before = logger.level
    monkeypatch.setenv("TOGETHER_LOG", "debug")
    try:
        config()
        assert logger.level == logging.DEBUG
    finally:
        logger.setLevel(before)


# The object


def test_the_configuration_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        config().timeout = 5  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_the_configurations_headers_cannot_be_changed_in_place() -> None:
    headers: Any = config(default_headers={"X-Team": "search"}).default_headers
    with pytest.raises(TypeError):
        headers["X-Team"] = "other"


def test_the_callers_headers_are_copied() -> None:
    mine = {"X-Team": "search"}
    built = config(default_headers=mine)
    mine["X-Team"] = "other"
    assert built.default_headers == {"X-Team": "search"}


def test_a_replaced_value_is_checked_like_the_original() -> None:
    original = config()
    assert original.replace(base_url="https://eu.example.com/v1/").base_url == "https://eu.example.com"
    for changes in ({"base_url": "nowhere"}, {"timeout": -1}, {"max_retries": -1}, {"default_headers": {"a b": "c"}}):
        with pytest.raises(ConfigurationError):
            original.replace(**changes)


def test_configurations_are_compared_by_identity_and_can_be_keys() -> None:
    original, other = config(), config()
    assert original != other
    assert len({original, original, other}) == 2


def test_copies_of_a_configuration_are_the_configuration() -> None:
    original = config()
    assert copy.copy(original) is original
    assert copy.deepcopy(original) is original


def test_a_configuration_survives_pickling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "k")
    headers, query = {"X-Team": "search"}, {"region": "eu"}
    original = Together(default_headers=headers, default_query=query, timeout=Timeout(5, connect=1)).client
    restored = pickle.loads(pickle.dumps(original))
    assert (restored.timeout, restored.default_headers, restored.default_query) == (original.timeout, headers, query)
    assert restored.api_key == "k"


def test_a_configuration_shows_where_its_key_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "hunter2")
    assert "TOGETHER_API_KEY" in repr(Together().client)


def test_a_configuration_hides_the_values_of_secret_headers() -> None:
    assert "hunter2" not in repr(config(default_headers={"X-Api-Key": "hunter2"}))
