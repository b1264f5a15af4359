"""Applications mounted in another, whose lifespans nobody runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from together_di_fastapi import NotStartedError, together_lifespan

from .support import showing_timeout

EMBEDDED: dict[str, Any] = {"transport": "embedded"}


def test_a_mounted_application_has_the_client_of_the_outer_one() -> None:
    app = FastAPI(lifespan=together_lifespan(timeout=7, **EMBEDDED))
    app.mount("/inner", showing_timeout(FastAPI()))
    with TestClient(app) as client:
        assert client.get("/inner/timeout").json() == 7


def test_an_application_mounted_two_deep_has_it_too() -> None:
    inner = Starlette(routes=[Mount("/b", showing_timeout(FastAPI()))])
    outer = Starlette(routes=[Mount("/a", inner)], lifespan=together_lifespan(timeout=7, **EMBEDDED))
    with TestClient(outer) as client:
        assert client.get("/a/b/timeout").json() == 7


def test_a_mounted_application_whose_own_lifespan_is_run_has_its_own_client() -> None:
    inner = showing_timeout(FastAPI(lifespan=together_lifespan(timeout=8, **EMBEDDED)))

    @asynccontextmanager
    async def run_inner(_app: FastAPI) -> AsyncGenerator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    app = FastAPI(lifespan=together_lifespan(run_inner, timeout=7, **EMBEDDED))
    app.mount("/inner", inner)
    with TestClient(app) as client:
        assert client.get("/inner/timeout").json() == 8


def test_a_mounted_application_alone_says_that_the_outer_one_must_be_set_up() -> None:
    app = FastAPI()
    app.mount("/inner", showing_timeout(FastAPI(lifespan=together_lifespan(**EMBEDDED))))
    with TestClient(app) as client, pytest.raises(NotStartedError, match="Set up the outer one"):
        client.get("/inner/timeout")
