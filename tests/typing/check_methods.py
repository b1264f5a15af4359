"""What type checkers make of the methods: never run, checked by mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from together_di import (
    APIResponse,
    AsyncAPIResponse,
    AsyncBinaryAPIResponse,
    AsyncStream,
    AsyncTogether,
    BinaryAPIResponse,
    Stream,
    Together,
)
from together_di.pagination import AsyncPage, Page
from together_di.types import (
    AudioSpeechStreamChunk,
    ChatCompletion,
    ChatCompletionChunk,
    Completion,
    CompletionChunk,
    Embedding,
    FileList,
    FileResponse,
    ImageFile,
    Model,
    RerankCreateResponse,
    SupportedModel,
    Transcription,
    TranscriptionVerbose,
    VoiceListResponse,
)
from together_di.types.chat import ChatCompletionMessageParam

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hi"}]


def sync_results(client: Together) -> None:
    assert_type(client.chat.completions.create(model="m", messages=MESSAGES), ChatCompletion)
    assert_type(client.chat.completions.create(model="m", messages=MESSAGES, stream=False), ChatCompletion)
    assert_type(client.chat.completions.create(model="m", messages=MESSAGES, stream=True), Stream[ChatCompletionChunk])
    assert_type(client.completions.create(model="m", prompt="p"), Completion)
    assert_type(client.completions.create(model="m", prompt="p", stream=True), Stream[CompletionChunk])
    assert_type(client.embeddings.create(model="m", input=["a"]), Embedding)
    assert_type(client.images.generate(model="m", prompt="p", width=64), ImageFile)
    assert_type(client.rerank.create(model="m", query="q", documents=["a"]), RerankCreateResponse)
    assert_type(client.audio.speech.create(model="m", input="i", voice="v"), BinaryAPIResponse)
    assert_type(
        client.audio.speech.create(model="m", input="i", voice="v", stream=True), Stream[AudioSpeechStreamChunk]
    )
    assert_type(client.audio.transcriptions.create(file=b""), TranscriptionVerbose | Transcription)
    assert_type(client.audio.voices.list(), VoiceListResponse)
    assert_type(client.files.list(), FileList)
    assert_type(client.files.content("id"), BinaryAPIResponse)
    assert_type(client.files.upload("a.jsonl", purpose="eval"), FileResponse)
    assert_type(client.models.list(project_id="p"), Page[Model])
    assert_type(client.models.list_supported(), Page[SupportedModel])
    for chunk in client.chat.completions.create(model="m", messages=MESSAGES, stream=True):
        assert_type(chunk, ChatCompletionChunk)
    answer = client.chat.completions.create(model="m", messages=MESSAGES)
    assert_type(answer.choices[0].message.content, str | None)


async def async_results(client: AsyncTogether) -> None:
    assert_type(await client.chat.completions.create(model="m", messages=MESSAGES), ChatCompletion)
    stream = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
    assert_type(stream, AsyncStream[ChatCompletionChunk])
    async for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)
    assert_type(await client.embeddings.create(model="m", input="a"), Embedding)
    assert_type(await client.audio.speech.create(model="m", input="i", voice="v"), AsyncBinaryAPIResponse)
    assert_type(await client.files.content("id"), AsyncBinaryAPIResponse)
    assert_type(await client.files.upload("a.jsonl"), FileResponse)
    assert_type(await client.models.list_supported(), AsyncPage[SupportedModel])
    async for model in client.models.list_supported():
        assert_type(model, SupportedModel)


async def raw_results(client: Together, async_client: AsyncTogether) -> None:
    raw = client.chat.completions.with_raw_response
    assert_type(raw.create(model="m", messages=MESSAGES), APIResponse[ChatCompletion])
    assert_type(raw.create(model="m", messages=MESSAGES, stream=True), APIResponse[Stream[ChatCompletionChunk]])
    assert_type(client.with_raw_response.embeddings.create(model="m", input="a"), APIResponse[Embedding])
    async_raw = async_client.embeddings.with_raw_response
    assert_type(await async_raw.create(model="m", input="a"), AsyncAPIResponse[Embedding])
    with client.embeddings.with_streaming_response.create(model="m", input="a") as response:
        assert_type(response, APIResponse[Embedding])
    async with async_client.files.with_streaming_response.content("id") as async_response:
        assert_type(async_response, AsyncAPIResponse[AsyncBinaryAPIResponse])


async def paths_without_a_method(client: Together, async_client: AsyncTogether) -> None:
    assert_type(client.get("/v1/new", cast_to=Embedding), Embedding)
    assert_type(await async_client.post("/v1/new", cast_to=Embedding, body={"a": 1}), Embedding)
    raw = client.embeddings.with_raw_response.create(model="m", input="a")
    assert_type(raw.parse(), Embedding)
    assert_type(raw.parse(to=ChatCompletion), ChatCompletion)


def copies(client: Together, async_client: AsyncTogether) -> None:
    assert_type(client.with_options(timeout=3), Together)
    assert_type(async_client.copy(max_retries=0), AsyncTogether)
    with client as entered:
        assert_type(entered, Together)


def wrong_uses(client: Together) -> None:
    client.embeddings.create(input="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.embeddings.create(modl="m", input="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.embeddings.create(model=3, input="a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.completions.create(model="m")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    client.completions.create(model="m", prompt=3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    client.images.draw()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    client.with_options(timout=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.get("/v1/new")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Together(api_key=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
