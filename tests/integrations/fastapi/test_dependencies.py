"""What `Depends` gets, in requests and WebSockets, under its own name and under others, and how it is overridden."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient

from together_di import AsyncTogether, ConfigurationError, Together
from together_di_fastapi import (
    AsyncTogetherDep,
    TogetherDep,
    get_async_together,
    get_async_together_named,
    get_together,
    get_together_named,
    health_route,
    together_lifespan,
)

CONFIG = {"default": {"transport": "embedded", "timeout": 1}, "eu": {"transport": "embedded", "timeout": 2}}
BOTH = pytest.mark.parametrize("named", [get_together_named, get_async_together_named])


def showing_timeout(dependency: Any) -> FastAPI:
    """An app that answers the time limit of the client that `dependency` gives, and sends it into a WebSocket."""
    app = FastAPI(lifespan=together_lifespan(config=CONFIG))
    needed = Depends(dependency)

    @app.get("/timeout")
    async def timeout(together: Any = needed) -> float:
        return float(together.timeout)

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, together: Any = needed) -> None:
        await websocket.accept()
        await websocket.send_json(together.timeout)
        await websocket.close()

    return app


def kinds(dependencies: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in dependencies.items()}


def test_each_annotation_gives_its_kind_of_client() -> None:
    app = FastAPI(lifespan=together_lifespan(config=CONFIG))

    @app.get("/")
    async def view(one: TogetherDep, other: AsyncTogetherDep) -> dict[str, str]:
        return kinds({"one": one, "other": other})

    with TestClient(app) as client:
        assert client.get("/").json() == {"one": "Together", "other": "AsyncTogether"}


@pytest.mark.parametrize(
    ("dependency", "timeout"),
    [
        (get_together, 1),
        (get_async_together, 1),
        (get_together_named("eu"), 2),
        (get_async_together_named("eu"), 2),
    ],
)
def test_requests_and_websockets_get_the_client(dependency: Any, timeout: float) -> None:
    with TestClient(showing_timeout(dependency)) as client:
        assert client.get("/timeout").json() == timeout
        with client.websocket_connect("/socket") as socket:
            assert socket.receive_json() == timeout


@pytest.mark.parametrize("dependency", [get_together, get_async_together])
def test_a_dependency_is_asked_on_the_thread_of_the_event_loop(dependency: Any) -> None:
    """Not in the thread pool, which costs several times as much."""
    asked: list[int] = []
    app = FastAPI(lifespan=together_lifespan(config=CONFIG))
    needed = Depends(dependency)

    class Provider:
        def client(self) -> None:
            asked.append(threading.get_ident())

        async_client = client

    @app.get("/")
    async def view(_together: Any = needed) -> bool:
        return asked == [threading.get_ident()]

    with TestClient(app) as client:
        client.app_state["together_di"] = Provider()
        assert client.get("/").json() is True


# Names


@BOTH
def test_a_named_dependency_is_the_same_function_each_time(named: Any) -> None:
    assert named("eu") is named("eu")


def test_the_one_named_default_is_the_one_without_a_name() -> None:
    assert get_together_named("default") is get_together
    assert get_async_together_named("default") is get_async_together


@BOTH
def test_a_name_that_does_not_exist_is_told_with_the_nearest(named: Any) -> None:
    with (
        TestClient(showing_timeout(named("euu"))) as client,
        pytest.raises(ConfigurationError, match=r"no client 'euu' \(did you mean 'eu'"),
    ):
        client.get("/timeout")


# Overrides


@pytest.mark.parametrize(
    "dependency",
    [get_together, get_async_together, get_together_named("eu"), get_async_together_named("eu")],
)
def test_a_dependency_can_be_overridden(dependency: Any) -> None:
    app = showing_timeout(dependency)
    app.dependency_overrides[dependency] = lambda: Together(transport="embedded", timeout=9)
    with TestClient(app) as client:
        assert client.get("/timeout").json() == 9


def test_an_annotation_is_overridden_by_its_function() -> None:
    app = FastAPI(lifespan=together_lifespan(config=CONFIG))

    @app.get("/")
    async def view(together: AsyncTogetherDep) -> float | None:
        return together.timeout  # type: ignore[return-value]

    app.dependency_overrides[get_async_together] = lambda: AsyncTogether(transport="embedded", timeout=9)
    with TestClient(app) as client:
        assert client.get("/").json() == 9


@pytest.mark.parametrize(("dependency", "provider"), [(get_together, "client"), (get_async_together, "async_client")])
def test_an_override_in_the_container_counts(dependency: Any, provider: str) -> None:
    app = showing_timeout(dependency)
    with (
        TestClient(app) as client,
        getattr(app.state.together_di, provider).override(Together(transport="embedded", timeout=9)),
    ):
        assert client.get("/timeout").json() == 9


# OpenAPI


def schema_with(*dependencies: Any) -> dict[str, Any]:
    app = FastAPI(routes=[health_route("/health")] if dependencies else None)

    @app.get("/chat", dependencies=[Depends(dependency) for dependency in dependencies])
    def chat(q: str) -> str:
        return q

    return app.openapi()


def test_the_schema_shows_nothing_of_us() -> None:
    dependencies = [get_together, get_async_together, get_together_named("eu"), get_async_together_named("eu")]
    assert schema_with(*dependencies) == schema_with()


def test_annotations_leave_the_schema_alone() -> None:
    app = FastAPI()

    @app.get("/chat")
    def chat(q: str, _one: TogetherDep, _other: AsyncTogetherDep) -> str:
        return q

    assert app.openapi() == schema_with()


def test_outside_of_fastapi_a_dependency_is_awaited() -> None:
    app = FastAPI(lifespan=together_lifespan(config=CONFIG))
    with TestClient(app):
        together = asyncio.run(get_together(_request_of(app)))
    assert type(together) is Together


def _request_of(app: FastAPI) -> Any:
    from starlette.requests import Request

    return Request({"type": "http", "app": app, "headers": []})
