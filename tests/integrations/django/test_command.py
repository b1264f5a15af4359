"""`manage.py together`."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from together_di import Together
from together_di_django import get_together, override

from ...core.support.sides import KEY

EMBEDDED = {"TRANSPORT": "embedded", "TIMEOUT": 20}


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("together", *arguments, stdout=out)
    return out.getvalue()


@override_settings(TOGETHER=EMBEDDED)
def test_config_tells_where_an_option_came_from() -> None:
    assert 'settings TOGETHER["TIMEOUT"]' in said("config")


@override_settings(TOGETHER={"default": EMBEDDED, "eu": {"TIMEOUT": 7}})
def test_config_as_json_has_every_client() -> None:
    with pytest.raises(CommandError):
        said("config")  # the client eu has no key
    assert json.loads(said("config", "--json", "--client", "default"))["default"]["client"] == "default"


@override_settings(TOGETHER={"API_KEY": KEY, "TIMOUT": 2})
def test_config_says_what_is_wrong_and_fails() -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="see above") as caught:
        call_command("together", "config", stdout=out)
    assert caught.value.returncode == 1
    assert "did you mean 'TIMEOUT'" in out.getvalue()
    assert KEY not in out.getvalue()


@override_settings(TOGETHER=EMBEDDED)
def test_check_says_that_a_client_works() -> None:
    assert said("check").startswith("default: ok: the emulator in this process answers")


@override_settings(TOGETHER={})
def test_check_fails_without_a_key() -> None:
    with pytest.raises(CommandError):
        said("check")


@override_settings(TOGETHER=EMBEDDED)
def test_models_lists_one_on_each_line() -> None:
    lines = said("models").splitlines()
    assert len(lines) > 3
    assert all(lines)


@override_settings(TOGETHER=EMBEDDED)
def test_chat_prints_the_answer_on_one_line() -> None:
    answer = said("chat", "Say hello")
    assert answer.strip()
    assert answer.count("\n") == 1


@override_settings(TOGETHER={})
def test_a_missing_key_is_an_error_of_the_command() -> None:
    with pytest.raises(CommandError, match="There is no Together API key"):
        said("chat", "Hi")


@override_settings(TOGETHER=EMBEDDED)
def test_a_client_that_is_not_there_is_an_error_of_the_command() -> None:
    with pytest.raises(CommandError, match="There is no client 'us'"):
        said("chat", "--client", "us", "Hi")


@override_settings(TOGETHER=EMBEDDED)
def test_the_command_leaves_the_clients_of_the_process_open() -> None:
    client = get_together()
    said("check")
    assert get_together() is client
    assert not client.is_closed()


@override_settings(TOGETHER={})
def test_the_command_uses_a_fake_that_is_in_place() -> None:
    with override(Together(transport="embedded")):
        assert said("chat", "Hi").strip()


def test_no_command_is_an_error_that_says_so() -> None:
    with pytest.raises(CommandError, match="COMMAND"):
        said()
