"""What type checkers make of the Django adapter: never run, checked by mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from django.core.asgi import get_asgi_application as djangos
from django.http import HttpRequest, StreamingHttpResponse

from together_di import AsyncTogether, Together, TogetherContainer
from together_di_django import get_async_together, get_container, get_together, override, sse
from together_di_django.asgi import TogetherLifespan, get_asgi_application

assert_type(get_together(), Together)
assert_type(get_together("eu"), Together)
assert_type(get_async_together("eu"), AsyncTogether)
assert_type(get_container(), TogetherContainer)
assert_type(get_asgi_application(), TogetherLifespan)
assert_type(TogetherLifespan(djangos()), TogetherLifespan)


def answer(request: HttpRequest) -> StreamingHttpResponse:
    client = get_together()
    return sse(client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True))


async def aanswer(request: HttpRequest) -> StreamingHttpResponse:
    create = get_async_together().chat.completions.create
    return sse(await create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True))


def in_a_test() -> None:
    with override(Together(transport="embedded")), override(AsyncTogether(transport="embedded"), "eu"):
        pass


def mistakes() -> None:
    get_together(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    override("fake")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    sse([b"data"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
