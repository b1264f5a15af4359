"""What type checkers make of the Flask extension: never run, checked by mypy and pyright."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import assert_type

from flask import Flask, Response

from together_di import AsyncTogether, Together, TogetherContainer
from together_di.check import Health
from together_di.explain import Explanation
from together_di.types.chat import ChatCompletion, ChatCompletionChunk
from together_di_flask import AppClients, FlaskTogether, get_async_together, get_together, sse


def set_up(app: Flask) -> None:
    FlaskTogether(app)
    FlaskTogether(app="shop")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    together = FlaskTogether()
    assert_type(together.init_app(app), None)
    assert_type(together.client, Together)
    assert_type(together.async_client, AsyncTogether)
    assert_type(together.container, TogetherContainer)
    assert_type(together.named("eu"), AppClients)
    assert_type(together.named("eu").client, Together)
    assert_type(together.named("eu").async_client, AsyncTogether)
    together.client = Together()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert_type(together.ping(), Health)
    assert_type(together.explain(), Explanation)
    assert_type(together.close(), None)
    assert_type(together.close(app), None)


def functions() -> None:
    assert_type(get_together(), Together)
    assert_type(get_together("eu"), Together)
    assert_type(get_together(alias="eu"), Together)
    assert_type(get_async_together("eu"), AsyncTogether)
    get_together(app=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def overrides(together: FlaskTogether, fake: Together, async_fake: AsyncTogether) -> None:
    with together.override(fake) as given:
        assert_type(given, Together)
    with together.override(async_fake, alias="eu") as async_given:
        assert_type(async_given, AsyncTogether)
    manager: AbstractContextManager[Together] = together.override(fake)
    del manager
    together.override("fake")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


def view(together: FlaskTogether) -> Response:
    answer = together.client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
    assert_type(answer, ChatCompletion)
    stream = get_together().chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
    )
    for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)
    sse(answer)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return assert_type(sse(stream), Response)


async def async_view(together: FlaskTogether) -> Response:
    assert_type(await together.aping(), Health)
    stream = await together.async_client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
    )
    return sse(stream)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
