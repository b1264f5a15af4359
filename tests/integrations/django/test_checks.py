"""The system checks: each has an id and a hint, and none of them shows the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core import checks
from django.core.checks import CheckMessage
from django.test import override_settings

GOOD_KEY = "a-key-of-forty-characters-0123456789abcd"


def checked(setting: object, *, deploy: bool = False) -> list[CheckMessage]:
    with override_settings(TOGETHER=setting):
        return checks.run_checks(tags=["together_di"], include_deployment_checks=deploy)


def ids(setting: object, *, deploy: bool = False) -> list[str]:
    return [str(message.id).removeprefix("together_di.") for message in checked(setting, deploy=deploy)]


def the_one(setting: object, *, deploy: bool = False) -> CheckMessage:
    (message,) = checked(setting, deploy=deploy)
    return message


@pytest.mark.parametrize("deploy", [False, True])
def test_a_good_configuration_passes(monkeypatch: pytest.MonkeyPatch, deploy: bool) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", GOOD_KEY)
    assert ids({"TIMEOUT": 20}, deploy=deploy) == []


# E001: what cannot be used


def test_an_unknown_option_is_an_error_with_a_suggestion() -> None:
    message = the_one({"API_KEY": GOOD_KEY, "TIMOUT": 20})
    assert (type(message), message.id) == (checks.Error, "together_di.E001")
    assert """TOGETHER["TIMOUT"]: there is no such option (did you mean 'TIMEOUT'?)""" in message.msg
    assert "manage.py together config" in str(message.hint)


def test_each_mistake_is_an_error_of_its_own() -> None:
    assert ids({"API_KEY": GOOD_KEY, "TIMOUT": 20, "MAX_RETRIES": -1}) == ["E001", "E001"]


def test_the_client_of_each_alias_is_checked() -> None:
    message = the_one({"default": {"API_KEY": GOOD_KEY}, "eu": {"API_KEY": GOOD_KEY, "TIMEOUT": "soon"}})
    assert 'TOGETHER["eu"]["TIMEOUT"]' in message.msg


def test_a_bad_variable_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "soon")
    assert "env TOGETHER_TIMEOUT" in the_one({"API_KEY": GOOD_KEY}).msg


@pytest.mark.parametrize("setting", [GOOD_KEY, [GOOD_KEY], {"default": GOOD_KEY}, {"default": {}, "eu": GOOD_KEY}])
@pytest.mark.parametrize("deploy", [False, True])
def test_a_setting_of_another_shape_is_an_error(setting: object, deploy: bool) -> None:
    assert "E001" in ids(setting, deploy=deploy)


# W001: no key


@pytest.mark.parametrize("setting", [{}, {"API_KEY": ""}, {"API_KEY": None}])
def test_a_missing_key_is_a_warning(setting: Mapping[str, Any]) -> None:
    message = the_one(setting)
    assert (type(message), message.id) == (checks.Warning, "together_di.W001")
    assert "TOGETHER_API_KEY" in str(message.hint)


def test_a_missing_key_of_an_alias_is_told_with_its_own_variable() -> None:
    message = the_one({"default": {"API_KEY": GOOD_KEY}, "eu": {}})
    assert "'eu'" in message.msg
    assert "TOGETHER_EU_API_KEY" in str(message.hint)


def test_a_missing_key_is_a_warning_beside_an_error_as_well() -> None:
    messages = checked({"default": {"TIMOUT": 2}, "eu": {"MAX_RETRIES": -1}, "us": {"API_KEY": GOOD_KEY}})
    warnings = [message.msg for message in messages if message.id == "together_di.W001"]
    errors = [message.msg for message in messages if message.id == "together_di.E001"]
    assert ["'default'" in warnings[0], "'eu'" in warnings[1], len(warnings)] == [True, True, 2]
    assert ['["TIMOUT"]' in errors[0], '["MAX_RETRIES"]' in errors[1], len(errors)] == [True, True, 2]


def test_a_key_of_an_unknown_store_is_an_error() -> None:
    message = the_one({"API_KEY": "vualt://secret/together#api_key"})
    assert message.id == "together_di.E001"
    assert "did you mean 'vault'" in message.msg


# W002: plain http


def test_plain_http_to_a_public_host_is_warned_of() -> None:
    message = the_one({"API_KEY": GOOD_KEY, "BASE_URL": "http://api.example.com"})
    assert message.id == "together_di.W002"
    assert "http://api.example.com" in message.msg


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "10.0.0.4", "vllm"])
def test_plain_http_to_a_near_host_is_fine(host: str) -> None:
    assert ids({"API_KEY": GOOD_KEY, "BASE_URL": f"http://{host}"}) == []


# W003: variables nothing reads


def test_a_variable_that_is_nearly_an_option_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMOUT", "3")
    message = the_one({"API_KEY": GOOD_KEY})
    assert message.id == "together_di.W003"
    assert "did you mean 'TOGETHER_TIMEOUT'" in message.msg


def test_the_variables_of_another_alias_are_not_taken_for_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", GOOD_KEY)
    monkeypatch.setenv("TOGETHER_EU_API_KEY", GOOD_KEY)
    assert ids({"default": {}, "eu": {}}) == []


# Only under --deploy


@pytest.mark.parametrize("setting", [{"API_KEY": GOOD_KEY}, {"default": {}, "eu": {"API_KEY": GOOD_KEY}}])
def test_a_key_in_clear_text_is_warned_of_under_deploy(
    monkeypatch: pytest.MonkeyPatch, setting: Mapping[str, Any]
) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "another")
    assert ids(setting) == []
    assert ids(setting, deploy=True) == ["W004"]


def test_the_warning_of_a_key_in_clear_text_says_where_it_stands_and_not_what_it_is() -> None:
    message = the_one({"API_KEY": GOOD_KEY}, deploy=True)
    assert 'settings TOGETHER["API_KEY"]' in message.msg
    assert GOOD_KEY[-4:] not in f"{message.msg}{message.hint}"


@pytest.mark.parametrize("key", ["vault://secret/together#api_key", lambda: GOOD_KEY])
def test_a_reference_and_a_function_are_fine_under_deploy(key: object) -> None:
    assert ids({"API_KEY": key}, deploy=True) == []


def test_a_key_that_the_settings_take_from_the_environment_is_fine_under_deploy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUR_KEY", GOOD_KEY)
    assert ids({"API_KEY": GOOD_KEY}, deploy=True) == []


def test_the_embedded_transport_is_warned_of_under_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TRANSPORT", "embedded")
    assert ids({}) == []
    message = the_one({}, deploy=True)
    assert message.id == "together_di.W005"
    assert "env TOGETHER_TRANSPORT" in message.msg


@pytest.mark.parametrize(
    "arguments",
    ["--timeout 15", "--timeout=15", "-t 15", "--workers 3 --bind 0.0.0.0:80 -t 15 shop.wsgi", "-k sync -t 15"],
)
def test_a_gunicorn_that_is_less_patient_is_warned_of(monkeypatch: pytest.MonkeyPatch, arguments: str) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", GOOD_KEY)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", arguments)
    assert ids({"TIMEOUT": 20}) == []
    message = the_one({"TIMEOUT": 20}, deploy=True)
    assert message.id == "together_di.W006"
    assert "up to 20 s" in message.msg
    assert "15 s" in message.msg


@pytest.mark.parametrize("setting", [{}, {"TIMEOUT": None}, {"TIMEOUT_READ": 16, "TIMEOUT": 2}])
def test_the_time_that_counts_is_that_of_waiting_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, setting: Mapping[str, Any]
) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", GOOD_KEY)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--timeout 15")
    assert ids(setting, deploy=True) == ["W006"]


@pytest.mark.parametrize(
    "arguments",
    ["", "--timeout 20", "--timeout 0", "--workers 2", "-t 15 -k gthread", "-t 15 --threads 4", "-t soon", "'"],
)
def test_a_gunicorn_that_is_patient_or_not_known_to_be_impatient_is_fine(
    monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", GOOD_KEY)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", arguments)
    assert ids({"TIMEOUT": 20}, deploy=True) == []


@pytest.mark.parametrize(
    "setting",
    [
        {"API_KEY": f"{GOOD_KEY}\nx"},
        {"API_KEY": GOOD_KEY, "DEFAULT_HEADERS": {"Authorization": f"Bearer {GOOD_KEY}"}},
        {"API_KYE": GOOD_KEY},
        {"default": {"API_KEY": GOOD_KEY}, "eu": {"API_KEY": [GOOD_KEY]}},
    ],
)
def test_no_check_shows_a_key(setting: Mapping[str, Any]) -> None:
    messages = checked(setting, deploy=True)
    assert messages
    assert not any(GOOD_KEY in str(message) for message in messages)
