"""Which options an app sets: in `app.config["TOGETHER"]`, and in `TOGETHER_*` variables of `app.config`."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from together_di import ConfigurationError, Timeout
from together_di.explain import Entry
from together_di_flask import FlaskTogether, get_together

from ...core.support.sides import KEY
from .support import make_app


def explained(option: str, **config: Any) -> Entry:
    together = FlaskTogether()
    with make_app(together, **config).app_context():
        return together.explain()[option]


def test_options_may_be_in_capitals_or_not() -> None:
    with make_app(TOGETHER={"API_KEY": KEY, "timeout": 7}).app_context():
        assert (get_together().api_key, get_together().timeout) == (KEY, 7)


def test_a_timeout_of_several_parts_may_stand_there() -> None:
    timeout = Timeout(connect=1, read=2, write=3, pool=4)
    with make_app(TOGETHER={"api_key": KEY, "timeout": timeout}).app_context():
        assert get_together().timeout == timeout


def test_variables_of_the_configuration_are_options() -> None:
    with make_app(TOGETHER=None, TOGETHER_API_KEY=KEY, TOGETHER_TIMEOUT=7).app_context():
        assert (get_together().api_key, get_together().timeout) == (KEY, 7)


def test_prefixed_environment_variables_are_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_TOGETHER_API_KEY", KEY)
    monkeypatch.setenv("FLASK_TOGETHER_MAX_RETRIES", "7")
    app = Flask("shop")
    app.config.from_prefixed_env()
    FlaskTogether(app)
    with app.app_context():
        assert (get_together().api_key, get_together().max_retries) == (KEY, 7)


def test_nested_prefixed_environment_variables_are_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_TOGETHER__API_KEY", KEY)
    app = Flask("shop")
    app.config.from_prefixed_env()
    FlaskTogether(app)
    with app.app_context():
        assert get_together().api_key == KEY


@pytest.mark.parametrize("spelt", ["TIMEOUT", "timeout"])
def test_the_dict_wins_over_a_variable(spelt: str) -> None:
    assert explained("timeout", TOGETHER={"api_key": KEY, spelt: 7}, TOGETHER_TIMEOUT=8).value == "7.0"


@pytest.mark.parametrize("empty", ["", None])
def test_what_is_empty_in_the_dict_leaves_it_to_the_variable(empty: str | None) -> None:
    with make_app(TOGETHER={"API_KEY": empty}, TOGETHER_API_KEY=KEY).app_context():
        assert get_together().api_key == KEY


def test_no_timeout_in_the_dict_is_no_limit() -> None:
    assert explained("timeout", TOGETHER={"api_key": KEY, "timeout": None}, TOGETHER_TIMEOUT=8).value == "none"


def test_a_variable_of_the_configuration_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "9")
    assert explained("timeout", TOGETHER_TIMEOUT=8).value == "8.0"


def test_what_the_app_does_not_set_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "9")
    assert explained("timeout").source == "env TOGETHER_TIMEOUT"


def test_each_client_has_variables_of_its_own() -> None:
    clients = {"default": {"api_key": KEY}, "eu": {}}
    with make_app(TOGETHER=clients, TOGETHER_EU_API_KEY="key-of-eu", TOGETHER_TIMEOUT=8).app_context():
        assert (get_together("eu").api_key, get_together().api_key) == ("key-of-eu", KEY)
        assert (get_together("eu").timeout, get_together().timeout) == (8, 8)


@pytest.mark.parametrize(
    ("config", "source"),
    [
        ({"TOGETHER": {"api_key": KEY, "timeout": 7}}, 'app.config["TOGETHER"]["timeout"]'),
        ({"TOGETHER": None, "TOGETHER_API_KEY": KEY, "TOGETHER_TIMEOUT": 7}, 'app.config["TOGETHER_TIMEOUT"]'),
        ({"TOGETHER_TIMEOUT": 7}, 'app.config["TOGETHER"] or its TOGETHER_* variables: TIMEOUT'),
    ],
)
def test_messages_say_where_an_option_stands(config: dict[str, Any], source: str) -> None:
    assert explained("timeout", **config).source == source


def test_a_dict_of_another_type_is_refused_without_its_value() -> None:
    with pytest.raises(ConfigurationError, match=r'app\.config\["TOGETHER"\] is a str\. Write a dict') as caught:
        make_app(TOGETHER=KEY)
    assert KEY not in str(caught.value)


def test_a_client_that_is_no_dict_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r'app\.config\["TOGETHER"\]\["eu"\] must hold the options'):
        make_app(TOGETHER={"default": {"api_key": KEY}, "eu": "key"})


def test_a_misspelt_variable_is_told(caplog: pytest.LogCaptureFixture) -> None:
    make_app(TOGETHER_TIMOUT=7)
    assert (
        "app.config[\"TOGETHER_TIMOUT\"]: nothing reads this variable (did you mean 'TOGETHER_TIMEOUT'?)" in caplog.text
    )


def test_a_variable_of_the_apps_own_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    make_app(TOGETHER_FAVOURITE_MODEL="m")
    assert caplog.text == ""
