"""What type checkers make of a fake: never run, checked by mypy and pyright."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_type

import together_di
from together_di import (
    APIResponse,
    AsyncStream,
    AsyncTogether,
    BinaryAPIResponse,
    RateLimitError,
    Stream,
    Together,
)
from together_di.pagination import Page
from together_di.resource import Sync
from together_di.resources.chat import Chat
from together_di.testing import Call, FakeTogether, intercepted
from together_di.testing.script import Plan, Planned
from together_di.types import ChatCompletion, ChatCompletionChunk, Embedding, SupportedModel
from together_di.types.chat import ChatCompletionMessageParam

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hi"}]


def a_client(fake: FakeTogether) -> None:
    client: Together = fake
    async_client: AsyncTogether = fake.async_client
    chat: Chat[Sync] = fake.chat
    assert_type(together_di.FakeTogether(), FakeTogether)
    assert_type(fake.with_options(timeout=3), FakeTogether)
    with fake as entered:
        assert_type(entered, FakeTogether)
    with intercepted() as other:
        assert_type(other, FakeTogether)
    print(client, async_client, chat)


def scripts(fake: FakeTogether, answer: ChatCompletion) -> None:
    create = fake.chat.completions.create
    assert_type(create.returns("Bonjour"), Planned[ChatCompletion])
    create.returns(answer).then.returns({"choices": []})
    create.returns_json({}, status=418)
    create.streams(["Bon", "jour"], delay=0.01)
    create.raises(RateLimitError)
    create.raises(RateLimitError("Slow down"))
    create.replies(lambda call: call.params["model"])
    create.calls_tool("weather", city="Paris")
    assert_type(create.when(model="m"), Plan[ChatCompletion])
    assert_type(create.calls, Sequence[Call])
    create.assert_called_once_with(model="m")
    assert_type(fake.embeddings.create.returns([[0.1]]), Planned[Embedding])
    fake.audio.speech.create.returns(b"RIFF")
    fake.models.list_supported.returns([{"id": "a"}])
    assert_type(fake.calls[0], Call)


def sync_results(fake: FakeTogether) -> None:
    assert_type(fake.chat.completions.create(model="m", messages=MESSAGES), ChatCompletion)
    assert_type(fake.chat.completions.create(model="m", messages=MESSAGES, stream=True), Stream[ChatCompletionChunk])
    assert_type(fake.embeddings.create(model="m", input="a"), Embedding)
    assert_type(fake.files.content("id"), BinaryAPIResponse)
    assert_type(fake.models.list_supported(), Page[SupportedModel])
    raw = fake.chat.completions.with_raw_response
    assert_type(raw.create(model="m", messages=MESSAGES), APIResponse[ChatCompletion])
    assert_type(fake.with_raw_response.embeddings.create(model="m", input="a"), APIResponse[Embedding])


async def async_results(fake: FakeTogether) -> None:
    client = fake.async_client
    assert_type(client.chat.completions.create.returns("Bonjour"), Planned[ChatCompletion])
    assert_type(await client.chat.completions.create(model="m", messages=MESSAGES), ChatCompletion)
    stream = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
    assert_type(stream, AsyncStream[ChatCompletionChunk])
    assert_type(await client.embeddings.create(model="m", input="a"), Embedding)
    async for model in client.models.list_supported():
        assert_type(model, SupportedModel)


def wrong_uses(fake: FakeTogether, client: Together, embedding: Embedding) -> Any:
    fake.chat.completions.create.returns(embedding)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.chat.completions.create.returns(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.chat.completions.create(model="m")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    fake.embeddings.create(modl="m", input="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    fake.embeddings.create.raises("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.embeddings.create.returns([[1.0]])  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
