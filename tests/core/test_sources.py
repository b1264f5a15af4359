"""Where an option stands: every place, in its order, and what is said when one is wrong."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from together_di import ConfigurationError, MissingAPIKeyError, Together, TogetherClient, TogetherContainer, sources
from together_di.options import OPTIONS
from together_di.settings import TogetherSettings
from together_di.sources import PRECEDENCE, look

GUIDE = Path(__file__).parents[2] / "docs/configuration.md"

#: One way to set the time limit for each place, in the order in which they win.
PLACES = ("argument", "environment", ".env", "mounted secrets", "configuration file")


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(sources, "SECRETS_DIRECTORY", str(tmp_path / "run-secrets"))
    return tmp_path


def set_in(place: str, option: str, value: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Set an option in a place; what is to be given as argument is returned."""
    variable = OPTIONS[option].variables("default")[0]
    if place == "argument":
        return {option: value}
    if place == "environment":
        monkeypatch.setenv(variable, value)
    elif place == ".env":
        Path(".env").write_text(f"{variable}={value}\n")
    elif place == "mounted secrets":
        Path("run-secrets").mkdir(exist_ok=True)
        Path("run-secrets", variable.lower()).write_text(f"{value}\n")
    else:
        Path("together.toml").write_text(f'{option} = "{value}"\n')
        monkeypatch.setenv("TOGETHER_CONFIG_FILE", "together.toml")
    return {}


@pytest.mark.parametrize("first", range(len(PLACES)), ids=PLACES)
def test_the_first_place_that_has_an_option_wins(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    for number, place in enumerate(PLACES[first:], start=first):
        given |= set_in(place, "timeout", str(number + 1), monkeypatch)
    assert TogetherClient.resolve(api_key=None, transport="embedded", **given).timeout == first + 1


@pytest.mark.parametrize("place", PLACES)
def test_a_key_is_found_in_every_place(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = set_in(place, "api_key", f"key in {place}".replace(" ", "-"), monkeypatch)
    assert Together(**given).api_key == f"key in {place}".replace(" ", "-")


@pytest.mark.parametrize("place", PLACES)
def test_a_bad_value_names_the_place_it_stands_in(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = set_in(place, "timeout", "soon", monkeypatch)
    expected = {
        "argument": "argument timeout='soon'",
        "environment": "env TOGETHER_TIMEOUT='soon'",
        ".env": ".env TOGETHER_TIMEOUT='soon'",
        "mounted secrets": f"{Path.cwd()}/run-secrets/together_timeout='soon'",
        "configuration file": "together.toml: timeout='soon'",
    }
    with pytest.raises(ConfigurationError) as caught:
        Together(api_key="k", **given)
    assert str(caught.value) == f"{expected[place]} is not a number of seconds; write for example 20"


def test_headers_of_all_places_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", "X-A: environment\nX-B: environment")
    Path(".env").write_text('TOGETHER_CUSTOM_HEADERS="X-B: file\nx-c: file"\n')
    headers = TogetherClient.resolve(transport="embedded", default_headers={"x-a": "given"}).default_headers
    assert headers == {"x-a": "given", "X-B": "environment", "x-c": "file"}


# Files of variables


def test_another_env_file_is_read_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TOGETHER_MAX_RETRIES=1\n")
    Path("production.env").write_text("export TOGETHER_TIMEOUT='7'  # seconds\n")
    monkeypatch.setenv("TOGETHER_ENV_FILE", "production.env")
    config = TogetherClient.resolve(transport="embedded")
    assert (config.timeout, config.max_retries) == (7, 2)
    assert TogetherClient.resolve(transport="embedded", env_file=".env").max_retries == 1


def test_the_null_device_switches_the_env_file_off(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TOGETHER_MAX_RETRIES=1\n")
    monkeypatch.setenv("TOGETHER_ENV_FILE", os.devnull)
    assert TogetherClient.resolve(transport="embedded").max_retries == 2


@pytest.mark.parametrize("location", ["env_file", "config_file", "secrets_dir"])
def test_a_named_place_that_is_not_there_is_an_error(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TOGETHER_{location.upper()}", "nowhere.toml")
    with pytest.raises(ConfigurationError, match=rf"env TOGETHER_{location.upper()}='.*nowhere.toml'.*[Nn]o such file"):
        Together(api_key="k")


def test_a_file_that_is_no_text_is_an_error() -> None:
    Path(".env").write_bytes(b"TOGETHER_API_KEY=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read: it is not UTF-8"):
        Together(api_key="k")


# Mounted secrets


@pytest.mark.parametrize("name", ["TOGETHER_API_KEY", "together_api_key", "together-api-key"])
def test_a_mounted_key_is_found_under_every_spelling(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("credentials").mkdir()
    Path("credentials", name).write_text("systemd-key\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "credentials")
    assert Together().api_key == "systemd-key"


def test_a_mounted_key_that_is_replaced_is_used_at_once() -> None:
    Path("run-secrets").mkdir()
    Path("run-secrets/together_api_key").write_text("key-1")
    client = Together()
    assert client.api_key == "key-1"
    Path("run-secrets/new").write_text("key-2")
    Path("run-secrets/new").replace("run-secrets/together_api_key")
    assert client.api_key == "key-2"


def test_several_directories_are_looked_at_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, option, value in (("a", "timeout", "1"), ("b", "timeout", "2"), ("b", "max_retries", "5")):
        Path(name).mkdir(exist_ok=True)
        Path(name, f"together_{option}").write_text(value)
    monkeypatch.setenv("TOGETHER_SECRETS_DIR", os.pathsep.join("ab"))
    config = TogetherClient.resolve(transport="embedded")
    assert (config.timeout, config.max_retries) == (1, 5)


def test_a_mounted_option_that_is_no_file_is_an_error() -> None:
    Path("run-secrets/together_timeout").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="run-secrets/together_timeout cannot be read: Is a directory"):
        Together(api_key="k")


# Configuration files

FORMATS = {
    "together.toml": "timeout = 9\nstrict = true\n[default_headers]\nX-Team = 'search'\n",
    "together.yaml": "timeout: 9\nstrict: true\ndefault_headers:\n  X-Team: search\n",
    "together.yml": "TIMEOUT: 9\nSTRICT: true\nDEFAULT_HEADERS:\n  X-Team: search\n",
    "pyproject.toml": "[tool.together-di]\ntimeout = 9\nstrict = true\ndefault_headers = {X-Team = 'search'}\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_configuration_file_is_read_in_every_format(name: str) -> None:
    Path(name).write_text(FORMATS[name])
    config = TogetherClient.resolve(transport="embedded", config_file=name)
    assert (config.timeout, config.strict, config.default_headers) == (9, True, {"X-Team": "search"})


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("together.toml", "a = 1\nkey = hunter2\n", "it is not well-formed, line 2"),
        ("together.yaml", "a: 1\nb: [hunter2\n", "it is not well-formed, line 3"),
        ("together.json", "{}", "a configuration file ends in .toml, .yaml or .yml"),
        (
            "together.toml",
            "timout = 1\n",
            r"together.toml: timout: there is no such option \(did you mean 'timeout'\?\)",
        ),
        (
            "pyproject.toml",
            "[tool.together-di]\nTIMOUT = 1\n",
            r"tool.together-di.TIMOUT.* \(did you mean 'TIMEOUT'\?\)",
        ),
    ],
)
def test_a_configuration_file_that_cannot_be_used_says_where(name: str, text: str, problem: str) -> None:
    Path(name).write_text(text)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        Together(api_key="k", config_file=name)
    assert "hunter2" not in str(caught.value)


# Stores that are tried when no key is set


def test_the_listed_stores_are_tried_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("second").write_text("key-of-the-second")
    monkeypatch.setenv("TOGETHER_SECRETS", f"file://{Path.cwd()}/first, file://{Path.cwd()}/second")
    assert Together().api_key == "key-of-the-second"
    assert Together(api_key="given").api_key == "given"


def test_when_no_listed_store_has_the_key_all_of_them_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_SECRETS", "env://ONE env://TWO")
    client = Together()
    with pytest.raises(ConfigurationError) as caught:
        _ = client.api_key
    assert str(caught.value) == (
        "env://ONE: the environment variable ONE is not set, or empty; env://TWO: the environment variable TWO is not "
        "set, or empty (from env TOGETHER_SECRETS)."
    )


def test_a_store_that_fails_is_not_passed_over() -> None:
    """The next one may have an older key."""
    Path("second").write_text("old-key")
    client = Together(secrets=[f"file://{Path.cwd()}", f"file://{Path.cwd()}/second"])
    with pytest.raises(ConfigurationError, match="Is a directory"):
        _ = client.api_key


def test_a_key_among_the_references_is_not_quoted() -> None:
    with pytest.raises(ConfigurationError, match="argument secrets: item 2 is no secret reference") as caught:
        Together(secrets=["env://ONE", "hunter2"])
    assert "hunter2" not in str(caught.value)


# Nothing found, or too much


def test_the_error_for_a_missing_key_names_all_places_in_their_order() -> None:
    Path(".env").write_text("TOGETHER_API_KEY=\n")
    Path("run-secrets").mkdir()
    with pytest.raises(MissingAPIKeyError) as caught:
        Together()
    assert caught.value.places == (
        "argument api_key (not given)",
        "the environment variable TOGETHER_API_KEY (not set)",
        "TOGETHER_API_KEY in .env (empty)",
        f"a file together_api_key in {Path.cwd()}/run-secrets (no such file)",
        "a configuration file (TOGETHER_CONFIG_FILE is not set)",
        "the stores that the option secrets lists (none)",
        "Google Colab's secrets (not running in Colab)",
    )


def test_the_guide_prints_the_precedence_as_the_code_has_it() -> None:
    guide = GUIDE.read_text()
    assert "\n".join(f"{number}. {place}" for number, place in enumerate(PRECEDENCE, start=1)) in guide


def test_the_guide_lists_every_option_with_its_variable() -> None:
    guide = GUIDE.read_text()
    cells = [(option.name, *option.variables("default")) for option in OPTIONS.values()]
    rows = ["| " + " | ".join(f"`{cell}`" for cell in row) + " |" for row in cells]
    assert [row for row in rows if row not in guide] == []


def test_settings_have_a_field_and_a_line_of_documentation_for_every_option() -> None:
    assert list(TogetherSettings.model_fields) == list(OPTIONS)
    documented = TogetherSettings.__doc__ or ""
    assert [name for name in OPTIONS if f"        {name}: " not in documented] == []


def test_a_variable_that_is_nearly_an_option_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TOGETHER_TIMOUT", "5")
    monkeypatch.setenv("TOGETHER_SOMETHING_ELSE", "5")
    with caplog.at_level(logging.WARNING, logger="together_di"):
        TogetherContainer(config={"api_key": "k"}).client()
    assert caplog.messages == ["env TOGETHER_TIMOUT: nothing reads this variable (did you mean 'TOGETHER_TIMEOUT'?)."]


def test_all_problems_of_all_places_are_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", "many")
    Path(".env").write_text("TOGETHER_PROXY=nowhere\n")
    Path("t.toml").write_text("tranport = 1\n")
    with pytest.raises(ConfigurationError) as caught:
        TogetherContainer(config={"timout": 3, "strict": "perhaps", "config_file": "t.toml"}).client()
    assert str(caught.value).splitlines() == [
        "config[\"timout\"]: there is no such option (did you mean 'timeout'?).",
        "t.toml: tranport: there is no such option (did you mean 'transport'?).",
        "env TOGETHER_MAX_RETRIES='many' is not a number of retries; write 0, 1, 2, ...",
        ".env TOGETHER_PROXY is not the URL of a proxy; write for example http://proxy.internal:3128",
        "config[\"strict\"]='perhaps' is neither true nor false",
        "There is no Together API key.",
    ]


def test_nothing_is_read_when_a_container_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CONFIG_FILE", "nowhere.toml")
    monkeypatch.setenv("TOGETHER_TIMEOUT", "soon")
    container = TogetherContainer(config={"api_key": "file:///not/there"})
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml"):
        container.client()


def test_a_client_is_looked_up_by_the_name_of_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_EU_WEST_TIMEOUT", "5")
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", "7")
    found = look({"default": {}, "eu-west": {}}, name="eu-west")
    assert [finding.source for finding in found.of("timeout")] == ["env TOGETHER_EU_WEST_TIMEOUT"]
    assert [finding.source for finding in found.of("max_retries")] == ["env TOGETHER_MAX_RETRIES"]
