"""`together_lifespan`: start, check, composition with other lifespans, mounted applications, the end."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from together_di import ConfigurationError, MissingAPIKeyError, Together, TogetherContainer, TogetherError
from together_di_fastapi import (
    NotStartedError,
    TogetherDep,
    get_async_together,
    get_container,
    get_together,
    together_lifespan,
)

from ...core.support.http_server import HTTPServer, answer
from ...core.support.sides import CHAT, KEY
from ..contract.fastapi import with_routes
from .support import Served, showing_timeout

EMBEDDED: dict[str, Any] = {"transport": "embedded"}


def start(app: Starlette) -> None:
    with TestClient(app):
        pass


@asynccontextmanager
async def failing(app: FastAPI) -> AsyncGenerator[None]:
    if app.state:
        raise OSError("no database")
    yield


# Start


def test_the_client_has_the_options_of_the_lifespan() -> None:
    with TestClient(showing_timeout(FastAPI(lifespan=together_lifespan(timeout=7, **EMBEDDED)))) as client:
        assert client.get("/timeout").json() == 7


def test_what_is_not_given_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    lifespan = together_lifespan()
    monkeypatch.setenv("TOGETHER_TRANSPORT", "embedded")
    monkeypatch.setenv("TOGETHER_TIMEOUT", "8")
    with TestClient(showing_timeout(FastAPI(lifespan=lifespan))) as client:
        assert client.get("/timeout").json() == 8


def test_the_container_is_in_the_state_of_the_application() -> None:
    app = FastAPI(lifespan=together_lifespan(**EMBEDDED))
    with TestClient(app):
        assert app.state.together_di is get_container(app)


def test_a_missing_key_stops_the_start_and_the_places_are_named() -> None:
    with pytest.raises(MissingAPIKeyError) as caught:
        start(FastAPI(lifespan=together_lifespan()))
    assert "argument api_key of together_lifespan (not given)" in str(caught.value)
    assert "TOGETHER_API_KEY (not set)" in str(caught.value)


def test_an_unknown_option_stops_the_start_and_the_nearest_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"argument timout of together_lifespan: .*did you mean 'timeout'"):
        start(FastAPI(lifespan=together_lifespan(timout=3, **EMBEDDED)))


def test_a_mistake_in_a_named_client_stops_the_start() -> None:
    config = {"default": EMBEDDED, "eu": {**EMBEDDED, "timeout": -1}}
    with pytest.raises(ConfigurationError, match=r'together_lifespan config\["eu"\]\["timeout"\]'):
        start(FastAPI(lifespan=together_lifespan(config=config)))


def test_a_start_that_failed_leaves_no_state() -> None:
    app = FastAPI(lifespan=together_lifespan())
    with pytest.raises(MissingAPIKeyError):
        start(app)
    with pytest.raises(NotStartedError):
        get_container(app)


def test_an_application_can_be_started_again() -> None:
    app = showing_timeout(FastAPI(lifespan=together_lifespan(timeout=7, **EMBEDDED)))
    start(app)
    with TestClient(app) as client:
        assert client.get("/timeout").json() == 7


def test_one_lifespan_serves_two_applications() -> None:
    lifespan = together_lifespan(**EMBEDDED)
    one, other = FastAPI(lifespan=lifespan), FastAPI(lifespan=lifespan)
    with TestClient(one), TestClient(other):
        assert get_container(one) is not get_container(other)


def test_a_second_lifespan_for_one_application_is_refused() -> None:
    app = FastAPI(lifespan=together_lifespan(together_lifespan(**EMBEDDED), **EMBEDDED))
    with pytest.raises(ConfigurationError, match="set up twice"):
        start(app)


def test_an_application_that_two_threads_serve_keeps_its_clients_until_both_have_ended() -> None:
    app = with_routes(FastAPI(lifespan=together_lifespan(**EMBEDDED)))
    first, second = Served(app), Served(app)
    first.start()
    second.start()
    container = get_container(app)
    first.shut_down()
    first.stop()
    assert get_container(app) is container
    assert second.client.get("/sync").status_code == 200
    second.shut_down()
    second.stop()
    with pytest.raises(NotStartedError):
        get_container(app)


# Ping


def test_with_ping_a_key_that_is_refused_stops_the_start() -> None:
    with HTTPServer(default=answer({"error": {"message": "no"}}, 401)) as server:
        app = FastAPI(lifespan=together_lifespan(ping=True, api_key=KEY, base_url=server.url))
        with pytest.raises(TogetherError, match=r"The client 'default' does not work: .* refuses"):
            start(app)


def test_with_ping_a_key_that_is_taken_lets_it_start() -> None:
    with HTTPServer(default=answer({})) as server:
        start(FastAPI(lifespan=together_lifespan(ping=True, api_key=KEY, base_url=server.url)))
        assert [request.target for request in server.requests] == ["/v3/whoami"]


def test_without_ping_nothing_is_sent() -> None:
    with HTTPServer() as server:
        start(FastAPI(lifespan=together_lifespan(api_key=KEY, base_url=server.url)))
        assert server.connections == 0


# Arguments that make no sense


def test_forgotten_parentheses_are_told() -> None:
    with pytest.raises(TypeError, match="with parentheses"):
        start(FastAPI(lifespan=together_lifespan))  # type: ignore[arg-type]


def test_a_lifespan_without_its_decorator_is_told() -> None:
    async def my_lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    with pytest.raises(TypeError, match=r"@contextlib.asynccontextmanager above `async def my_lifespan`"):
        together_lifespan(my_lifespan)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        {"container": TogetherContainer(), "config": {}},
        {"container": TogetherContainer(), "timeout": 3},
        {"config": {}, "timeout": 3},
    ],
)
def test_options_from_two_places_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"together_lifespan got .* and "):
        together_lifespan(**arguments)


def test_options_in_the_place_of_the_lifespan_are_refused() -> None:
    make: Any = together_lifespan
    with pytest.raises(TypeError, match=r"lifespan of your own, not a dict\. Write together_lifespan\(timeout=20\)"):
        make({"timeout": 3})


def test_a_config_that_is_no_dict_is_refused() -> None:
    config: Any = KEY
    with pytest.raises(TypeError, match=r"a dict of options, not a str\. Write together_lifespan\(config=\{"):
        together_lifespan(config=config)


@pytest.mark.parametrize("options", [{"api_key": KEY}, {"config": {"default": {"API_KEY": KEY}}}])
def test_the_key_is_not_in_the_locals_of_a_traceback(options: dict[str, Any]) -> None:
    with pytest.raises(OSError, match="no database") as caught:
        start(FastAPI(lifespan=together_lifespan(failing, **options)))
    error = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in error.stack if "together_di" in frame.filename]
    assert ours
    assert not [frame for frame in ours if KEY in str(frame.locals)]


# The application's own lifespan


@asynccontextmanager
async def with_database(app: FastAPI) -> AsyncGenerator[dict[str, str]]:
    app.state.seen = [get_container(app).client().timeout]
    yield {"database": "open"}
    app.state.seen.append(get_container(app).client().is_closed())


def test_what_the_own_lifespan_yields_is_in_the_state_of_requests() -> None:
    app = FastAPI(lifespan=together_lifespan(with_database, timeout=7, **EMBEDDED))

    @app.get("/")
    async def database(request: Request) -> str:
        return str(request.state.database)

    with TestClient(app) as client:
        assert client.get("/").json() == "open"


def test_the_own_lifespan_can_use_the_client_at_both_ends() -> None:
    app = FastAPI(lifespan=together_lifespan(with_database, timeout=7, **EMBEDDED))
    start(app)
    assert app.state.seen == [7, False]


def test_an_error_in_the_own_lifespan_is_raised_as_it_is() -> None:
    with pytest.raises(OSError, match="no database"):
        start(FastAPI(lifespan=together_lifespan(failing, **EMBEDDED)))


# A container of one's own


def test_a_given_container_is_used() -> None:
    container = TogetherContainer(config={"timeout": 9, **EMBEDDED})
    with TestClient(showing_timeout(FastAPI(lifespan=together_lifespan(container=container)))) as client:
        assert client.get("/timeout").json() == 9


def test_a_given_container_is_closed_at_the_end_and_can_be_used_again() -> None:
    container = TogetherContainer(config=EMBEDDED)
    with TestClient(FastAPI(lifespan=together_lifespan(container=container))):
        client = container.client()
    assert client.is_closed()
    assert not container.client().is_closed()


# Fakes need no key


@pytest.mark.parametrize("dependency", [get_together, get_async_together])
def test_an_application_whose_dependency_is_overridden_starts_without_a_key(dependency: Any) -> None:
    app = FastAPI(lifespan=together_lifespan())
    app.dependency_overrides[dependency] = object
    start(app)


def test_an_application_whose_container_is_overridden_starts_without_a_key() -> None:
    container = TogetherContainer()
    with container.client.override(Together(**EMBEDDED)):
        start(FastAPI(lifespan=together_lifespan(container=container)))


def test_the_other_client_still_needs_a_key_when_it_is_used() -> None:
    app = with_routes(FastAPI(lifespan=together_lifespan()))
    app.dependency_overrides[get_together] = object
    with TestClient(app) as client, pytest.raises(MissingAPIKeyError):
        client.get("/async")


# Use without a start


def test_a_test_client_without_with_is_told() -> None:
    app = showing_timeout(FastAPI(lifespan=together_lifespan(**EMBEDDED)))
    with pytest.raises(NotStartedError, match=r"with TestClient\(app\) as client"):
        TestClient(app).get("/timeout")


async def asked_in_process(app: FastAPI, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get(path)


def test_an_asgi_transport_without_the_lifespan_is_told() -> None:
    app = showing_timeout(FastAPI(lifespan=together_lifespan(**EMBEDDED)))
    with pytest.raises(NotStartedError, match="lifespan_context"):
        asyncio.run(asked_in_process(app, "/timeout"))


def test_an_asgi_transport_in_the_lifespan_works_as_the_message_says() -> None:
    app = showing_timeout(FastAPI(lifespan=together_lifespan(timeout=7, **EMBEDDED)))

    async def run() -> httpx.Response:
        async with app.router.lifespan_context(app):
            return await asked_in_process(app, "/timeout")

    assert asyncio.run(run()).json() == 7


def test_after_the_end_there_is_no_client() -> None:
    app = FastAPI(lifespan=together_lifespan(**EMBEDDED))
    start(app)
    with pytest.raises(NotStartedError, match="or is over"):
        get_container(app)


# The end


def test_the_clients_are_closed_at_the_end() -> None:
    app = FastAPI(lifespan=together_lifespan(**EMBEDDED))
    with TestClient(app):
        clients = get_container(app).client(), get_container(app).async_client()
    assert [client.is_closed() for client in clients] == [True, True]


def test_named_clients_are_closed_at_the_end() -> None:
    app = FastAPI(lifespan=together_lifespan(config={"default": EMBEDDED, "eu": EMBEDDED}))
    with TestClient(app):
        client = get_container(app).named("eu").async_client()
    assert client.is_closed()


def test_a_client_that_cannot_be_closed_is_told_after_the_own_lifespan_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError("the socket is stuck")

    app = FastAPI(lifespan=together_lifespan(with_database, **EMBEDDED))
    with pytest.raises(ExceptionGroup, match="could not be closed"), monkeypatch.context() as patch, TestClient(app):
        patch.setattr(get_container(app).client(), "close", fail)
    assert len(app.state.seen) == 2


# Starlette


def test_starlette_needs_no_dependencies() -> None:
    async def view(request: Any) -> PlainTextResponse:
        together = await get_async_together(request)
        return PlainTextResponse(f"{together.timeout:.0f}")

    app = Starlette(routes=[Route("/", view)], lifespan=together_lifespan(timeout=7, **EMBEDDED))
    with TestClient(app) as client:
        assert client.get("/").text == "7"


def test_a_blocking_call_in_the_event_loop_warns() -> None:
    app = FastAPI(lifespan=together_lifespan(**EMBEDDED))

    @app.get("/")
    async def blocking(together: TogetherDep) -> None:
        together.chat.completions.create(**CHAT)

    with TestClient(app) as client, pytest.warns(UserWarning, match="get_async_together"):
        client.get("/")
