"""The health route."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette

from together_di_fastapi import NotStartedError, health_route, together_lifespan

from ...core.support.http_server import HTTPServer, answer
from ...core.support.sides import KEY

EMBEDDED: dict[str, Any] = {"transport": "embedded"}


@pytest.mark.parametrize("kind", [FastAPI, Starlette])
def test_a_client_that_works_gives_200(kind: type[Starlette]) -> None:
    with TestClient(kind(routes=[health_route("/health")], lifespan=together_lifespan(**EMBEDDED))) as client:
        response = client.get("/health")
    assert response.status_code == 200
    assert response.json()["ok"] is True
    assert response.json()["clients"]["default"]["ok"] is True


def test_a_key_that_is_refused_gives_503_with_the_reason_and_without_the_key() -> None:
    with HTTPServer(answer({"error": {"message": f"no such key: {KEY}"}}, 401)) as server:
        lifespan = together_lifespan(api_key=KEY, base_url=server.url)
        with TestClient(FastAPI(routes=[health_route("/health")], lifespan=lifespan)) as client:
            response = client.get("/health")
    assert response.status_code == 503
    assert "refuses the key" in response.json()["clients"]["default"]["reason"]
    assert KEY not in response.text


def test_one_client_that_does_not_work_gives_503_and_is_named() -> None:
    with HTTPServer(answer({}, 500)) as server:
        config = {"default": EMBEDDED, "eu": {"api_key": KEY, "base_url": server.url}}
        app = FastAPI(routes=[health_route("/health")], lifespan=together_lifespan(config=config))
        with TestClient(app) as client:
            response = client.get("/health")
    assert response.status_code == 503
    assert {name: found["ok"] for name, found in response.json()["clients"].items()} == {"default": True, "eu": False}


def test_the_answer_is_not_cached() -> None:
    with TestClient(Starlette(routes=[health_route("/health")], lifespan=together_lifespan(**EMBEDDED))) as client:
        assert client.get("/health").headers["cache-control"] == "no-store"


def test_it_can_be_added_to_an_application_that_is_there() -> None:
    app = FastAPI(lifespan=together_lifespan(**EMBEDDED))
    app.router.routes.append(health_route("/up"))
    with TestClient(app) as client:
        assert client.get("/up").status_code == 200


def test_without_the_lifespan_it_says_so() -> None:
    with pytest.raises(NotStartedError):
        TestClient(Starlette(routes=[health_route("/health")])).get("/health")
