"""What type checkers make of the FastAPI adapter: never run, checked by mypy and pyright."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, assert_type

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.routing import Route

from together_di import AsyncTogether, Together, TogetherContainer
from together_di.types.chat import ChatCompletion
from together_di_fastapi import (
    AsyncTogetherDep,
    TogetherDep,
    add_error_handlers,
    get_async_together,
    get_async_together_named,
    get_container,
    get_together,
    get_together_named,
    health_route,
    sse,
    together_lifespan,
)


@asynccontextmanager
async def my_lifespan(app: FastAPI) -> AsyncGenerator[None]:
    assert_type(get_container(app), TogetherContainer)
    yield


@asynccontextmanager
async def with_state(_app: Starlette) -> AsyncGenerator[dict[str, int]]:
    yield {"answer": 42}


app = FastAPI(lifespan=together_lifespan())
FastAPI(lifespan=together_lifespan(my_lifespan, timeout=20, ping=True))
FastAPI(lifespan=together_lifespan(config={"default": {"timeout": 20}, "eu": {}}))
Starlette(lifespan=together_lifespan(with_state, container=TogetherContainer()))
together_lifespan(ping="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
together_lifespan(container=Together())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

add_error_handlers(app)
app.router.routes.append(assert_type(health_route("/health"), Route))
app.dependency_overrides[get_together] = lambda: Together(transport="embedded")


@app.post("/chat")
async def chat(together: AsyncTogetherDep) -> StreamingResponse:
    assert_type(together, AsyncTogether)
    stream = await together.chat.completions.create(model="m", messages=[], stream=True)
    sse(together)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return assert_type(sse(stream), StreamingResponse)


@app.post("/sync")
def sync(together: TogetherDep, eu: Annotated[Together, Depends(get_together_named("eu"))]) -> ChatCompletion:
    assert_type(eu, Together)
    return assert_type(together.chat.completions.create(model="m", messages=[]), ChatCompletion)


@app.websocket("/socket")
async def socket(
    websocket: WebSocket, together: Annotated[AsyncTogether, Depends(get_async_together_named("eu"))]
) -> None:
    assert_type(together, AsyncTogether)
    assert_type(await get_async_together(websocket), AsyncTogether)


async def in_starlette(request: Request) -> None:
    assert_type(await get_together(request), Together)
    assert_type(await get_together_named("eu")(request), Together)
