"""What a fake can be told to answer."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from together_di import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncTogether,
    AuthenticationError,
    RateLimitError,
    Together,
    TogetherError,
)
from together_di.testing import Call, FakeTogether, UnscriptedCallError, intercepted
from together_di.types import ChatCompletion, Embedding, SupportedModel
from together_di.types.account import WhoamiUser, WhoamiUserJwt


def text(answer: Any) -> Any:
    return answer.choices[0].message.content


def pieces(stream: Any) -> list[Any]:
    return [chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].finish_reason is None]


def test_a_fake_is_a_client(fake: FakeTogether) -> None:
    assert isinstance(fake, Together)
    assert isinstance(fake.async_client, AsyncTogether)


def test_a_text_is_returned_as_a_whole_answer(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("Bonjour")
    answer = fake.chat.completions.create(**chat)
    assert isinstance(answer, ChatCompletion)
    assert (answer.model, text(answer), answer.choices[0].finish_reason) == ("m", "Bonjour", "stop")


def test_the_async_client_is_on_the_same_script(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("Bonjour")
    fake.async_client.embeddings.create.returns([[1.0]])
    assert text(asyncio.run(fake.async_client.chat.completions.create(**chat))) == "Bonjour"
    assert fake.embeddings.create(model="m", input="a").data[0].embedding == [1.0]
    assert [call.name for call in fake.calls] == ["chat.completions.create", "embeddings.create"]


def test_a_typed_answer_is_returned_as_it_is(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("Bonjour")
    answer = fake.chat.completions.create(**chat)
    fake.reset()
    fake.chat.completions.create.returns(answer)
    assert fake.chat.completions.create(**chat) == answer


def test_json_is_returned_whatever_it_is(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns_json({"id": "x", "new_field": 1})
    answer: Any = fake.chat.completions.create(**chat)
    assert (answer.id, answer.new_field) == ("x", 1)


def test_json_can_have_a_status(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns_json({"error": {"message": "No", "code": "x"}}, status=418)
    with pytest.raises(APIStatusError) as caught:
        fake.chat.completions.create(**chat)
    assert (caught.value.status_code, caught.value.code) == (418, "x")


def test_vectors_texts_bytes_and_items_stand_for_whole_answers(fake: FakeTogether) -> None:
    fake.embeddings.create.returns([[0.1, 0.2], [0.3, 0.4]])
    fake.completions.create.returns("a time")
    fake.audio.transcriptions.create.returns("Hello")
    fake.audio.speech.create.returns(b"RIFF")
    fake.files.content.returns(b"{}\n")
    fake.models.list_supported.returns([SupportedModel.model_construct(id="a")])
    assert [item.embedding for item in fake.embeddings.create(model="m", input=["a", "b"]).data] == [
        [0.1, 0.2],
        [0.3, 0.4],
    ]
    assert fake.completions.create(model="m", prompt="Once upon").choices[0].text == "a time"
    assert fake.audio.transcriptions.create(file=b"sound").text == "Hello"
    assert fake.audio.speech.create(model="m", input="i", voice="v").read() == b"RIFF"
    assert fake.files.content("file-1").read() == b"{}\n"
    assert [model.id for model in fake.models.list_supported()] == ["a"]


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("chat.completions.create", 3),
        ("chat.completions.create", b"bytes"),
        ("chat.completions.create", [[1.0]]),
        ("chat.completions.create", Embedding(object="list", model="m", data=[])),
        ("embeddings.create", "text"),
        ("files.content", "text"),
        ("files.list", "text"),
    ],
)
def test_an_answer_that_the_method_cannot_give_is_refused_at_once(
    fake: FakeTogether, method: str, value: object
) -> None:
    scripted: Any = fake
    for name in method.split("."):
        scripted = getattr(scripted, name)
    with pytest.raises(TypeError, match=f"{method} cannot return"):
        scripted.returns(value)


def test_pieces_are_streamed(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.streams(["Bon", "jour"])
    assert pieces(fake.chat.completions.create(**chat, stream=True)) == ["Bon", "jour"]


def test_pieces_are_one_text_if_no_stream_is_asked_for(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.streams(["Bon", "jour"])
    assert text(fake.chat.completions.create(**chat)) == "Bonjour"


def test_a_stream_says_that_it_has_come_to_its_end(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.streams(["Bonjour"])
    *_, last = fake.chat.completions.create(**chat, stream=True)
    assert last.choices[0].finish_reason == "stop"


def test_a_text_is_streamed_word_by_word_if_a_stream_is_asked_for(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("Good day to you")
    assert pieces(fake.chat.completions.create(**chat, stream=True)) == ["Good ", "day ", "to ", "you"]


def test_pieces_are_streamed_to_the_async_client(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.streams(["Bon", "jour"])

    async def main() -> list[str]:
        stream = await fake.async_client.chat.completions.create(**chat, stream=True)
        return [chunk.choices[0].delta.content or "" async for chunk in stream]

    assert "".join(asyncio.run(main())) == "Bonjour"


def test_a_delay_stands_before_each_piece(
    fake: FakeTogether, chat: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)  # nobody waits in a test
    fake.chat.completions.create.streams(["Bon", "jour"], delay=0.5)
    stream = fake.chat.completions.create(**chat, stream=True)
    next(stream)
    assert waits == [0.5]
    next(stream)
    assert waits == [0.5, 0.5]


def test_chunks_can_be_given_as_the_api_sends_them(fake: FakeTogether, chat: dict[str, Any]) -> None:
    thinking = {"id": "1", "choices": [{"index": 0, "delta": {"reasoning": "Hm"}, "finish_reason": None}]}
    fake.chat.completions.create.streams([thinking])
    [chunk] = fake.chat.completions.create(**chat, stream=True)
    assert chunk.to_dict() == thinking


def test_speech_is_streamed_from_bytes(fake: FakeTogether) -> None:
    fake.audio.speech.create.streams([b"ab", b"cd"])
    stream = fake.audio.speech.create(model="m", input="i", voice="v", stream=True, response_format="raw")
    assert [chunk.b64 for chunk in stream] == ["YWI=", "Y2Q="]
    assert fake.audio.speech.create(model="m", input="i", voice="v").read() == b"abcd"


def test_a_method_without_streams_has_no_pieces(fake: FakeTogether) -> None:
    with pytest.raises(TypeError, match=r"embeddings\.create gives no stream"):
        fake.embeddings.create.streams(["a"])


def test_a_tool_is_called(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.calls_tool("get_weather", city="Paris", tool="x")
    [choice] = fake.chat.completions.create(**chat).choices
    [call] = choice.message.tool_calls or []
    assert call.function.name == "get_weather"
    assert call.function.arguments == '{"city": "Paris", "tool": "x"}'
    assert choice.finish_reason == "tool_calls"


def test_a_tool_is_called_in_a_stream(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.calls_tool("get_weather", city="Paris")
    first, last = fake.chat.completions.create(**chat, stream=True)
    [call] = first.choices[0].delta.tool_calls or []
    assert call.function is not None
    assert (call.function.name, last.choices[0].finish_reason) == ("get_weather", "tool_calls")


@pytest.mark.parametrize(
    "error",
    [RateLimitError, AuthenticationError, APITimeoutError, APIConnectionError, APIError, TimeoutError, ValueError("x")],
)
def test_an_error_is_raised_at_once(fake: FakeTogether, chat: dict[str, Any], error: Any) -> None:
    fake.chat.completions.create.raises(error)
    with pytest.raises(error if isinstance(error, type) else type(error)):
        fake.chat.completions.create(**chat)
    fake.chat.completions.create.assert_called_once()


def test_a_given_error_keeps_its_message(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.raises(RateLimitError("Slow down"))
    with pytest.raises(RateLimitError, match="Slow down") as caught:
        fake.chat.completions.create(**chat)
    assert caught.value.status_code == 429


def test_an_error_that_cannot_be_made_from_its_class_is_refused(fake: FakeTogether) -> None:
    with pytest.raises(TypeError, match="UnicodeDecodeError needs more than a message"):
        fake.chat.completions.create.raises(UnicodeDecodeError)


def test_a_function_replies(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.replies(lambda call: call.params["messages"][0]["content"].upper())
    assert text(fake.chat.completions.create(**chat)) == "HI"


def test_a_function_may_raise(fake: FakeTogether, chat: dict[str, Any]) -> None:
    def answer(call: Call) -> str:
        raise RateLimitError(call.name)

    fake.chat.completions.create.replies(answer)
    with pytest.raises(RateLimitError, match=r"chat\.completions\.create"):
        fake.chat.completions.create(**chat)
    assert len(fake.calls) == 1


def test_answers_come_in_turn_and_the_last_one_stays(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.raises(RateLimitError).then.returns("a").then.returns("b")
    with pytest.raises(RateLimitError):
        fake.chat.completions.create(**chat)
    assert [text(fake.chat.completions.create(**chat)) for _ in range(3)] == ["a", "b", "b"]


def test_a_new_answer_replaces_those_before(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("a").then.returns("b")
    fake.chat.completions.create.returns("c")
    assert [text(fake.chat.completions.create(**chat)) for _ in range(2)] == ["c", "c"]


def test_arguments_choose_the_answer(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.when(model="small").returns("small")
    fake.chat.completions.create.when(model="small", temperature=0.0).returns("cold")
    fake.chat.completions.create.returns("any")
    asked: list[dict[str, Any]] = [{}, {"model": "small"}, {"model": "small", "temperature": 0.0}]
    assert [text(fake.chat.completions.create(**{**chat, **more})) for more in asked] == ["any", "small", "cold"]


def test_arguments_in_the_url_are_matched_by_their_own_names(fake: FakeTogether) -> None:
    fake.models.list_supported.when(limit=2).returns([{"id": "two"}])
    assert [model.id for model in fake.models.list_supported(limit=2)] == ["two"]
    fake.files.retrieve.when(id="a b").returns_json({"id": "a b", "filename": "found"})
    assert fake.files.retrieve("a b").filename == "found"


def test_a_lost_connection_is_tried_again(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.loses_connection().then.times_out().then.returns("at last")
    assert text(fake.chat.completions.create(**chat)) == "at last"
    assert len(fake.calls) == 3


def test_a_truncated_body_is_a_lost_connection(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.truncates()
    with pytest.raises(APIConnectionError, match="middle of the body"):
        fake.with_options(max_retries=0).chat.completions.create(**chat)


def test_a_stream_breaks_off(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.breaks_off(["Bon"])
    stream = fake.chat.completions.create(**chat, stream=True)
    assert next(stream).choices[0].delta.content == "Bon"
    with pytest.raises(APIConnectionError):
        next(stream)


def test_what_is_not_scripted_the_emulator_answers(fake: FakeTogether, chat: dict[str, Any]) -> None:
    assert text(fake.chat.completions.create(**chat))
    assert fake.whoami().type


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file to upload."""
    path = tmp_path / "data.jsonl"
    path.write_text('{"text": "a"}\n')
    return path


def test_an_upload_gives_what_is_scripted(fake: FakeTogether, data: Path) -> None:
    fake.files.upload.when(purpose="eval").returns({"id": "file-2"})
    fake.files.upload.returns({"id": "file-1", "filename": "data.jsonl"})
    assert fake.files.upload(data).filename == "data.jsonl"
    assert asyncio.run(fake.async_client.files.upload(data, purpose="eval")).id == "file-2"
    assert [call.name for call in fake.calls[:2]] == ["files.upload", "PUT /uploads/file-1"]
    assert fake.calls[1].params == {"body": data.read_bytes()}
    fake.files.upload.assert_called_with(file_name="data.jsonl", purpose="eval")


def test_an_upload_can_be_refused(fake: FakeTogether, data: Path) -> None:
    stored = FakeTogether().files.upload(data)
    fake.files.upload.raises(AuthenticationError).then.returns(stored)
    with pytest.raises(AuthenticationError):
        fake.files.upload(data)
    fake.files.upload.assert_called_once_with(file_name="data.jsonl")
    assert fake.files.upload(data) == stored


def test_an_upload_is_scripted_for_every_client(data: Path) -> None:
    with intercepted(FakeTogether(refuse_unscripted=True)) as fake:
        fake.files.upload.returns({"id": "file-1"})
        assert Together().files.upload(data).id == "file-1"
        assert asyncio.run(AsyncTogether().files.upload(data)).id == "file-1"


def test_an_upload_that_is_not_scripted_is_stored(fake: FakeTogether, data: Path) -> None:
    assert fake.files.content(fake.files.upload(data).id).read() == b'{"text": "a"}\n'
    fake.files.upload.assert_called_once()


def test_a_method_that_only_calls_others_is_not_scripted(fake: FakeTogether) -> None:
    with pytest.raises(TypeError, match=r"batches\.wait is made of calls of other methods: script those"):
        fake.batches.wait.returns_json({})


def test_whom_the_key_belongs_to_is_scripted(fake: FakeTogether) -> None:
    caller = WhoamiUserJwt(type="user_jwt", user=WhoamiUser(id="user-1"))
    fake.whoami.returns(caller)
    assert fake.whoami() == caller
    assert asyncio.run(fake.async_client.whoami()) == caller
    fake.whoami.returns({"type": "org_api_key"}).then.raises(AuthenticationError)
    assert fake.whoami().type == "org_api_key"
    with pytest.raises(AuthenticationError):
        fake.whoami()
    with pytest.raises(TypeError, match=r"give WhoamiProjectAPIKey or .* or WhoamiUserOrgProjectJwt"):
        fake.whoami.returns(WhoamiUser(id="user-1"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_namespace_that_is_imported_later_is_recognised(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create(**chat)
    fake.batches.retrieve.returns({"id": "batch-1", "status": "COMPLETED"})
    assert fake.batches.retrieve("batch-1").id == "batch-1"
    fake.batches.retrieve.assert_called_once_with(id="batch-1")


def test_a_stream_is_held_until_the_test_lets_it_go_on(fake: FakeTogether, chat: dict[str, Any]) -> None:
    go_on = Event()
    fake.chat.completions.create.streams(["Bon", go_on, "jour"])
    stream = fake.chat.completions.create(**chat, stream=True)
    received: list[Any] = []
    reader = Thread(target=lambda: received.extend(pieces(stream)))
    reader.start()
    go_on.set()
    reader.join()
    assert received == ["Bon", "jour"]


def test_an_async_stream_is_held_without_holding_the_loop(fake: FakeTogether, chat: dict[str, Any]) -> None:
    go_on = Event()
    fake.chat.completions.create.breaks_off(["Bon", go_on, "jour"])

    async def main() -> list[Any]:
        stream = await fake.async_client.chat.completions.create(**chat, stream=True)
        first = await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        assert not waiting.done()
        go_on.set()
        return pieces([first, await waiting])

    assert asyncio.run(main()) == ["Bon", "jour"]


def test_a_held_stream_can_be_cancelled(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.streams(["Bon", Event(), "jour"])

    async def main() -> None:
        stream = await fake.async_client.chat.completions.create(**chat, stream=True)
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await stream.aclose()

    asyncio.run(main())


def test_a_stream_that_is_forgotten_is_not_held_for_ever(
    fake: FakeTogether, chat: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("together_di.testing.transport.PATIENCE", 0.001)
    fake.chat.completions.create.streams(["Bon", Event(), "jour"])

    async def main() -> None:
        with pytest.raises(AssertionError, match="set the Event that stands among its pieces"):
            _ = [chunk async for chunk in await fake.async_client.chat.completions.create(**chat, stream=True)]

    asyncio.run(main())
    with pytest.raises(AssertionError, match="set the Event that stands among its pieces"):
        list(fake.chat.completions.create(**chat, stream=True))


def test_an_emulator_belongs_to_one_fake(fake: FakeTogether, data: Path) -> None:
    fake.files.upload(data)
    assert len(fake.files.list().data) == 1
    assert FakeTogether().files.list().data == []


def test_an_unscripted_call_is_refused_with_what_was_asked_and_what_is_scripted(chat: dict[str, Any]) -> None:
    fake = FakeTogether(refuse_unscripted=True)
    fake.chat.completions.create.when(model="big").returns("Hi")
    with pytest.raises(UnscriptedCallError) as caught:
        fake.chat.completions.create(**chat)
    assert str(caught.value).splitlines() == [
        "There is no answer to this call:",
        "  chat.completions.create(model='m', messages=[{'content': 'Hi', 'role': 'user'}])",
        "Scripted are:",
        "  chat.completions.create(model='big'), 1 answer, 0 given",
    ]


def test_a_refusal_is_no_failure_of_the_api(chat: dict[str, Any]) -> None:
    fake = FakeTogether(refuse_unscripted=True)
    with pytest.raises(UnscriptedCallError, match="Nothing is scripted") as caught:
        fake.chat.completions.create(**chat)
    assert not isinstance(caught.value, TogetherError)


def test_raw_responses_are_scripted_too(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("Bonjour")
    raw = fake.chat.completions.with_raw_response.create(**chat)
    assert (raw.status_code, text(raw.parse())) == (200, "Bonjour")
    assert text(fake.with_raw_response.chat.completions.create(**chat).parse()) == "Bonjour"
    with fake.chat.completions.with_streaming_response.create(**chat) as response:
        assert text(response.parse()) == "Bonjour"


def test_copies_share_the_script(fake: FakeTogether, chat: dict[str, Any]) -> None:
    copy = fake.with_options(default_headers={"x-team": "search"})
    copy.chat.completions.create.returns("Bonjour")
    assert text(fake.chat.completions.create(**chat)) == "Bonjour"
    assert text(asyncio.run(copy.async_client.chat.completions.create(**chat))) == "Bonjour"
    assert [call.headers.get("x-team") for call in fake.calls] == [None, "search"]


def test_arguments_are_checked_as_ever(fake: FakeTogether) -> None:
    create: Any = fake.chat.completions.create
    with pytest.raises(TypeError, match="did you mean 'messages'"):
        create(model="m", mesages=[])
    create.assert_not_called()


def test_a_fake_takes_no_http_client() -> None:
    fake: Any = FakeTogether
    with pytest.raises(TypeError, match="takes no http_client"):
        fake(http_client=object())


def test_a_closed_fake_takes_no_calls(fake: FakeTogether, chat: dict[str, Any]) -> None:
    with fake:
        fake.chat.completions.create(**chat)
    with pytest.raises(TogetherError, match="closed"):
        fake.chat.completions.create(**chat)
