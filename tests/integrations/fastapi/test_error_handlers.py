"""What the users of an application are told when the API fails."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from together_di import BadRequestError, RateLimitError
from together_di_fastapi import AsyncTogetherDep, add_error_handlers, get_together, together_lifespan

from ...core.support.http_server import Answer, HTTPServer, answer, raw, then_hang_up, then_stall
from ...core.support.sides import CHAT, KEY
from ..contract.fastapi import with_routes

INTERNAL = "gpu-node-17.internal"


def refusal(status: int, **headers: str) -> Answer:
    """An error of the API, with things in it that are nobody's business."""
    return answer({"error": {"message": f"{KEY} at {INTERNAL}"}}, status, **headers)


def app_for(server: HTTPServer, **options: Any) -> FastAPI:
    lifespan = together_lifespan(config={"api_key": KEY, "base_url": server.url, "max_retries": 0, **options})
    app = with_routes(FastAPI(lifespan=lifespan))
    add_error_handlers(app)
    return app


def told(script: Answer, path: str = "/async", **options: Any) -> Any:
    """The response of an application to which the API answers with `script`."""
    with HTTPServer(script) as server, TestClient(app_for(server, **options)) as client:
        return client.get(path)


@pytest.mark.parametrize(
    ("upstream", "status"),
    [
        (400, 502),
        (401, 500),
        (402, 500),
        (403, 500),
        (404, 502),
        (408, 504),
        (409, 502),
        (422, 502),
        (429, 429),
        (500, 502),
        (503, 502),
        (504, 504),
    ],
)
@pytest.mark.parametrize("path", ["/sync", "/async", "/stream"])
def test_each_status_of_the_api_becomes_one_of_ours(path: str, upstream: int, status: int) -> None:
    assert told(refusal(upstream), path).status_code == status


@pytest.mark.parametrize("upstream", [400, 401, 403, 429, 500, 504])
def test_nothing_of_the_answer_of_the_api_is_passed_on(upstream: int) -> None:
    response = told(refusal(upstream, x_request_id="r-1", x_internal=INTERNAL))
    shown = response.text + str(response.headers)
    assert list(response.json()) == ["detail"]
    assert not [word for word in (KEY, INTERNAL, "r-1", "127.0.0.1") if word in shown]


def test_a_broken_connection_is_a_bad_gateway() -> None:
    assert told(then_hang_up()).status_code == 502


def test_an_answer_that_is_no_json_is_a_bad_gateway() -> None:
    assert told(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\noops")).status_code == 502


def test_a_time_limit_is_a_gateway_timeout() -> None:
    assert told(then_stall(), timeout_read=0.05).status_code == 504


@pytest.mark.parametrize(("asked", "passed_on"), [("7", "7"), ("0.2", "1"), ("0", "1"), ("soon", "10")])
def test_too_many_requests_say_when_to_try_again(asked: str, passed_on: str) -> None:
    assert told(refusal(429, retry_after=asked)).headers["retry-after"] == passed_on


def test_only_too_many_requests_say_when_to_try_again() -> None:
    assert "retry-after" not in told(refusal(503, retry_after="7")).headers


def test_a_rate_limit_without_an_answer_has_a_default() -> None:
    def refused() -> None:
        raise RateLimitError("slow down")

    with HTTPServer() as server:
        app = app_for(server)
        app.dependency_overrides[get_together] = refused
        with TestClient(app) as client:
            assert client.get("/sync").headers["retry-after"] == "10"


def test_a_missing_key_is_the_fault_of_the_server() -> None:
    app = with_routes(FastAPI(lifespan=together_lifespan()))
    add_error_handlers(app)
    app.dependency_overrides[get_together] = object
    with TestClient(app) as client:
        assert client.get("/async").status_code == 500


@pytest.mark.parametrize(("upstream", "level"), [(401, logging.ERROR), (500, logging.WARNING)])
def test_the_log_has_the_whole_story(upstream: int, level: int, caplog: pytest.LogCaptureFixture) -> None:
    told(refusal(upstream, x_request_id="r-1"))
    record = caplog.records[-1]
    assert record.levelno == level
    assert all(word in record.getMessage() for word in ("/async", INTERNAL, "r-1"))
    assert KEY not in record.getMessage()


def test_a_more_special_handler_of_the_application_comes_first() -> None:
    with HTTPServer(refusal(400)) as server:
        app = app_for(server)

        @app.exception_handler(BadRequestError)
        async def handle(_request: object, _error: Exception) -> Any:
            from starlette.responses import PlainTextResponse

            return PlainTextResponse("Ask something else.", 400)

        with TestClient(app) as client:
            assert client.get("/async").text == "Ask something else."


def test_other_errors_are_left_alone() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with HTTPServer() as server:
        app = app_for(server)
        app.dependency_overrides[get_together] = broken
        with TestClient(app) as client, pytest.raises(ZeroDivisionError):
            client.get("/sync")


# WebSockets


def with_socket(app: FastAPI, *, accept: bool) -> FastAPI:
    @app.websocket("/socket")
    async def socket(websocket: WebSocket, together: AsyncTogetherDep) -> None:
        if accept:
            await websocket.accept()
        await together.chat.completions.create(**CHAT)

    return app


@pytest.mark.parametrize(("upstream", "code"), [(429, 1013), (500, 1011), (401, 1011)])
@pytest.mark.parametrize("accept", [True, False])
def test_a_websocket_is_closed_with_a_code(upstream: int, code: int, *, accept: bool) -> None:
    with (
        HTTPServer(refusal(upstream)) as server,
        TestClient(with_socket(app_for(server), accept=accept)) as client,
        pytest.raises(WebSocketDisconnect) as caught,
        client.websocket_connect("/socket") as socket,
    ):
        socket.receive_text()
    assert caught.value.code == code
    assert INTERNAL not in (caught.value.reason or "")


def test_a_websocket_that_the_browser_has_closed_is_left_alone() -> None:
    received = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}])
    sent: list[str] = []

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    with HTTPServer(refusal(500)) as server:
        app = app_for(server)

        @app.websocket("/socket")
        async def socket(websocket: WebSocket, together: AsyncTogetherDep) -> None:
            await websocket.accept()
            with pytest.raises(WebSocketDisconnect):
                await websocket.receive_text()
            await together.chat.completions.create(**CHAT)

        async def run() -> None:
            async with app.router.lifespan_context(app):
                scope = {"type": "websocket", "path": "/socket", "root_path": "", "headers": [], "query_string": b""}
                await app(scope, receive, send)

        anyio.run(run)
        assert (sent, len(server.requests)) == (["websocket.accept"], 1)
