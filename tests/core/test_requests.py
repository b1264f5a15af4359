"""What a call sends, and which mistakes are told before anything is sent."""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from together_di import (
    NOT_GIVEN,
    ConfigurationError,
    Timeout,
    __version__,
    not_given,
    omit,
)
from together_di.types import ChatCompletion, ChatCompletionMessage

from .support.recorder import Recorder

NAN, INF = math.nan, math.inf
HI = [{"role": "user", "content": "Hi"}]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def client(recorder: Recorder) -> Any:
    return recorder.client()


def headers_named(request: httpx.Request, name: str) -> list[str]:
    return request.headers.get_list(name)


# What is sent


def test_a_call_is_a_post_of_its_arguments_as_json(recorder: Recorder, client: Any) -> None:
    client.chat.completions.create(model="m", messages=HI, temperature=0.5)
    assert (recorder.request.method, str(recorder.request.url)) == (
        "POST",
        "https://api.together.ai/v1/chat/completions",
    )
    assert recorder.body == {"model": "m", "messages": HI, "temperature": 0.5}
    assert recorder.request.headers["content-type"] == "application/json"


def test_a_call_carries_the_key_and_names_the_package(recorder: Recorder, client: Any) -> None:
    client.embeddings.create(model="m", input="Hi")
    assert headers_named(recorder.request, "authorization") == ["Bearer k"]
    assert recorder.request.headers["user-agent"] == f"together-di/{__version__}"


def test_the_async_client_sends_the_same(recorder: Recorder, client: Any) -> None:
    call: dict[str, Any] = {"model": "m", "messages": HI, "idempotency_key": "i"}
    client.chat.completions.create(**call)
    asyncio.run(recorder.async_client().chat.completions.create(**call))
    first, second = recorder.requests
    assert (first.url, first.content) == (second.url, second.content)
    assert sorted(first.headers.raw) == sorted(second.headers.raw)


def test_none_is_sent_as_null(recorder: Recorder, client: Any) -> None:
    client.chat.completions.create(model="m", messages=HI, temperature=None)
    assert recorder.body["temperature"] is None


@pytest.mark.parametrize("marker", [not_given, omit, NOT_GIVEN])
def test_what_is_not_given_is_left_out(recorder: Recorder, client: Any, marker: Any) -> None:
    client.chat.completions.create(model="m", messages=HI, temperature=marker, stop=marker)
    assert recorder.body == {"model": "m", "messages": HI}


@pytest.mark.parametrize("marker", [not_given, omit, NOT_GIVEN])
def test_what_is_required_must_be_given(recorder: Recorder, client: Any, marker: Any) -> None:
    with pytest.raises(TypeError, match="needs 'model'"):
        client.chat.completions.create(model=marker, messages=HI)
    assert not recorder.requests


@pytest.mark.parametrize("messages", [tuple(HI), (message for message in HI), iter(HI), map(dict, HI), deque(HI)])
def test_messages_may_be_any_iterable(recorder: Recorder, client: Any, messages: Any) -> None:
    client.chat.completions.create(model="m", messages=messages)
    assert recorder.body["messages"] == HI


def test_the_message_of_an_earlier_answer_is_sent_back_as_it_came(recorder: Recorder, client: Any) -> None:
    message = {"role": "assistant", "content": "Hello", "mood": "cheerful"}
    answer = ChatCompletion.model_validate(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
    )
    client.chat.completions.create(model="m", messages=[*HI, answer.choices[0].message])
    assert recorder.body["messages"] == [*HI, message]


@pytest.mark.parametrize("make", [list, tuple])
def test_an_earlier_message_may_stand_in_a_list_or_a_tuple(
    recorder: Recorder, client: Any, make: Callable[[Any], Any]
) -> None:
    earlier = ChatCompletionMessage(role="assistant", content="Hello")
    client.chat.completions.create(model="m", messages=make([earlier]))
    assert recorder.body["messages"] == [{"role": "assistant", "content": "Hello"}]


def test_an_earlier_message_may_come_from_a_generator(recorder: Recorder, client: Any) -> None:
    earlier = [ChatCompletionMessage(role="assistant", content="Hello")]
    client.chat.completions.create(model="m", messages=(message for message in earlier))
    assert recorder.body["messages"] == [{"role": "assistant", "content": "Hello"}]


def test_text_is_sent_as_utf_8(recorder: Recorder, client: Any) -> None:
    client.embeddings.create(model="m", input="\u4f60\u597d \U0001f600 \x00")
    assert recorder.body["input"] == "\u4f60\u597d \U0001f600 \x00"
    assert "\u4f60\u597d".encode() in recorder.request.content


@pytest.mark.parametrize("words", ["NaN", "-Infinity", 'He said "NaN, Infinity"'])
def test_words_that_look_like_numbers_json_lacks_are_just_words(recorder: Recorder, client: Any, words: str) -> None:
    client.embeddings.create(model="m", input=words)
    assert recorder.body["input"] == words


def test_the_callers_objects_are_left_as_they_were(client: Any) -> None:
    messages: list[Any] = [{"role": "user", "content": "Hi"}]
    extra, query, headers = {"seed": 1}, {"a": "b"}, {"X-A": "b"}
    client.chat.completions.create(
        model="m", messages=messages, extra_body=extra, extra_query=query, extra_headers=headers
    )
    assert (messages, extra, query, headers) == (HI, {"seed": 1}, {"a": "b"}, {"X-A": "b"})


def test_an_id_in_the_path_is_escaped(recorder: Recorder, client: Any) -> None:
    client.files.retrieve("a/../b?c#d e\u00e9%")
    assert recorder.request.url.raw_path == b"/v1/files/a%2F..%2Fb%3Fc%23d%20e%C3%A9%25"


def test_arguments_of_a_get_go_into_the_url(recorder: Recorder, client: Any) -> None:
    client.models.list_supported(limit=2, search="a b&c", adapter_mode="lora")
    assert dict(recorder.request.url.params) == {"limit": "2", "search": "a b&c", "adapterMode": "lora"}
    assert recorder.request.content == b""
    assert "content-type" not in recorder.request.headers


def test_the_clients_project_is_used_where_none_is_given(recorder: Recorder) -> None:
    recorder.client(project_id="proj-1").models.retrieve("model-1")
    assert recorder.request.url.path == "/v2/projects/proj-1/models/model-1"


def test_a_project_given_to_the_call_wins(recorder: Recorder) -> None:
    recorder.client(project_id="proj-1").models.retrieve("model-1", project_id="proj-2")
    assert recorder.request.url.path == "/v2/projects/proj-2/models/model-1"


def test_a_file_is_sent_as_a_form(recorder: Recorder, client: Any, tmp_path: Path) -> None:
    recording = tmp_path / "recording.wav"
    recording.write_bytes(b"RIFF")
    client.audio.transcriptions.create(file=str(recording), model="m")
    content = recorder.request.content
    assert recorder.request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'filename="recording.wav"' in content
    assert b"RIFF" in content
    assert int(recorder.request.headers["content-length"]) == len(content)


# Options of a call


def test_extra_headers_win_over_the_clients_whatever_their_case(recorder: Recorder) -> None:
    client = recorder.client(default_headers={"X-Team": "search", "X-Other": "o"})
    client.embeddings.create(model="m", input="Hi", extra_headers={"x-team": "call", "USER-AGENT": "mine"})
    for name, value in {"x-team": "call", "x-other": "o", "user-agent": "mine"}.items():
        assert headers_named(recorder.request, name) == [value]


def test_extra_headers_are_for_one_call(recorder: Recorder, client: Any) -> None:
    client.embeddings.create(model="m", input="Hi", extra_headers={"X-Team": "call"})
    client.embeddings.create(model="m", input="Hi")
    assert "x-team" not in recorder.request.headers


@pytest.mark.parametrize("name", ["Idempotency-Key", "Content-Type", "content-type"])
@pytest.mark.parametrize("where", ["client", "call"])
def test_a_header_of_the_caller_replaces_the_one_that_is_made(recorder: Recorder, name: str, where: str) -> None:
    headers = {name: "application/x-mine"}
    client = recorder.client(default_headers=headers if where == "client" else None)
    client.embeddings.create(model="m", input="Hi", extra_headers=headers if where == "call" else None)
    assert headers_named(recorder.request, name) == ["application/x-mine"]


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding"])
def test_a_header_that_frames_the_request_is_refused(recorder: Recorder, client: Any, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"extra_headers sets {name}"):
        client.embeddings.create(model="m", input="Hi", extra_headers={name: "5"})
    assert not recorder.requests


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_authorization_among_the_extra_headers_is_refused(recorder: Recorder, client: Any, name: str) -> None:
    with pytest.raises(ConfigurationError, match="with_options") as caught:
        client.embeddings.create(model="m", input="Hi", extra_headers={name: "Bearer hunter2"})
    assert "hunter2" not in str(caught.value)
    assert not recorder.requests


BAD_HEADERS: list[dict[Any, Any]] = [
    {"X Team": "a"},
    {"X-Team": "a\nX-B: c"},
    {"X-Team": " a"},
    {"X-Team": "a\t"},
    {"X-Team": 5},
    {5: "a"},
]


@pytest.mark.parametrize("headers", BAD_HEADERS)
def test_bad_extra_headers_are_refused_before_anything_is_sent(recorder: Recorder, client: Any, headers: Any) -> None:
    with pytest.raises(ConfigurationError, match="extra_headers"):
        client.embeddings.create(model="m", input="Hi", extra_headers=headers)
    assert not recorder.requests


def test_extra_query_is_added_to_the_clients(recorder: Recorder) -> None:
    client = recorder.client(default_query={"region": "eu", "trace": True})
    query = {"region": "us", "ids": [1, 2], "filter": {"a": "b"}}
    client.embeddings.create(model="m", input="Hi", extra_query=query)
    assert dict(recorder.request.url.params) == {"region": "us", "trace": "true", "ids": "1,2", "filter[a]": "b"}


def test_extra_body_is_added_to_the_arguments_and_wins(recorder: Recorder, client: Any) -> None:
    client.chat.completions.create(
        model="m", messages=HI, temperature=0, extra_body={"temperature": 1, "new_field": [1]}
    )
    assert recorder.body == {"model": "m", "messages": HI, "temperature": 1, "new_field": [1]}


def test_none_for_an_option_is_no_option(recorder: Recorder, client: Any) -> None:
    client.embeddings.create(
        model="m", input="Hi", extra_headers=None, extra_query=None, extra_body=None, idempotency_key=None
    )
    assert recorder.body == {"model": "m", "input": "Hi"}


@pytest.mark.parametrize(
    ("timeout", "connect", "read"),
    [
        (3, 3, 3),
        (None, None, None),
        (Timeout(9, connect=1), 1, 9),
        (httpx.Timeout(9, connect=1), 1, 9),
        (not_given, 20, 20),
    ],
)
def test_a_call_may_have_a_timeout_of_its_own(recorder: Recorder, timeout: Any, connect: Any, read: Any) -> None:
    recorder.client(timeout=20).embeddings.create(model="m", input="Hi", timeout=timeout)
    limits = recorder.request.extensions["timeout"]
    assert (limits["connect"], limits["read"]) == (connect, read)


@pytest.mark.parametrize("timeout", [0, -1, "soon", NAN])
def test_a_bad_timeout_of_a_call_is_refused_before_anything_is_sent(
    recorder: Recorder, client: Any, timeout: Any
) -> None:
    with pytest.raises(ConfigurationError, match="timeout="):
        client.embeddings.create(model="m", input="Hi", timeout=timeout)
    assert not recorder.requests


def test_an_idempotency_key_is_sent_as_it_is(recorder: Recorder, client: Any) -> None:
    client.embeddings.create(model="m", input="Hi", idempotency_key="order-7")
    assert headers_named(recorder.request, "idempotency-key") == ["order-7"]


@pytest.mark.parametrize("key", ["a\nX-B: c", "a\r\n", " a", 5, "caf\u00e9"])
def test_a_bad_idempotency_key_is_refused_before_anything_is_sent(recorder: Recorder, client: Any, key: Any) -> None:
    with pytest.raises(ConfigurationError, match="idempotency_key"):
        client.embeddings.create(model="m", input="Hi", idempotency_key=key)
    assert not recorder.requests


def test_a_get_has_no_idempotency_key(recorder: Recorder, client: Any) -> None:
    client.files.list()
    assert "idempotency-key" not in recorder.request.headers


# Mistakes


@dataclass
class Price:
    """Something of the caller's own that JSON can express."""

    amount: float


class Weighed(BaseModel):
    """A model of the caller's own."""

    weight: float


MISTAKES: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda c: c.embeddings.create(modl="m", input="Hi"), TypeError, "did you mean 'model'?"),
    (
        lambda c: c.chat.completions.create(model="m", messages=HI, temprature=1),
        TypeError,
        "did you mean 'temperature'?",
    ),
    (lambda c: c.embeddings.create(model="m", input="Hi", xyzzy=1), TypeError, "extra_body"),
    (lambda c: c.embeddings.create(model="m", input="Hi", extra_header={}), TypeError, "did you mean 'extra_headers'?"),
    (lambda c: c.embeddings.create(model="m"), TypeError, "embeddings.create() needs 'input'"),
    (lambda c: c.chat.completions.create(), TypeError, "needs 'messages', 'model'"),
    (lambda c: c.chat.completions.create(model="m", stream=True), TypeError, "needs 'messages'"),
    (lambda c: c.embeddings.create("Hi", model="m"), TypeError, "takes its arguments by name"),
    (lambda c: c.chat.completions.create(HI, "m"), TypeError, "takes its arguments by name"),
    (lambda c: c.files.retrieve("a", "b"), TypeError, "without a name only: id"),
    (lambda c: c.files.retrieve("a", id="b"), TypeError, "got 'id' twice"),
    (lambda c: c.files.retrieve(), TypeError, "needs 'id'"),
    (lambda c: c.files.retrieve(""), ValueError, "id is empty"),
    (lambda c: c.files.retrieve(None), ValueError, "id is empty"),
    (lambda c: c.files.retrieve("."), ValueError, "cannot stand in a path"),
    (lambda c: c.files.delete(".."), ValueError, "cannot stand in a path"),
    (lambda c: c.files.content("%2e%2E"), ValueError, "cannot stand in a path"),
    (lambda c: c.models.retrieve("a"), ValueError, "TOGETHER_PROJECT_ID"),
    (lambda c: c.embeddings.create(model="m", input=NAN), ValueError, "input is or holds nan"),
    (
        lambda c: c.chat.completions.create(model="m", messages=HI, top_p=INF),
        ValueError,
        "top_p is or holds inf",
    ),
    (
        lambda c: c.chat.completions.create(model="m", messages=HI, logit_bias={"a": [-INF]}),
        ValueError,
        "holds -inf",
    ),
    (
        lambda c: c.embeddings.create(model="m", input="Hi", extra_body={"a": NAN}),
        ValueError,
        "a is or holds nan",
    ),
    (
        lambda c: c.embeddings.create(model="m", input=[Price(1.0), Price(NAN)]),
        ValueError,
        "input is or holds nan",
    ),
    (
        lambda c: c.chat.completions.create(model="m", messages=[Weighed(weight=INF)]),
        ValueError,
        "messages is or",
    ),
    (lambda c: c.embeddings.create(model="m", input=object()), TypeError, "input cannot be sent as JSON"),
    (lambda c: c.embeddings.create(model="m", input=["Hi", {"a": object()}]), TypeError, "input cannot be sent"),
    (lambda c: c.embeddings.create(model="m", input="\ud800"), TypeError, "input cannot be sent as JSON"),
    (lambda c: c.embeddings.create(model="m", input=b"\xff"), TypeError, "input cannot be sent as JSON"),
    (
        lambda c: c.embeddings.create(model="m", input="Hi", extra_body={"a": object()}),
        TypeError,
        "cannot be sent as JSON",
    ),
    (lambda c: c.chat.completions.create(model="m", messages=[not_given]), TypeError, "messages cannot be sent"),
    (lambda c: c.audio.transcriptions.create(file="missing.wav"), FileNotFoundError, "missing.wav"),
    (lambda c: c.audio.transcriptions.create(file=Path("missing.wav")), FileNotFoundError, "missing.wav"),
    (lambda c: c.audio.transcriptions.create(file=Path("/")), OSError, "file"),
    (lambda c: c.files.upload("missing.jsonl"), FileNotFoundError, "missing.jsonl"),
    (lambda c: c.files.upload("file.jsonl", purpose="fine-tuning"), ValueError, "did you mean 'fine-tune'?"),
    (lambda c: c.files.upload("file.jsonl", porpose="eval"), TypeError, "did you mean 'purpose'?"),
]
Mistakes = pytest.mark.parametrize(("call", "kind", "told"), MISTAKES, ids=[told for *_, told in MISTAKES])


@Mistakes
def test_a_mistake_is_told_before_anything_is_sent(
    recorder: Recorder, client: Any, call: Callable[[Any], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=re.escape(told)):
        call(client)
    assert not recorder.requests


@Mistakes
def test_a_mistake_is_told_to_async_callers_before_anything_is_sent(
    recorder: Recorder, call: Callable[[Any], Any], kind: type[Exception], told: str
) -> None:
    async def run() -> None:
        await call(recorder.async_client())

    with pytest.raises(kind, match=re.escape(told)):
        asyncio.run(run())
    assert not recorder.requests


@pytest.mark.parametrize("view", ["with_raw_response", "with_streaming_response"])
def test_a_mistake_is_told_in_every_view(recorder: Recorder, client: Any, view: str) -> None:
    with pytest.raises(TypeError, match="did you mean 'model'"):
        getattr(client.embeddings, view).create(modl="m", input="Hi")
    assert not recorder.requests


@pytest.mark.parametrize("text", ["recording.wav", "Hi"])
def test_a_file_in_text_mode_is_refused_before_anything_is_sent(
    recorder: Recorder, client: Any, tmp_path: Path, text: str
) -> None:
    (tmp_path / "a.txt").write_text(text)
    with (tmp_path / "a.txt").open() as file, pytest.raises(TypeError, match="'rb'"):
        client.audio.transcriptions.create(file=file)
    assert not recorder.requests


def test_an_empty_file_is_not_uploaded(recorder: Recorder, client: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(ValueError, match="empty"):
        client.files.upload(tmp_path / "a.jsonl")
    assert not recorder.requests


def circle() -> list[Any]:
    """A list that holds itself."""
    found: list[Any] = []
    found.append(found)
    return found


def test_a_list_that_holds_itself_is_refused_before_anything_is_sent(recorder: Recorder, client: Any) -> None:
    with pytest.raises(ValueError, match=r"embeddings\.create\(\): .* holds itself"):
        client.embeddings.create(model="m", input=circle())
    assert not recorder.requests


def test_a_list_that_holds_itself_is_refused_by_name(client: Any) -> None:
    with pytest.raises(ValueError, match="input"):
        client.embeddings.create(model="m", input=circle())


def test_a_decimal_is_sent_as_text(recorder: Recorder, client: Any) -> None:
    client.embeddings.create(model="m", input="Hi", extra_body={"price": Decimal("1.50")})
    assert recorder.body["price"] == "1.50"
