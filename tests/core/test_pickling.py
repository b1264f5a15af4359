"""Clients and what they give, in another process that has another key; the first key must not be in any pickle."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from dependency_injector import containers, providers

from together_di import (
    APIResponseValidationError,
    APIStatusError,
    AsyncTogether,
    ConfigurationError,
    FakeTogether,
    MissingAPIKeyError,
    Together,
    TogetherContainer,
)

from .support import travellers
from .support.http_server import HTTPServer, answer, chunked
from .support.leaks import KEY, assert_hidden, found_in, raised
from .support.other_process import OtherProcess
from .support.recorder import Recorder
from .support.sides import CHAT, chat, completion

KEY_THERE = "key-of-the-other-process"
GOOD = answer(completion("Hello"))
MODELS = {"data": [{"id": "one", "type": "chat"}], "next_cursor": "more"}
REST = {"data": [{"id": "two", "type": "chat"}]}

Dumps = Callable[[object], bytes]


@pytest.fixture(params=["pickle", "cloudpickle"])
def dumps(request: pytest.FixtureRequest) -> Dumps:
    """Each test that takes it runs with both."""
    found: Dumps = pytest.importorskip(request.param).dumps
    return found


@pytest.fixture(scope="module")
def other_process() -> Iterator[OtherProcess]:
    with OtherProcess(TOGETHER_API_KEY=KEY_THERE) as process:
        yield process


@pytest.fixture
def keyless_process() -> Iterator[OtherProcess]:
    with OtherProcess() as process:
        yield process


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """The API; this process's key is in its environment."""
    with HTTPServer(default=GOOD) as server:
        monkeypatch.setenv("TOGETHER_API_KEY", KEY)
        monkeypatch.setenv("TOGETHER_BASE_URL", server.url)
        yield server


class App(containers.DeclarativeContainer):
    config = providers.Configuration()
    together = providers.Container(TogetherContainer, config=config.together)


class Handle(NamedTuple):
    build: Callable[[], Any]
    use: Callable[[Any], str]


#: Handles that call the API, with a key that is in the environment.
HANDLES = {
    "client": Handle(Together, travellers.ask_sync),
    "async client": Handle(AsyncTogether, travellers.ask_async),
    "copy": Handle(lambda: Together().with_options(timeout=9), travellers.ask_sync),
    "closed client": Handle(lambda: closed(Together()), travellers.ask_sync),
    "namespace": Handle(lambda: Together().chat.completions, travellers.ask_namespace),
    "method": Handle(lambda: Together().chat.completions.create, travellers.ask_method),
    "async method": Handle(lambda: AsyncTogether().chat.completions.create, travellers.ask_async_method),
    "raw view": Handle(lambda: Together().with_raw_response, travellers.ask_raw),
    "container": Handle(TogetherContainer, travellers.ask_container),
    "container with options": Handle(lambda: TogetherContainer(config={"timeout": 9}), travellers.ask_container),
    "named container": Handle(lambda: TogetherContainer(config=NAMED).named("eu"), travellers.ask_container),
    "used container": Handle(lambda: used(TogetherContainer()), travellers.ask_container),
    "provider": Handle(lambda: TogetherContainer().client, travellers.ask_provider),
    "provider of a namespace": Handle(lambda: TogetherContainer().chat, travellers.ask_namespace_of),
    "provider in an application": Handle(lambda: App().together.client, travellers.ask_provider),
}
NAMED: dict[str, Any] = {"default": {}, "eu": {"api_key": "env://TOGETHER_API_KEY"}}


def closed(client: Together) -> Together:
    client.close()
    return client


def used(container: TogetherContainer) -> TogetherContainer:
    chat(container.client())
    return container


@pytest.mark.parametrize("name", HANDLES)
def test_a_handle_works_in_another_process_with_the_key_of_that_process(
    name: str, dumps: Dumps, api: HTTPServer, other_process: OtherProcess
) -> None:
    handle = HANDLES[name]
    pickled = dumps(handle.build())
    assert found_in(pickled.decode("latin-1")) == []
    if "container" not in name and "provider" not in name:
        # That process does not know where the API is: it came along.
        assert other_process.does(handle.use, pickled) == "Hello"
    else:
        there = {"TOGETHER_BASE_URL": api.url, "TOGETHER_EU_BASE_URL": api.url}
        with OtherProcess(TOGETHER_API_KEY=KEY_THERE, **there) as process:
            assert process.does(handle.use, pickled) == "Hello"
    assert api.requests[-1].headers["authorization"] == f"Bearer {KEY_THERE}"


def test_a_function_that_refers_to_a_client_works_in_another_process(
    api: HTTPServer, other_process: OtherProcess
) -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    client = Together()
    pickled = cloudpickle.dumps(lambda: client.chat.completions.create(**CHAT))
    assert found_in(pickled.decode("latin-1")) == []
    assert other_process.does(travellers.ask_captured, pickled) == "Hello"


# The key


LITERAL = {
    "client": lambda: Together(api_key=KEY),
    "async client": lambda: AsyncTogether(api_key=KEY),
    "copy with a key": lambda: Together(api_key="env://TOGETHER_API_KEY").with_options(api_key=KEY),
    "namespace": lambda: Together(api_key=KEY).chat,
    "method": lambda: Together(api_key=KEY).chat.completions.create,
    "page": lambda: Together(api_key=KEY, transport="embedded").models.list_supported(),  # noqa: PLW0108 - not yet
    "container": lambda: TogetherContainer(config={"api_key": KEY}),
    "named container": lambda: TogetherContainer(config={"default": {}, "eu": {"api_key": KEY}}),
    "provider": lambda: TogetherContainer(config={"api_key": KEY}).client,
    "provider of a namespace": lambda: TogetherContainer(config={"api_key": KEY}).chat,
}


@pytest.mark.parametrize("build", LITERAL.values(), ids=LITERAL.keys())
def test_what_was_given_a_literal_key_is_refused_and_says_how_to_pass_a_reference(
    build: Callable[[], Any], dumps: Dumps
) -> None:
    error = raised(lambda: dumps(build()))
    assert isinstance(error, pickle.PicklingError)
    assert "pass a secret reference such as file:///run/secrets/together" in str(error)
    assert_hidden(error)


def test_a_reference_is_resolved_in_the_other_process(
    dumps: Dumps, api: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_NAME", KEY)
    client = Together(api_key="env://OTHER_NAME")
    chat(client)
    pickled = dumps(client)
    assert found_in(pickled.decode("latin-1")) == []
    with OtherProcess(OTHER_NAME=KEY_THERE) as process:
        assert process.does(travellers.key_of, pickled) == KEY_THERE


def test_a_function_travels_by_its_name(dumps: Dumps, other_process: OtherProcess) -> None:
    pickled = dumps(Together(api_key=travellers.key_of_a_function))
    assert other_process.does(travellers.key_of, pickled) == "key-of-the-function"
    assert b"key-of-the-function" not in pickled


def closure() -> Callable[[], str]:
    key = KEY

    def get() -> str:
        return key

    return get


FUNCTIONS = {
    "lambda": lambda: lambda: KEY,
    "closure": closure,
    "bound method": lambda: travellers.Keys(KEY).get,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_a_function_that_holds_the_key_is_refused(function: Callable[[], Any], dumps: Dumps) -> None:
    error = raised(lambda: dumps(Together(api_key=function())))
    assert isinstance(error, pickle.PicklingError)
    assert "define it with def at the top of a module that both sides import" in str(error)
    assert_hidden(error)


def test_a_function_that_the_other_process_has_not_is_named(other_process: OtherProcess) -> None:
    pickled = pickle.dumps(Together(api_key=travellers.key_of_a_function))
    moved = pickled.replace(b"key_of_a_function", b"key_of_a_fnuction")
    with pytest.raises(ConfigurationError, match=r"The function key_of_a_fnuction .*travellers of this process"):
        other_process.does(travellers.key_of, moved)


def test_a_process_without_a_key_says_where_it_looked(
    dumps: Dumps, api: HTTPServer, keyless_process: OtherProcess
) -> None:
    with pytest.raises(MissingAPIKeyError, match="the environment variable TOGETHER_API_KEY \\(not set\\)"):
        keyless_process.does(travellers.key_of, dumps(Together()))


# Other secrets


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"default_headers": {"x-gateway-key": KEY}}, "TOGETHER_CUSTOM_HEADERS"),
        ({"proxy": "http://user:Hunter2@127.0.0.1:9"}, "TOGETHER_PROXY"),
    ],
)
@pytest.mark.parametrize("kind", ["client", "container"])
def test_another_secret_that_was_given_is_refused(
    kind: str, options: dict[str, Any], told: str, dumps: Dumps, api: HTTPServer
) -> None:
    build = (lambda: Together(**options)) if kind == "client" else (lambda: TogetherContainer(config=options))
    error = raised(lambda: dumps(build()))
    assert isinstance(error, pickle.PicklingError)
    assert told in str(error)
    assert "Hunter2" not in str(error)


def test_a_secret_header_of_a_copy_is_refused(api: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", "x-gateway-key: of-the-environment")
    with pytest.raises(pickle.PicklingError, match="x-gateway-key"):
        pickle.dumps(Together().with_options(default_headers={"x-gateway-key": "another"}))


def test_other_secrets_of_the_environment_are_those_of_the_other_process(
    dumps: Dumps, api: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", f"x-gateway-key: {KEY}")
    monkeypatch.setenv("TOGETHER_PROXY", "http://user:Hunter2@127.0.0.1:9")
    pickled = dumps(Together(default_headers={"x-team": "search"}))
    assert found_in(pickled.decode("latin-1")) == []
    assert b"Hunter2" not in pickled
    there = {"TOGETHER_CUSTOM_HEADERS": "x-gateway-key: theirs", "TOGETHER_PROXY": "http://a:b@127.0.0.1:9"}
    with OtherProcess(TOGETHER_API_KEY=KEY_THERE, **there) as process:
        assert process.does(travellers.default_headers, pickled) == {"x-team": "search", "x-gateway-key": "theirs"}
        assert process.does(travellers.proxy, pickled) == there["TOGETHER_PROXY"]


def test_a_secret_header_that_the_other_process_has_not_is_named(
    api: HTTPServer, other_process: OtherProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", f"x-gateway-key: {KEY}")
    with pytest.raises(ConfigurationError, match="x-gateway-key"):
        other_process.does(travellers.default_headers, pickle.dumps(Together()))


# Connections


def test_what_arrives_shares_the_connections_of_its_process(api: HTTPServer, other_process: OtherProcess) -> None:
    for _ in range(3):
        other_process.does(travellers.ask_sync, pickle.dumps(Together()))
    assert api.connections == 1


def test_closing_what_arrived_leaves_the_others_open(api: HTTPServer, other_process: OtherProcess) -> None:
    assert other_process.does(travellers.shares, pickle.dumps((Together(), Together()))) == [True, True, False]


def test_a_client_and_its_namespace_still_belong_together(api: HTTPServer, other_process: OtherProcess) -> None:
    client = Together()
    assert other_process.does(travellers.same, pickle.dumps((client, client.chat)))


# Answers and errors


def araw(client: AsyncTogether) -> Any:
    async def ask() -> Any:
        return await client.chat.completions.with_raw_response.create(**CHAT)

    return asyncio.run(ask())


def test_an_answer_of_a_client_with_a_literal_key_travels(dumps: Dumps, api: HTTPServer, keyless_process: Any) -> None:
    with Together(api_key=KEY) as client:
        for use, made in (
            (travellers.text, chat(client)),
            (travellers.parse, client.chat.completions.with_raw_response.create(**CHAT)),
            (travellers.aparse, araw(AsyncTogether(api_key=KEY))),
        ):
            pickled = dumps(made)
            assert found_in(pickled.decode("latin-1")) == []
            assert keyless_process.does(use, pickled) == "Hello"


def test_a_binary_answer_travels_once_it_has_been_read(dumps: Dumps, keyless_process: OtherProcess) -> None:
    speech = Together(api_key=KEY, transport="embedded").audio.speech.create(model="m", input="Hi", voice="v")
    assert keyless_process.does(travellers.content, dumps(speech)) == speech.content


def test_a_page_fetches_those_that_follow_in_the_other_process(
    dumps: Dumps, api: HTTPServer, other_process: OtherProcess
) -> None:
    api.script[:] = [answer(MODELS), answer(REST)] * 2
    assert other_process.does(travellers.names, dumps(Together().models.list_supported())) == ["one", "two"]
    assert other_process.does(travellers.anames, dumps(AsyncTogether().models.list_supported())) == ["one", "two"]
    assert [request.headers["authorization"] for request in api.requests] == [
        f"Bearer {key}" for key in (KEY, KEY_THERE, KEY_THERE, KEY_THERE)
    ]


def test_an_error_travels_without_secrets(dumps: Dumps, api: HTTPServer, keyless_process: OtherProcess) -> None:
    api.default = answer({"error": {"message": "No."}}, 400, x_request_id="r-1")
    error = raised(lambda: chat(Together(default_headers={"x-gateway-key": KEY})))
    pickled = dumps(error)
    assert found_in(pickled.decode("latin-1")) == []
    assert isinstance(error, APIStatusError)
    assert keyless_process.does(travellers.error_of, pickled) == travellers.error_of(error)


def test_an_error_of_an_answer_that_does_not_fit_travels(
    dumps: Dumps, api: HTTPServer, keyless_process: OtherProcess
) -> None:
    api.default = answer("?")
    error = raised(lambda: chat(Together(strict=True)))
    assert isinstance(error, APIResponseValidationError)
    assert keyless_process.does(travellers.kind, dumps(error)) == "APIResponseValidationError"


# What cannot travel


OPEN = chunked(b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n')


@pytest.mark.parametrize("duplicate", ["dumps", "deepcopy"])
def test_a_stream_is_refused_and_says_what_to_pickle(dumps: Dumps, duplicate: str, api: HTTPServer) -> None:
    api.default = lambda peer: peer.send(OPEN)
    with Together().chat.completions.create(stream=True, **CHAT) as stream:
        with pytest.raises(pickle.PicklingError, match="pickle the chunks"):
            dumps(stream) if duplicate == "dumps" else copy.deepcopy(stream)
        assert len(list(stream)) == 1


def test_an_answer_that_is_still_being_read_is_refused_until_it_has_been(
    dumps: Dumps, api: HTTPServer, keyless_process: OtherProcess
) -> None:
    with Together().chat.completions.with_streaming_response.create(**CHAT) as response:
        with pytest.raises(pickle.PicklingError, match="read\\(\\) all of it first"):
            dumps(response)
        response.read()
        assert keyless_process.does(travellers.parse, dumps(response)) == "Hello"


def test_a_request_that_is_yet_to_be_sent_is_refused(dumps: Dumps, api: HTTPServer) -> None:
    with pytest.raises(pickle.PicklingError, match="yet to be sent"):
        dumps(Together().chat.completions.with_streaming_response.create(**CHAT))


@pytest.mark.parametrize("take", [lambda client: client, lambda client: client.chat, lambda client: client.copy()])
def test_a_client_with_the_callers_http_client_is_refused(dumps: Dumps, take: Callable[[Any], Any]) -> None:
    with httpx.Client() as http_client:
        client = Together(api_key=travellers.key_of_a_function, http_client=http_client)
        with pytest.raises(pickle.PicklingError, match="http_client"):
            dumps(take(client))


@pytest.mark.parametrize("take", [lambda fake: fake, lambda fake: fake.async_client, lambda fake: fake.chat])
def test_a_fake_is_refused_because_its_script_would_stay(dumps: Dumps, take: Callable[[Any], Any]) -> None:
    with pytest.raises(pickle.PicklingError, match="its script"):
        dumps(take(FakeTogether()))


def test_a_container_with_an_override_is_refused(dumps: Dumps) -> None:
    container = TogetherContainer(config={"transport": "embedded"})
    with container.client.override(FakeTogether()), pytest.raises(pickle.PicklingError, match="client is overridden"):
        dumps(container)
    assert dumps(container)


def test_a_provider_of_the_class_is_refused(dumps: Dumps) -> None:
    with pytest.raises(pickle.PicklingError, match="take that of a container"):
        dumps(TogetherContainer.client)


# Deep copies


@pytest.mark.parametrize("take", [lambda client: client, lambda client: client.chat, lambda client: client.files.list])
def test_a_deep_copy_uses_the_same_connections(take: Callable[[Any], Any]) -> None:
    client = Recorder().client(api_key=KEY)
    copied = copy.deepcopy(take(client))
    owner = copied if hasattr(copied, "_engine") else copied.__self__
    assert owner._engine is client._engine


def test_a_deep_copy_of_what_a_call_gave_is_of_its_own(api: HTTPServer) -> None:
    api.script[:] = [answer(MODELS), answer(REST)]
    page = Together(api_key=KEY).models.list_supported()
    copied = copy.deepcopy(page)
    page.data.clear()
    assert travellers.names(copied) == ["one", "two"]
    raw = Together(api_key=KEY).chat.completions.with_raw_response.create(**CHAT)
    assert travellers.parse(copy.deepcopy(raw)) == "Hello"
