"""The clients of a project: one for each alias, as the setting `TOGETHER` says at the moment."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client, override_settings

from together_di import (
    AsyncTogether,
    BlockingCallError,
    BlockingCallWarning,
    ConfigurationError,
    FakeTogether,
    MissingAPIKeyError,
    Together,
)
from together_di_django import get_async_together, get_container, get_together, override

from ...core.support.http_server import HTTPServer, answer
from ...core.support.sides import KEY, completion
from . import project

EMBEDDED = {"TRANSPORT": "embedded"}
TWO = {"default": {"API_KEY": "one"}, "eu": {"API_KEY": "two", "TIMEOUT": 7}}


def threads_get(ask: Any, count: int = 16) -> set[int]:
    ready = threading.Barrier(count)

    def wait_and_ask() -> object:
        ready.wait()
        return ask()

    with ThreadPoolExecutor(count) as pool:
        return {id(future.result()) for future in [pool.submit(wait_and_ask) for _ in range(count)]}


# One for each alias


@override_settings(TOGETHER=TWO)
@pytest.mark.parametrize(("get", "kind"), [(get_together, Together), (get_async_together, AsyncTogether)])
def test_there_is_one_client_for_each_alias(get: Any, kind: type) -> None:
    assert type(get()) is kind
    assert get() is get("default")
    assert get("eu") is get("eu")
    assert get("eu") is not get()


@override_settings(TOGETHER=TWO)
def test_each_alias_has_its_own_options() -> None:
    assert (get_together().api_key, get_together("eu").api_key) == ("one", "two")
    assert get_together("eu").timeout == 7


@override_settings(TOGETHER=TWO)
def test_the_nearest_alias_is_suggested() -> None:
    with pytest.raises(ConfigurationError, match=r"no client 'eu1' \(did you mean 'eu'\?\)"):
        get_together("eu1")


@override_settings(TOGETHER={"API_KEY": "one"})
def test_many_threads_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(vars(apps.get_app_config("together_di")), "_container", raising=False)
    assert len(threads_get(get_together)) == 1


@override_settings(TOGETHER={})
def test_without_settings_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "from-the-environment")
    assert get_together().api_key == "from-the-environment"


@override_settings(TOGETHER={"API_KEY": "", "TIMEOUT": 20})
def test_no_key_is_told_with_the_place_in_the_settings() -> None:
    with pytest.raises(MissingAPIKeyError) as caught:
        get_together()
    assert 'settings TOGETHER["API_KEY"] (empty)' in str(caught.value)


@override_settings(TOGETHER={"API_KEY": "k", "TIMOUT": 20})
def test_an_unknown_option_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"""settings TOGETHER\["TIMOUT"\].*did you mean 'TIMEOUT'\?"""):
        get_together()


@override_settings(TOGETHER=KEY)
def test_a_setting_that_is_no_dict_is_refused_and_not_quoted() -> None:
    with pytest.raises(ConfigurationError, match=r"^settings TOGETHER must be a dict .*, not a str\.$"):
        get_together()


def test_a_project_without_the_app_is_told_to_add_it() -> None:
    with (
        override_settings(INSTALLED_APPS=[]),
        pytest.raises(ImproperlyConfigured, match='add "together_di_django" to INSTALLED_APPS'),
    ):
        get_together()


# Settings that change


def test_a_change_of_the_settings_builds_the_client_anew() -> None:
    with override_settings(TOGETHER={"API_KEY": "k", "TIMEOUT": 3}):
        assert get_together().timeout == 3
    with override_settings(TOGETHER={"API_KEY": "k", "TIMEOUT": 4}):
        assert get_together().timeout == 4


def test_a_change_of_the_settings_builds_the_clients_of_every_alias_anew() -> None:
    with override_settings(TOGETHER=TWO):
        before = get_together("eu")
        with override_settings(TOGETHER={"default": {}, "eu": {"API_KEY": "three"}}):
            assert get_together("eu").api_key == "three"
        assert get_together("eu").api_key == "two"
        assert before.is_closed()


def test_an_alias_that_a_change_of_the_settings_takes_away_is_gone() -> None:
    with override_settings(TOGETHER=TWO):
        get_together("eu")
        with (
            override_settings(TOGETHER={"API_KEY": "k"}),
            pytest.raises(ConfigurationError, match="no client 'eu'"),
        ):
            get_together("eu")


def test_another_setting_leaves_the_client_alone() -> None:
    with override_settings(TOGETHER={"API_KEY": "k"}):
        client = get_together()
        with override_settings(DEBUG=True):
            assert get_together() is client
        assert not client.is_closed()


@pytest.mark.parametrize("name", ["default", "eu"])
def test_a_fake_stays_in_place_when_the_settings_change(name: str) -> None:
    fake = Together(transport="embedded")
    with override_settings(TOGETHER=TWO), override(fake, name):
        with override_settings(TOGETHER={"default": {}, "eu": {}}):
            assert get_together(name) is fake
        assert get_together(name) is fake


# Overriding


@override_settings(TOGETHER={"API_KEY": "k"})
def test_a_fake_takes_the_place_of_both_clients() -> None:
    fake = FakeTogether()
    with override(fake):
        assert get_together() is fake
        assert get_async_together() is fake.async_client
    assert get_together() is not fake


@override_settings(TOGETHER={"API_KEY": "k"})
def test_an_override_takes_the_place_of_the_client_of_its_kind() -> None:
    fake = AsyncTogether(transport="embedded")
    with override(fake):
        assert get_async_together() is fake
        assert type(get_together()) is Together
    assert get_async_together() is not fake


def test_an_override_by_something_else_than_a_client_is_refused() -> None:
    client: Any = FakeTogether
    with pytest.raises(TypeError, match=r"takes a FakeTogether, or another client, not a type"), override(client):
        pass


@override_settings(TOGETHER={})
def test_with_an_override_no_key_is_needed() -> None:
    with override(Together(transport="embedded")):
        assert Client().get("/sync").status_code == 200


# Views


@override_settings(TOGETHER=EMBEDDED)
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_views_of_both_kinds_answer_under_wsgi(path: str) -> None:
    assert Client().get(path).status_code == 200


@override_settings(TOGETHER=EMBEDDED)
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_views_of_both_kinds_answer_under_asgi(path: str) -> None:
    assert asyncio.run(AsyncClient().get(path)).status_code == 200


def test_an_async_view_under_wsgi_works_request_after_request() -> None:
    good = answer(completion("Good"))
    with (
        HTTPServer(default=good) as server,
        override_settings(TOGETHER={"API_KEY": KEY, "BASE_URL": server.url, "MAX_RETRIES": 0}),
    ):
        assert [Client().get("/async").content for _ in range(3)] == [b"Good"] * 3


@override_settings(TOGETHER=EMBEDDED)
def test_a_view_that_blocks_its_event_loop_is_warned_of() -> None:
    with pytest.warns(BlockingCallWarning, match="get_async_together"):
        asyncio.run(AsyncClient().get("/blocking"))


@override_settings(TOGETHER={**EMBEDDED, "BLOCKING_CALLS": "raise"})
def test_a_view_that_blocks_its_event_loop_can_be_refused() -> None:
    with pytest.raises(BlockingCallError):
        asyncio.run(AsyncClient().get("/blocking"))


@override_settings(TOGETHER={**EMBEDDED, "BLOCKING_CALLS": "allow"})
def test_a_view_that_blocks_its_event_loop_can_be_allowed() -> None:
    assert asyncio.run(AsyncClient().get("/blocking")).status_code == 200


# Injection


@pytest.fixture
def wired() -> Any:
    container = get_container()
    container.wire(modules=[project])
    yield
    container.unwire()


@override_settings(TOGETHER=EMBEDDED)
@pytest.mark.parametrize("path", ["/injected", "/injected-async"])
def test_a_client_is_injected_into_a_view(wired: None, path: str) -> None:
    assert Client().get(path).status_code == 200


def test_what_is_injected_follows_the_settings(wired: None) -> None:
    good = answer(completion("Good"))
    with override_settings(TOGETHER=EMBEDDED):
        Client().get("/injected")
    with HTTPServer(good) as server, override_settings(TOGETHER={"API_KEY": KEY, "BASE_URL": server.url}):
        assert Client().get("/injected").content == b"Good"
