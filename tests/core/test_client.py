"""Building, copying, closing and pickling clients."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import pickle
from collections.abc import Callable
from operator import methodcaller
from typing import Any

import httpx
import pytest

from together_di import (
    APIStatusError,
    AsyncClient,
    AsyncTogether,
    Client,
    ClientClosedError,
    ConfigurationError,
    MissingAPIKeyError,
    Timeout,
    Together,
    TogetherClient,
)
from together_di.lending import Lease

from .support.http_server import HTTPServer, answer
from .support.recorder import Recorder
from .support.sides import Clients, OpenSide, both_sides, chat

NAMESPACES = [
    "chat",
    "chat.completions",
    "completions",
    "embeddings",
    "images",
    "audio",
    "audio.speech",
    "audio.transcriptions",
    "audio.translations",
    "audio.voices",
    "rerank",
    "files",
    "models",
]


def namespace(client: object, path: str) -> Any:
    for name in path.split("."):
        client = getattr(client, name)
    return client


def fields_of(config: TogetherClient) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}


def embed(client: Together) -> None:
    client.embeddings.create(model="m", input="Hi")


# Construction, as users of the v1 SDK know it


@Clients
def test_a_client_without_options_takes_all_from_the_environment(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "k")
    monkeypatch.setenv("TOGETHER_BASE_URL", "https://eu.example.com/v1")
    monkeypatch.setenv("TOGETHER_TIMEOUT", "7")
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", "5")
    client = kind()
    assert (client.api_key, client.base_url) == ("k", "https://eu.example.com")
    assert (client.timeout, client.max_retries) == (7, 5)


@Clients
def test_a_client_takes_options(kind: Any) -> None:
    client = kind(
        api_key="k",
        base_url="https://eu.example.com",
        timeout=20,
        max_retries=4,
        default_headers={"x-team": "search"},
        project_id="proj-1",
    )
    assert (client.api_key, client.base_url, client.timeout) == ("k", "https://eu.example.com", 20)
    assert (client.max_retries, client.client.project_id) == (4, "proj-1")
    assert client.client.default_headers == {"x-team": "search"}


@Clients
def test_no_key_is_told_at_construction(kind: Any) -> None:
    with pytest.raises(MissingAPIKeyError):
        kind()


@Clients
def test_supplied_headers_are_default_headers(kind: Any) -> None:
    client = kind(api_key="k", supplied_headers={"X-Team": "search"})
    assert client.client.supplied_headers == client.client.default_headers == {"X-Team": "search"}


def test_supplied_headers_are_sent() -> None:
    recorder = Recorder()
    embed(recorder.client(supplied_headers={"X-Team": "search"}))
    assert recorder.requests[0].headers["x-team"] == "search"


@Clients
def test_default_headers_win_over_supplied_headers(kind: Any) -> None:
    client = kind(api_key="k", supplied_headers={"X-Team": "a", "X-B": "b"}, default_headers={"x-team": "c"})
    assert client.client.supplied_headers == {"x-team": "c", "X-B": "b"}


@Clients
@pytest.mark.parametrize("path", NAMESPACES)
def test_every_namespace_shares_the_one_configuration(kind: Any, path: str) -> None:
    client = kind(api_key="k")
    assert isinstance(client.client, TogetherClient)
    assert namespace(client, path).client is client.client


@Clients
@pytest.mark.parametrize("view", ["with_raw_response", "with_streaming_response"])
@pytest.mark.parametrize("path", NAMESPACES)
def test_every_view_of_a_namespace_shares_the_one_configuration(kind: Any, view: str, path: str) -> None:
    client = kind(api_key="k")
    assert namespace(getattr(client, view), path).client is client.client
    assert getattr(namespace(client, path), view).client is client.client


@Clients
def test_two_clients_share_nothing(kind: Any) -> None:
    first, second = kind(api_key="a"), kind(api_key="b")
    assert (first.chat.client.api_key, second.chat.client.api_key) == ("a", "b")


def test_the_v1_names_are_the_clients() -> None:
    assert (Client, AsyncClient) == (Together, AsyncTogether)


@Clients
@pytest.mark.parametrize(
    ("wrong", "right"),
    [("apikey", "api_key"), ("timout", "timeout"), ("max_retry", "max_retries"), ("baseurl", "base_url")],
)
def test_an_unknown_option_is_refused_with_the_nearest_name(kind: Any, wrong: str, right: str) -> None:
    with pytest.raises(TypeError, match=f"did you mean '{right}'"):
        kind(**{wrong: "x"})


@Clients
def test_options_have_to_be_named(kind: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{kind.__name__} takes options by name only: api_key="):
        kind("k")


@Clients
@pytest.mark.parametrize("wrong", ["httpx", object(), httpx.Timeout(5)])
def test_an_http_client_of_another_type_is_refused(kind: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match="http_client"):
        kind(api_key="k", http_client=wrong, timeout=5)


def test_an_http_client_of_the_other_kind_is_refused() -> None:
    for kind, wrong in [(Together, httpx.AsyncClient()), (AsyncTogether, httpx.Client())]:
        make: Any = kind
        with pytest.raises(TypeError, match="http_client"):
            make(api_key="k", http_client=wrong)


def test_a_client_shows_its_address_and_where_its_key_is_from() -> None:
    shown = repr(Together(api_key="hunter2", base_url="https://eu.example.com"))
    assert "https://eu.example.com" in shown
    assert "argument api_key" in shown
    assert "hunter2" not in shown


@Clients
def test_a_client_whose_construction_failed_has_a_repr(kind: Any) -> None:
    """Tracebacks with local variables show it as `self`."""
    assert kind.__name__ in repr(kind.__new__(kind))


# Copies


@pytest.mark.parametrize("make", [methodcaller("copy"), methodcaller("with_options"), copy.copy])
def test_a_copy_shares_the_connections(make: Callable[[Together], Together]) -> None:
    recorder = Recorder()
    client = recorder.client()
    embed(make(client))
    embed(client)
    assert len(recorder.requests) == 2


def test_a_copy_shares_the_connections_over_the_network_too() -> None:
    client = Together(api_key="k")
    assert client.copy()._engine.shared is client._engine.shared


@Clients
def test_with_options_changes_the_copy_only(kind: Any) -> None:
    client = kind(api_key="k", timeout=20, max_retries=1)
    other = client.with_options(
        api_key="other", base_url="https://eu.example.com/v1", timeout=None, max_retries=0, strict=True
    )
    assert (other.api_key, other.base_url, other.timeout, other.max_retries, other.client.strict) == (
        "other",
        "https://eu.example.com",
        None,
        0,
        True,
    )
    assert (client.api_key, client.timeout, client.max_retries, client.client.strict) == ("k", 20, 1, False)


@Clients
def test_a_copy_keeps_what_is_not_changed(kind: Any) -> None:
    client = kind(api_key="k", timeout=Timeout(5, connect=1), default_query={"a": "b"}, project_id="p")
    copied = client.copy(max_retries=9).copy(max_retries=2)
    assert fields_of(copied.client) == fields_of(client.client)


def test_a_copy_sends_its_own_key_to_its_own_address() -> None:
    recorder = Recorder()
    embed(recorder.client().with_options(api_key="other", base_url="https://eu.example.com"))
    request = recorder.requests[0]
    assert (request.url.host, request.headers["authorization"]) == ("eu.example.com", "Bearer other")


@Clients
def test_default_headers_of_a_copy_are_added(kind: Any) -> None:
    client = kind(api_key="k", default_headers={"X-Team": "search", "X-B": "b"})
    changed = client.with_options(default_headers={"x-team": "other", "X-C": "c"})
    assert changed.client.default_headers == {"X-B": "b", "x-team": "other", "X-C": "c"}


@Clients
def test_set_default_headers_of_a_copy_replace_the_others(kind: Any) -> None:
    client = kind(api_key="k", default_headers={"X-Team": "search"})
    assert client.with_options(set_default_headers={"X-C": "c"}).client.default_headers == {"X-C": "c"}
    assert client.with_options(set_default_headers={}).client.default_headers == {}


@Clients
def test_default_query_of_a_copy_is_added_and_set_default_query_replaces(kind: Any) -> None:
    client = kind(api_key="k", default_query={"a": 1, "b": 2})
    assert client.with_options(default_query={"a": 3}).client.default_query == {"a": 3, "b": 2}
    assert client.with_options(set_default_query={"a": 3}).client.default_query == {"a": 3}


@Clients
@pytest.mark.parametrize("what", ["headers", "query"])
def test_adding_and_replacing_at_once_is_refused(kind: Any, what: str) -> None:
    options = {f"default_{what}": {"a": "b"}, f"set_default_{what}": {"c": "d"}}
    with pytest.raises(ConfigurationError, match=f"set_default_{what}"):
        kind(api_key="k").with_options(**options)


@Clients
@pytest.mark.parametrize(
    "options",
    [
        {"api_key": "a b"},
        {"base_url": "nowhere"},
        {"timeout": -1},
        {"max_retries": -1},
        {"max_retries": None},
        {"default_headers": {"Authorization": "Bearer hunter2"}},
        {"set_default_headers": {"Authorization": "Bearer hunter2"}},
    ],
)
def test_options_of_a_copy_are_checked(kind: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(api_key="k").with_options(**options)
    assert "hunter2" not in str(caught.value)


@Clients
def test_an_unknown_option_of_a_copy_is_refused_with_the_nearest_name(kind: Any) -> None:
    with pytest.raises(TypeError, match="did you mean 'timeout'"):
        kind(api_key="k").with_options(timout=3)


def test_a_copy_may_have_an_http_client_of_its_own() -> None:
    first, second = Recorder(), Recorder()
    other = first.client().copy(http_client=httpx.Client(transport=httpx.MockTransport(second)))
    embed(other)
    assert (len(first.requests), len(second.requests)) == (0, 1)


def test_a_deep_copy_is_the_client_itself() -> None:
    client = Together(api_key="k")
    assert copy.deepcopy({"client": client})["client"] is client


class MyTogether(Together):
    """A subclass of a user."""


def test_a_copy_of_a_subclass_is_of_that_class() -> None:
    assert type(MyTogether(api_key="k").copy()) is MyTogether


# Pickling


@Clients
def test_a_pickled_client_keeps_its_configuration(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "k")
    client = kind(base_url="https://eu.example.com", timeout=Timeout(5, connect=1), default_headers={"X-A": "b"})
    restored = pickle.loads(pickle.dumps(client))
    assert repr(restored.client) == repr(client.client)


def test_a_pickled_client_works_on_the_other_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "k")
    restored = pickle.loads(pickle.dumps(Together(transport="embedded")))
    assert restored.embeddings.create(model="m", input="Hi").data


def key_of_a_function() -> str:
    return "k"


@pytest.mark.parametrize("make", [Recorder.client, Recorder.async_client])
def test_a_client_with_the_callers_http_client_refuses_to_be_pickled(make: Callable[..., object]) -> None:
    client = make(Recorder(), api_key=key_of_a_function)
    with pytest.raises(pickle.PicklingError, match="http_client"):
        pickle.dumps(client)


def test_a_copy_with_the_callers_http_client_refuses_to_be_pickled() -> None:
    client = Recorder().client(api_key=key_of_a_function)
    with pytest.raises(pickle.PicklingError, match="http_client"):
        pickle.dumps(client.copy(timeout=3))


def test_a_pickled_closed_client_is_open_on_the_other_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "k")
    client = Together()
    client.close()
    assert not pickle.loads(pickle.dumps(client)).is_closed()


# The embedded transport


def test_an_embedded_client_answers_without_a_network() -> None:
    client = Together(transport="embedded")
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
    assert answer.choices[0].message.content


def test_an_embedded_async_client_answers_without_a_network() -> None:
    async def run() -> str | None:
        async with AsyncTogether(transport="embedded") as client:
            answer = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
            return answer.choices[0].message.content

    assert asyncio.run(run())


def test_an_embedded_client_raises_the_errors_of_the_api() -> None:
    with pytest.raises(APIStatusError) as caught:
        Together(transport="embedded").files.retrieve("missing")
    assert caught.value.status_code == 404


@both_sides
def test_a_client_that_is_closed_while_a_call_waits_does_not_send_it_again(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(default=answer({"error": {}}, status=500)) as server, open_side(server.url) as side:

        def close(lease: Lease, seconds: float) -> None:
            side.client.close()

        async def aclose(lease: Lease, seconds: float) -> None:
            side.client.close_nowait()

        monkeypatch.setattr(Lease, "pause", close)
        monkeypatch.setattr(Lease, "apause", aclose)
        with pytest.raises(ClientClosedError):
            side.call(chat)
    assert len(server.requests) == 1
