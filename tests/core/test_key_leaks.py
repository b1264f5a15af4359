"""One distinctive key goes through everything that can fail, and must not be seen anywhere."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.core.support.http_server import (
    Answer,
    HTTPServer,
    answer,
    chunked,
    message,
    raw,
    redirect,
    then_hang_up,
    then_reset,
    then_stall,
)
from tests.core.support.leaks import KEY, assert_hidden, assert_hidden_in_duplicates, chain, found_in, raised, shown
from tests.core.support.sides import CHAT, Clients, OpenSide, both_sides, chat, stream_chat
from together_di import (
    APIError,
    APIStatusError,
    AsyncTogether,
    ClientClosedError,
    ConfigurationError,
    MissingAPIKeyError,
    Together,
    TogetherContainer,
    TogetherSettings,
)
from together_di.wire import Response

CHUNK = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n'

pytestmark = pytest.mark.usefixtures("nothing_is_written")


def test_the_search_finds_the_key_in_every_spelling() -> None:
    assert found_in(f"x {KEY} y")
    assert found_in(f"{quote(f'Bearer {KEY}', safe='')}")
    for before in ("", "a", "ab", "user:"):
        assert found_in(base64.b64encode(f"{before}{KEY}, and more".encode()).decode())
    assert not found_in("tgp_v1")


# Calls

EMBED = {"model": "m", "input": "Hi"}


def read_stream(client: Any) -> Any:
    """Read a stream to its end."""
    if isinstance(client, Together):
        return list(stream_chat(client))

    async def read() -> None:
        async for _ in await stream_chat(client):
            pass

    return read()


def refused(status: int) -> Answer:
    return answer({"error": {"message": "No", "code": "c"}}, status, x_request_id="r")


def failure_of(open_side: OpenSide, reply: Answer, ask: Callable[[Any], Any]) -> BaseException:
    """What a call raises that the server gives this reply to."""
    with HTTPServer(default=reply) as server, open_side(server.url, api_key=KEY, max_retries=1, strict=True) as side:
        return raised(lambda: side.call(ask))


def found_in_parts(error: APIError) -> list[str]:
    """The names of those parts of an error in which the key stands."""
    response: Response | None = getattr(error, "response", None)
    parts: dict[str, object] = {
        "message": f"{error} {error.message}",
        "attributes": (error.body, error.code, error.param, error.type),
        "content": None if response is None else response._content,
        "headers": None if response is None else (response.raw_headers, dict(response.headers)),
    }
    return [name for name, part in parts.items() if found_in(str(part))]


ANSWERS = [
    pytest.param(refused(400), chat, id="400"),
    pytest.param(refused(401), chat, id="401"),
    pytest.param(refused(429), chat, id="429"),
    pytest.param(refused(500), chat, id="500"),
    pytest.param(redirect("/v1/elsewhere"), chat, id="redirect"),
    pytest.param(raw(message(b"<html>")), chat, id="not JSON"),
    pytest.param(raw(message(b"{}")), chat, id="another shape"),
    pytest.param(raw(message(b"not gzip", headers={"Content-Encoding": "gzip"})), chat, id="not gzip"),
    pytest.param(raw(b"nonsense\r\n\r\n"), chat, id="not HTTP"),
    pytest.param(then_hang_up(), chat, id="no answer"),
    pytest.param(then_reset(), chat, id="reset"),
    pytest.param(then_stall(), chat, id="timeout"),
    pytest.param(then_hang_up(message(b"{}", headers={"Content-Length": "99"})), chat, id="half an answer"),
    pytest.param(then_hang_up(chunked(CHUNK, end=False)), read_stream, id="half a stream"),
    pytest.param(then_stall(chunked(CHUNK, end=False)), read_stream, id="a stream that stalls"),
    pytest.param(raw(chunked(CHUNK, b"data: nonsense\n\n")), read_stream, id="nonsense in a stream"),
    pytest.param(
        raw(chunked(CHUNK, b'data: {"error":{"message":"m","status":503}}\n\n')),
        read_stream,
        id="error in a stream",
    ),
]


@both_sides
@pytest.mark.parametrize(("reply", "ask"), ANSWERS)
def test_an_answer_that_fails_the_call(
    waits: list[float], open_side: OpenSide, reply: Answer, ask: Callable[[Any], Any]
) -> None:
    timeout = httpx.Timeout(10, read=0.05 if "stall" in getattr(reply, "__qualname__", "") else 10)
    with (
        HTTPServer(default=reply) as server,
        open_side(server.url, api_key=KEY, max_retries=1, strict=True, timeout=timeout) as side,
    ):
        error = raised(lambda: side.call(ask))
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert_hidden(error)


ECHO = json.dumps({"error": {"message": f"Unknown key {KEY}", "code": KEY, "param": KEY, "type": KEY}}).encode()


@both_sides
@pytest.mark.parametrize("ask", [chat, read_stream])
@pytest.mark.parametrize("body", [ECHO, f"Unknown key {KEY}".encode()], ids=["JSON", "text"])
@pytest.mark.parametrize("status", [401, 503])
def test_an_api_that_sends_the_key_back_in_its_error(
    waits: list[float], open_side: OpenSide, status: int, body: bytes, ask: Callable[[Any], Any]
) -> None:
    error = failure_of(open_side, raw(message(body, status)), ask)
    assert isinstance(error, APIStatusError)
    assert (error.status_code, "Unknown key" in str(error)) == (status, True)
    assert found_in_parts(error) == []
    assert_hidden(error)


ECHOES = [
    pytest.param(raw(message(ECHO.replace(b"/", b"\\/"), 401)), chat, id="escaped"),
    pytest.param(raw(message(f"Unknown key {KEY}".encode())), chat, id="not JSON"),
    pytest.param(raw(message(ECHO)), chat, id="another shape"),
    pytest.param(raw(chunked(b"data: " + ECHO + b"\n\n")), read_stream, id="error in a stream"),
    pytest.param(
        raw(chunked(f"data: Unknown key {KEY}\n\n".encode())),
        read_stream,
        id="nonsense in a stream",
    ),
]


@both_sides
@pytest.mark.parametrize(("reply", "ask"), ECHOES)
def test_an_api_that_sends_the_key_back_in_another_way(
    open_side: OpenSide, reply: Answer, ask: Callable[[Any], Any]
) -> None:
    error = failure_of(open_side, reply, ask)
    assert isinstance(error, APIError)
    assert found_in_parts(error) == []
    assert_hidden_in_duplicates(error)


@pytest.mark.parametrize("name", ["x-request-id", "www-authenticate"])
def test_an_api_that_sends_the_key_back_in_a_header(name: str) -> None:
    # Without a server: httpcore would log the headers it received.
    transport = httpx.MockTransport(lambda _: httpx.Response(401, json={"error": "No"}, headers={name: KEY}))
    with httpx.Client(transport=transport) as http_client:
        error = raised(lambda: chat(Together(api_key=KEY, http_client=http_client)))
    assert isinstance(error, APIError)
    assert found_in_parts(error) == []
    assert_hidden(error)


@both_sides
def test_a_connection_that_is_refused(waits: list[float], open_side: OpenSide) -> None:
    with HTTPServer() as server:
        url = server.url
    with open_side(url, api_key=KEY) as side:
        assert_hidden(raised(lambda: side.call(chat)))


@both_sides
def test_what_the_http_library_raised_comes_without_its_frames(waits: list[float], open_side: OpenSide) -> None:
    with HTTPServer(default=then_hang_up()) as server, open_side(server.url, api_key=KEY) as side:
        _, *origins = chain(raised(lambda: side.call(chat)))
    assert [type(origin).__name__ for origin in origins[:1]] == ["RemoteProtocolError"]
    assert all(origin.__traceback__ is None for origin in origins)


@both_sides
def test_a_header_that_cannot_be_sent(open_side: OpenSide) -> None:
    headers = {"X-Team": " a"}
    with open_side("http://127.0.0.1:1", api_key=KEY) as side:
        error = raised(lambda: side.call(lambda client: client.embeddings.create(**EMBED, extra_headers=headers)))
    assert isinstance(error, ConfigurationError)
    assert_hidden(error)


@both_sides
def test_a_closed_client(open_side: OpenSide) -> None:
    with open_side("http://127.0.0.1:1", api_key=KEY) as side:
        side.call(lambda client: client.close())
        error = raised(lambda: side.call(chat))
    assert isinstance(error, ClientClosedError)
    assert_hidden(error)


def test_a_call_that_is_cancelled() -> None:
    async def run(server: HTTPServer) -> BaseException:
        async with AsyncTogether(api_key=KEY, base_url=server.url) as client:
            task = asyncio.ensure_future(chat(client))
            await asyncio.to_thread(server.wait_for_requests, 1)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError as error:
                return error
        pytest.fail("It was not cancelled")

    with HTTPServer(then_stall()) as server:
        assert_hidden(asyncio.run(run(server)))


MISTAKES: dict[str, Callable[[Any], Any]] = {
    "unknown argument": lambda client: client.embeddings.create(modl="m", input="Hi"),
    "NaN": lambda client: client.embeddings.create(model="m", input=float("nan")),
    "not JSON": lambda client: client.embeddings.create(model="m", input=object()),
    "empty id": lambda client: client.files.retrieve(""),
    "missing file": lambda client: client.files.upload("missing.jsonl"),
    "authorization": lambda client: client.embeddings.create(
        model="m", input="Hi", extra_headers={"Authorization": "Bearer other"}
    ),
    "bad timeout": lambda client: client.embeddings.create(model="m", input="Hi", timeout=-1),
}


@both_sides
@pytest.mark.parametrize("ask", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_a_call(open_side: OpenSide, ask: Callable[[Any], Any]) -> None:
    with open_side("http://127.0.0.1:1", api_key=KEY) as side:
        assert_hidden(raised(lambda: side.call(ask)))


@pytest.mark.parametrize(
    "problem",
    [
        httpx.ConnectError("no"),
        httpx.ReadTimeout("slow"),
        httpx.InvalidURL("bad"),
        ValueError("odd"),
        KeyboardInterrupt(),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_whatever_the_callers_http_client_raises(waits: list[float], problem: BaseException) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise problem

    http_client = httpx.Client(transport=httpx.MockTransport(fail))
    assert_hidden(raised(lambda: chat(Together(api_key=KEY, http_client=http_client))))


@pytest.mark.parametrize("host", ["xn--.example.com", "\u00fc.example.com", "a..b", "a" * 70])
def test_a_host_that_no_connection_can_be_made_to(waits: list[float], host: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no such host")

    http_client = httpx.Client(transport=httpx.MockTransport(refuse))
    url = f"https://{host}"
    assert_hidden(raised(lambda: chat(Together(api_key=KEY, base_url=url, http_client=http_client))))


def test_no_key_anywhere_says_nothing_of_a_key_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_API_KEY", KEY)
    error = raised(Together)
    assert isinstance(error, MissingAPIKeyError)
    assert_hidden(error)


# Objects


def objects_around(client: Any) -> list[object]:
    """The client, and everything that can be reached from it by a name, three steps far."""
    found: dict[int, object] = {id(client): client}
    edge: list[object] = [client]
    for _ in range(3):
        reached = [
            getattr(thing, name, None)
            for thing in edge
            for name in dir(thing)
            if not name.startswith("__") and name != "api_key"
        ]
        edge = [
            value for value in reached if type(value).__module__.startswith("together_di") or inspect.ismethod(value)
        ]
        edge = [value for value in {id(value): value for value in edge}.values() if id(value) not in found]
        found |= {id(value): value for value in edge}
    return list(found.values())


@Clients
@pytest.mark.parametrize("source", ["argument", "environment", "function"])
def test_nothing_around_a_client_shows_the_key(monkeypatch: pytest.MonkeyPatch, kind: Any, source: str) -> None:
    if source == "environment":
        monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    client = kind(api_key={"argument": KEY, "environment": None, "function": lambda: KEY}[source])
    around = objects_around(client)
    assert len(around) > 20
    for thing in around:
        attributes = getattr(thing, "__dict__", None) or {
            name: getattr(thing, name, None) for name in getattr(type(thing), "__slots__", ())
        }
        assert found_in(f"{thing} {thing!r} {attributes}") == [], type(thing)


@Clients
def test_a_pickled_client_with_the_key_of_the_environment(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert found_in(pickle.dumps(kind(), protocol).decode("latin-1")) == []


@Clients
def test_a_client_with_a_literal_key_is_not_pickled(kind: Any) -> None:
    client = kind(api_key=KEY)
    assert_hidden(raised(lambda: pickle.dumps(client)))
    assert_hidden(raised(lambda: pickle.dumps(client.client)))


def embedded_results() -> dict[str, Any]:
    """What calls give, and what those hold."""
    client = Together(api_key=KEY, transport="embedded")
    answered = client.chat.completions.with_raw_response.create(**CHAT)
    stream = client.chat.completions.create(stream=True, **CHAT)
    return {
        "answer": client.chat.completions.create(**CHAT),
        "raw response": answered,
        "response": answered.http_response,
        "request": answered.http_request,
        "stream": stream,
        "page": client.models.list_supported(),
        "binary": client.audio.speech.create(model="m", input="Hi", voice="v"),
        "context manager": client.chat.completions.with_streaming_response.create(**CHAT),
        "error": raised(lambda: client.files.retrieve("missing")),
    }


RESULTS = [
    "answer",
    "raw response",
    "response",
    "request",
    "stream",
    "page",
    "binary",
    "context manager",
    "error",
]


@pytest.mark.parametrize("name", RESULTS)
def test_what_a_call_gives_does_not_show_the_key(name: str) -> None:
    result = embedded_results()[name]
    slots = {slot: getattr(result, slot, None) for slot in getattr(type(result), "__slots__", ())}
    assert found_in(f"{result} {result!r} {getattr(result, '__dict__', slots)}") == []


@pytest.mark.parametrize("name", RESULTS)
def test_what_a_call_gives_is_not_pickled_with_the_key(name: str) -> None:
    result = embedded_results()[name]
    try:
        pickled = pickle.dumps(result)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        assert found_in(shown(error)) == []  # noqa: PT017 - some of these hold a connection, and need not be pickled
        return
    assert found_in(pickled.decode("latin-1")) == []


def test_a_call_that_succeeds_logs_no_key(caplog: pytest.LogCaptureFixture) -> None:
    reply = answer({"object": "list", "model": "m", "data": []})
    with HTTPServer(default=reply) as server, Together(api_key=KEY, base_url=server.url) as client:
        client.embeddings.create(model="m", input="Hi")
    assert "/v1/embeddings -> 200" in caplog.text
    assert found_in(caplog.text) == []


BUILDERS: dict[str, Callable[[], object]] = {
    "client": lambda: Together(api_key="k"),
    "settings": lambda: TogetherSettings(api_key="k").client_config(),
    "container": lambda: TogetherContainer(config={"api_key": "k"}).client(),
}


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())
def test_a_key_in_the_variable_of_the_base_url(monkeypatch: pytest.MonkeyPatch, build: Callable[[], object]) -> None:
    monkeypatch.setenv("TOGETHER_BASE_URL", f"https://{quote(KEY, safe='')}@host")
    error = raised(build)
    assert isinstance(error, ConfigurationError)
    assert_hidden(error)


@pytest.mark.parametrize("name", ["client", pytest.param("settings"), pytest.param("container")])
def test_a_key_in_the_variable_of_the_headers(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", f"Authorization: {KEY}")
    error = raised(BUILDERS[name])
    assert isinstance(error, ConfigurationError)
    assert_hidden(error)
