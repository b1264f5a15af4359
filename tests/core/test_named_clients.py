"""Several clients of one application: each with a configuration, connections and a key of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from together_di import AsyncTogether, ConfigurationError, MissingAPIKeyError, Together, TogetherContainer

from .support.http_server import HTTPServer, answer
from .support.sides import chat, completion

TWO: dict[str, Any] = {"default": {"api_key": "key-default"}, "eu": {"api_key": "key-eu", "timeout": 7}}


def test_each_client_has_its_own_configuration_and_is_built_once() -> None:
    container = TogetherContainer(config=TWO)
    eu = container.named("eu")
    assert eu.client() is container.named("eu").client()
    assert eu.client() is not container.client()
    assert (eu.client().api_key, eu.client().timeout) == ("key-eu", 7)
    assert container.client().api_key == "key-default"
    assert container.names == ("default", "eu")


def test_the_default_client_is_the_containers_own() -> None:
    container = TogetherContainer(config=TWO)
    assert container.named("default").client() is container.client()


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"no client 'eur' \(did you mean 'eu'\?\). Known: default, eu\."):
        TogetherContainer(config=TWO).named("eur")


def test_a_name_of_a_container_with_one_client_is_unknown() -> None:
    with pytest.raises(ConfigurationError, match=r"There is no client 'eu'. Known: default\."):
        TogetherContainer(config={"api_key": "k"}).named("eu")


def test_a_bad_option_names_its_client() -> None:
    container = TogetherContainer(config={**TWO, "us": {"api_key": "k", "timout": 3}}, source='TOGETHER["{}"]')
    with pytest.raises(
        ConfigurationError, match=r'TOGETHER\["us"\]\["timout"\]: there is no such option \(did you mean'
    ):
        container.named("us").client()
    assert container.client()


def test_an_option_beside_named_clients_is_an_error() -> None:
    container = TogetherContainer(config={**TWO, "timeout": 3})
    with pytest.raises(ConfigurationError, match=r"config\[\"timeout\"\] must hold the options of a client"):
        container.named("timeout").client()


def test_the_key_of_the_default_client_is_not_given_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "key-default")
    container = TogetherContainer(config={"default": {}, "eu": {"base_url": "https://eu.example.com"}})
    with pytest.raises(MissingAPIKeyError, match="write env://TOGETHER_API_KEY as this client's key") as caught:
        container.named("eu").client()
    assert "the environment variable TOGETHER_EU_API_KEY (not set)" in caught.value.places
    monkeypatch.setenv("TOGETHER_EU_API_KEY", "key-eu")
    assert container.named("eu").client().api_key == "key-eu"


def test_a_key_can_be_shared_by_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "key-default")
    container = TogetherContainer(config={"default": {}, "eu": {"api_key": "env://TOGETHER_API_KEY"}})
    assert container.named("eu").client().api_key == "key-default"


def test_what_the_environment_says_of_all_clients_holds_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TRANSPORT", "embedded")
    monkeypatch.setenv("TOGETHER_BASE_URL", "https://default.example.com")
    container = TogetherContainer(config={"default": {}, "eu": {}})
    eu = container.named("eu").client()
    assert (eu.client.transport, eu.base_url) == ("embedded", "https://api.together.ai")


def test_where_to_look_is_said_once_for_all_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.env").write_text("TOGETHER_EU_API_KEY=key-eu\n")
    monkeypatch.setenv("TOGETHER_ENV_FILE", "nowhere.env")
    container = TogetherContainer(config={"default": {"env_file": tmp_path / "a.env"}, "eu": {}})
    assert container.named("eu").client().api_key == "key-eu"


def test_clients_send_on_their_own_connections_with_their_own_key() -> None:
    with HTTPServer(default=answer(completion())) as server:
        base = {name: {**options, "base_url": server.url} for name, options in TWO.items()}
        container = TogetherContainer(config=base)
        for name in ("default", "eu", "default", "eu"):
            chat(container.named(name).client())
        container.close()
    sent = [(request.connection, request.headers["authorization"]) for request in server.requests]
    assert sent == [(1, "Bearer key-default"), (2, "Bearer key-eu")] * 2


def test_closing_the_container_closes_every_client() -> None:
    container = TogetherContainer(config=TWO)
    clients: list[Together | AsyncTogether] = [
        container.client(),
        container.named("eu").client(),
        container.named("eu").async_client(),
    ]
    container.close()
    assert [client.is_closed() for client in clients] == [True, True, True]
    assert container.named("eu").client() is not clients[1]


def test_an_override_of_a_named_client_lasts_as_long_as_it_stands() -> None:
    container = TogetherContainer(config=TWO)
    fake = Together(transport="embedded")
    with container.named("eu").client.override(fake):
        assert container.named("eu").client() is fake
        assert container.client() is not fake
    assert container.named("eu").client() is not fake


def test_a_key_of_a_tenant_goes_over_the_owners_connections() -> None:
    with HTTPServer(default=answer(completion())) as server, Together(api_key="owner", base_url=server.url) as client:
        with client.with_options(api_key="tenant") as borrowed:
            chat(borrowed)
        chat(client)
    sent = [(request.connection, request.headers["authorization"]) for request in server.requests]
    assert sent == [(1, "Bearer tenant"), (1, "Bearer owner")]
