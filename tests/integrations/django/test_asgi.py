"""`together_di_django.asgi`: the lifespan protocol around Django."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import pytest
from asgiref import testing
from django.test import override_settings

from together_di_django import get_async_together, get_together
from together_di_django.asgi import TogetherLifespan, get_asgi_application

from ...core.support.http_server import HTTPServer, answer
from ...core.support.sides import KEY, completion
from .project import CHAT

EMBEDDED = {"TRANSPORT": "embedded"}
ApplicationCommunicator: Any = testing.ApplicationCommunicator  # it has no types


async def lifespan(application: Any, *messages: str) -> list[dict[str, Any]]:
    """What the application answers to each message of the protocol."""
    communicator = ApplicationCommunicator(application, {"type": "lifespan", "asgi": {"version": "3.0"}})
    answers: list[dict[str, Any]] = []
    for message in messages:
        await communicator.send_input({"type": f"lifespan.{message}"})
        answers.append(cast("dict[str, Any]", await communicator.receive_output()))
    await communicator.wait()
    return answers


def types(answers: Iterable[dict[str, Any]]) -> list[str]:
    return [answer["type"] for answer in answers]


def test_start_up_and_shutdown_are_acknowledged() -> None:
    answers = asyncio.run(lifespan(get_asgi_application(), "startup", "shutdown"))
    assert types(answers) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@override_settings(TOGETHER={})
def test_a_server_starts_without_a_key() -> None:
    assert types(asyncio.run(lifespan(get_asgi_application(), "startup", "shutdown")))[0] == "lifespan.startup.complete"


@override_settings(TOGETHER={"default": EMBEDDED, "eu": EMBEDDED})
def test_shutdown_closes_the_clients_of_every_alias() -> None:
    clients: list[Any] = [get_together(), get_async_together(), get_together("eu"), get_async_together("eu")]
    asyncio.run(lifespan(get_asgi_application(), "startup", "shutdown"))
    assert all(client.is_closed() for client in clients)


def test_shutdown_closes_the_connections_of_its_loop() -> None:
    async def main() -> None:
        await get_async_together().chat.completions.create(**CHAT)
        await lifespan(get_asgi_application(), "startup", "shutdown")
        await asyncio.to_thread(server.wait_until_closed, 1)

    with (
        HTTPServer(answer(completion())) as server,
        override_settings(TOGETHER={"API_KEY": KEY, "BASE_URL": server.url}),
    ):
        asyncio.run(main())


@override_settings(TOGETHER=EMBEDDED)
def test_a_client_that_cannot_be_closed_is_told_to_the_server_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("the socket is stuck")

    client = get_together()
    with monkeypatch.context() as patch:
        patch.setattr(client, "close", fail)
        answers = asyncio.run(lifespan(get_asgi_application(), "startup", "shutdown"))
    client.close()
    assert answers[1] == {"type": "lifespan.shutdown.failed", "message": "the socket is stuck"}
    assert "the socket is stuck" in caplog.text


@override_settings(TOGETHER=EMBEDDED)
def test_requests_reach_django() -> None:
    async def main() -> dict[str, Any]:
        scope = {"type": "http", "method": "GET", "path": "/async", "headers": [], "query_string": b""}
        communicator = ApplicationCommunicator(get_asgi_application(), scope)
        await communicator.send_input({"type": "http.request"})
        start = cast("dict[str, Any]", await communicator.receive_output())
        await communicator.receive_output()
        await communicator.wait()
        return start

    assert asyncio.run(main())["status"] == 200


def test_another_application_than_djangos_can_be_wrapped() -> None:
    reached: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["type"])

    async def main() -> None:
        await TogetherLifespan(application)(cast("Any", {"type": "websocket"}), cast("Any", None), cast("Any", None))

    asyncio.run(main())
    assert reached == ["websocket"]
