"""`TogetherContainer`: one of each, built when asked for, closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from dependency_injector import containers, providers

from together_di import (
    AsyncTogether,
    AuthenticationError,
    ClientClosedError,
    ConfigurationError,
    MissingAPIKeyError,
    Together,
    TogetherClient,
    TogetherContainer,
    TogetherSettings,
)
from together_di.network import Network
from together_di.resources.chat import Chat
from together_di.resources.embeddings import Embeddings
from together_di.transport import open_sync_transport

THREADS = 64
NAMESPACES = ["chat", "completions", "embeddings", "images", "audio", "rerank", "files", "models"]


def built(**config: Any) -> Any:
    return TogetherContainer(config={"api_key": "k", **config})


def ask_at_once(ask: Callable[[], object]) -> set[int]:
    """The identities of what many threads get that ask at the same moment."""
    ready = Barrier(THREADS)

    def wait_and_ask() -> object:
        ready.wait()
        return ask()

    with ThreadPoolExecutor(THREADS) as pool:
        return {id(future.result()) for future in [pool.submit(wait_and_ask) for _ in range(THREADS)]}


# Building


@pytest.mark.parametrize(("name", "kind"), [("client", Together), ("async_client", AsyncTogether)])
def test_there_is_one_client_of_each_kind(name: str, kind: type) -> None:
    container = built()
    client = getattr(container, name)()
    assert type(client) is kind
    assert getattr(container, name)() is client


def test_both_clients_share_one_configuration() -> None:
    container = built(timeout=20)
    assert container.client().client is container.async_client().client is container.client_config()
    assert container.client().timeout == 20


def test_two_containers_share_nothing() -> None:
    first, second = built(api_key="a"), built(api_key="b")
    assert (first.client().api_key, second.client().api_key) == ("a", "b")


@pytest.mark.parametrize("name", ["client", "async_client", "client_config", "opened", "chat"])
def test_many_threads_that_ask_at_once_get_the_same(name: str) -> None:
    assert len(ask_at_once(getattr(built(), name))) == 1


@pytest.mark.parametrize(("name", "kind"), [("client", Together), ("async_client", AsyncTogether)])
def test_many_threads_that_ask_at_once_have_it_built_once(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: type[Together | AsyncTogether]
) -> None:
    made: list[TogetherClient] = []
    original = kind.from_config

    def counted(config: TogetherClient, transport: Any = None) -> object:
        made.append(config)
        return original(config, transport)

    monkeypatch.setattr(kind, "from_config", counted)
    ask_at_once(getattr(built(), name))
    assert len(made) == 1


def test_nothing_is_looked_up_before_a_client_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    container: Any = TogetherContainer()
    monkeypatch.setenv("TOGETHER_API_KEY", "set-later")
    monkeypatch.setenv("TOGETHER_TIMEOUT", "7")
    client = container.client()
    assert (client.api_key, client.timeout) == ("set-later", 7)


def test_a_key_that_comes_after_a_failure_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    container: Any = TogetherContainer()
    with pytest.raises(MissingAPIKeyError):
        container.client()
    monkeypatch.setenv("TOGETHER_API_KEY", "set-later")
    assert container.client().api_key == "set-later"


def test_a_bad_setting_is_told_when_a_client_is_asked_for() -> None:
    container = built(timout=3)
    with pytest.raises(ConfigurationError, match="did you mean 'timeout'"):
        container.client()


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        built(timout=3, max_retries=-1, base_url="nowhere").client()
    assert all(name in str(caught.value) for name in ("timout", "max_retries", "base_url"))


def test_options_may_be_written_in_capitals() -> None:
    container: Any = TogetherContainer(config={"API_KEY": "k", "TIMEOUT": 20})
    assert container.client().timeout == 20


def test_no_timeout_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "5")
    assert built(timeout=None).client().timeout is None


@pytest.mark.parametrize("wrong", [b"hunter2", 5, ["hunter2"]])
def test_a_key_of_another_type_is_refused_with_the_name_of_the_type(wrong: Any) -> None:
    expected = rf'^config\["api_key"\] must be a str, .* not {type(wrong).__name__}\.'
    with pytest.raises(ConfigurationError, match=expected):
        built(api_key=wrong).client()


def test_options_may_be_set_one_by_one() -> None:
    container: Any = TogetherContainer()
    container.config.api_key.from_value("k")
    container.config.max_retries.from_value(7)
    assert container.client().max_retries == 7


def test_a_function_is_a_key() -> None:
    assert built(api_key=lambda: "from-function").client().api_key == "from-function"


def test_headers_of_the_configuration_are_used() -> None:
    assert built(default_headers={"X-Team": "search"}).client().client.default_headers == {"X-Team": "search"}


def test_the_settings_can_be_replaced() -> None:
    container: Any = TogetherContainer()
    with container.settings.override(TogetherSettings(api_key="other", timeout=3)):
        assert container.client().timeout == 3


# Namespaces


@pytest.mark.parametrize("name", NAMESPACES)
def test_a_namespace_on_its_own_is_that_of_the_client(name: str) -> None:
    container = built()
    assert getattr(container, name)() is getattr(container.client(), name)


def test_every_namespace_of_a_client_is_in_the_container() -> None:
    # Namespaces hold their client's configuration, and nothing else on a client does.
    client = Together(api_key="k")
    found = {name for name, value in vars(client).items() if getattr(value, "client", None) is client.client}
    assert found == set(NAMESPACES)
    assert found <= set(TogetherContainer.providers)


class Summariser:
    """A user's class."""

    def __init__(self, client: Together, chat: Chat[Any], embeddings: Embeddings[Any]) -> None:
        self.client = client
        self.chat = chat
        self.embeddings = embeddings


class App(containers.DeclarativeContainer):
    """A user's container."""

    config = providers.Configuration()
    together: Any = providers.Container(TogetherContainer, config=config.together)
    summariser = providers.Factory(
        Summariser, client=together.client, chat=together.chat, embeddings=together.embeddings
    )


# Inside another container


def test_it_stands_in_a_users_container() -> None:
    app = App(config={"together": {"api_key": "k", "timeout": 20}})
    first, second = app.summariser(), app.summariser()
    assert (first.client.timeout, first.client is second.client) == (20, True)
    assert first.chat is first.client.chat
    assert first.embeddings is first.client.embeddings


def test_two_users_containers_share_nothing() -> None:
    first, second = (App(config={"together": {"api_key": key}}) for key in "ab")
    assert (first.summariser().client.api_key, second.summariser().client.api_key) == ("a", "b")


@pytest.mark.parametrize("config", [{}, {"together": None}, {"together": {}}, {"together": {"api_key": None}}])
def test_a_missing_part_of_the_users_configuration_is_a_clear_error(config: dict[str, Any]) -> None:
    app = App(config=config)
    with pytest.raises(AuthenticationError, match="TOGETHER_API_KEY"):
        app.summariser()


def test_a_missing_part_of_the_users_configuration_leaves_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "from-environment")
    assert App().summariser().client.api_key == "from-environment"


def test_it_can_be_closed_from_a_users_container() -> None:
    app = App(config={"together": {"api_key": "k"}})
    client = app.summariser().client
    app.together().close()
    assert client.is_closed()
    assert app.summariser().client is not client


def test_it_can_be_replaced_in_a_users_container() -> None:
    app = App(config={"together": {"api_key": "k"}})
    double = Together(api_key="double")
    with app.together.client.override(double):
        summariser = app.summariser()
    assert summariser.client is double
    assert summariser.chat is double.chat
    assert app.summariser().client is not double


# Replacing


def test_an_override_lasts_as_long_as_its_block() -> None:
    container = built()
    original, double = container.client(), Together(api_key="double")
    with container.client.override(double):
        assert container.client() is double
    assert container.client() is original


def test_an_override_ends_when_its_block_fails() -> None:
    container = built()
    original = container.client()
    with pytest.raises(LookupError), container.client.override(Together(api_key="double")):
        raise LookupError
    assert container.client() is original


@pytest.mark.parametrize("name", NAMESPACES)
def test_namespaces_follow_the_override(name: str) -> None:
    container = built()
    original, double = getattr(container, name)(), Together(api_key="double")
    with container.client.override(double):
        assert getattr(container, name)() is getattr(double, name)
    assert getattr(container, name)() is original


def test_an_override_needs_no_key() -> None:
    container: Any = TogetherContainer()
    double = Together(api_key="double")
    with container.client.override(double):
        assert container.chat() is double.chat


def test_the_transport_can_be_replaced() -> None:
    class Transport:
        def send(self, request: Any) -> Any:
            raise AssertionError(request)

        def close(self) -> None:
            """Nothing to close."""

    container, transport = built(), Transport()
    with container.sync_transport.override(providers.Object(transport)):
        assert container.client()._engine.shared.transport is transport


# Closing


def test_closing_closes_both_clients() -> None:
    container = built()
    client, async_client = container.client(), container.async_client()
    container.close()
    assert (client.is_closed(), async_client.is_closed()) == (True, True)
    with pytest.raises(ClientClosedError):
        client.embeddings.create(model="m", input="Hi")


def test_closing_asynchronously_closes_both_clients() -> None:
    container = built()
    client, async_client = container.client(), container.async_client()
    asyncio.run(container.aclose())
    assert (client.is_closed(), async_client.is_closed()) == (True, True)


def test_closing_twice_does_no_harm() -> None:
    container = built()
    client = container.client()
    container.close()
    container.close()
    asyncio.run(container.aclose())
    assert client.is_closed()


def test_closing_builds_nothing() -> None:
    container: Any = TogetherContainer()
    container.close()
    asyncio.run(container.aclose())
    with pytest.raises(MissingAPIKeyError):
        container.client()


def test_a_client_asked_for_after_closing_is_a_new_one() -> None:
    container = built(transport="embedded")
    first = container.client()
    container.close()
    second = container.client()
    assert (second is first, second.is_closed()) == (False, False)
    assert second.embeddings.create(model="m", input="Hi").data


def test_a_client_asked_for_after_closing_reads_its_settings_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    container: Any = TogetherContainer()
    monkeypatch.setenv("TOGETHER_API_KEY", "first")
    container.client()
    container.close()
    monkeypatch.setenv("TOGETHER_API_KEY", "second")
    assert container.client().api_key == "second"


def test_closing_leaves_an_override_open() -> None:
    container = built()
    double = Together(api_key="double")
    with container.client.override(double):
        container.client()
        container.close()
        assert not double.is_closed()
        assert container.client() is double


def fail(*_: object) -> None:
    raise OSError("the socket is stuck")


async def afail(*_: object) -> None:
    fail()


def close_now(container: Any) -> None:
    container.close()


def close_in_a_loop(container: Any) -> None:
    asyncio.run(container.aclose())


def closer(client: Any) -> tuple[object, str]:
    """Where the function stands with which `container.close()` closes a client."""
    return (client._engine if isinstance(client, AsyncTogether) else client), "close"


@pytest.mark.parametrize("close", [close_now, close_in_a_loop])
@pytest.mark.parametrize(("stuck", "other"), [("client", "async_client"), ("async_client", "client")])
def test_a_client_that_cannot_be_closed_is_reported_and_the_other_is_closed(
    monkeypatch: pytest.MonkeyPatch, close: Callable[[Any], None], stuck: str, other: str
) -> None:
    container = built()
    clients = {name: getattr(container, name)() for name in ("client", "async_client")}
    monkeypatch.setattr(*closer(clients[stuck]), fail)
    monkeypatch.setattr(clients[stuck], "aclose", afail, raising=False)
    with pytest.raises(ExceptionGroup) as caught:
        close(container)
    assert [str(error) for error in caught.value.exceptions] == ["the socket is stuck"]
    assert clients[other].is_closed()


def test_all_failures_to_close_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    container = built()
    for name in ("client", "async_client"):
        monkeypatch.setattr(*closer(getattr(container, name)()), fail)
    with pytest.raises(ExceptionGroup) as caught:
        container.close()
    assert len(caught.value.exceptions) == 2


def test_after_a_failure_to_close_a_new_client_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    container = built()
    client = container.client()
    monkeypatch.setattr(client, "close", fail)
    with pytest.raises(ExceptionGroup):
        container.close()
    assert container.client() is not client
    container.close()


def test_the_last_client_built_is_closed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    container = built()
    order: list[str] = []
    for name in ("async_client", "client"):
        monkeypatch.setattr(*closer(getattr(container, name)()), lambda name=name: order.append(name))
    container.close()
    assert order == ["client", "async_client"]


def test_a_client_that_is_being_built_while_another_is_asked_for_does_not_hold_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each singleton has a lock of its own: the first waits here for the second, of another container."""
    slow, quick = built(), built()
    done = Barrier(2)

    def meet(kind: str, network: Network) -> Any:
        done.wait(10)
        return open_sync_transport(kind, network)

    monkeypatch.setattr("together_di.container.open_sync_transport", meet)
    with ThreadPoolExecutor(2) as pool:
        clients = [future.result() for future in [pool.submit(slow.client), pool.submit(quick.client)]]
    assert clients[0] is not clients[1]
