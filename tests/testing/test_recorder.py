"""What a fake remembers, and what a test can claim about it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from together_di import RateLimitError
from together_di.testing import FakeTogether

KEY = "key-for-tests-0123456789"


def test_a_call_has_its_name_arguments_status_answer_and_duration(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("Bonjour")
    fake.chat.completions.create(**chat)
    [call] = fake.calls
    assert (call.name, call.params, call.status, call.error) == ("chat.completions.create", chat, 200, None)
    assert call.response["choices"][0]["message"]["content"] == "Bonjour"
    assert call.duration > 0


def test_a_call_shows_its_headers_without_credentials(chat: dict[str, Any]) -> None:
    fake = FakeTogether(api_key=KEY, default_headers={"x-team": "search", "x-api-key": KEY})
    fake.chat.completions.create(**chat)
    [call] = fake.calls
    assert call.headers["x-team"] == "search"
    assert call.headers["authorization"] == call.headers["x-api-key"] == "[hidden]"
    assert KEY not in repr(call)


def test_a_call_has_the_error_that_was_raised_instead_of_an_answer(fake: FakeTogether, chat: dict[str, Any]) -> None:
    problem = ValueError("x")
    fake.chat.completions.create.raises(problem)
    with pytest.raises(ValueError, match="x"):
        fake.chat.completions.create(**chat)
    assert (fake.calls[0].error, fake.calls[0].status) == (problem, None)


def test_a_refusal_of_the_api_is_an_answer(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.raises(RateLimitError)
    with pytest.raises(RateLimitError):
        fake.chat.completions.create(**chat)
    assert fake.calls[0].status == 429


def test_a_stream_has_no_answer_to_show(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.streams(["Hi"])
    list(fake.chat.completions.create(**chat, stream=True))
    assert (fake.calls[0].streamed, fake.calls[0].response) == (True, None)


def test_a_form_is_remembered_by_its_fields(fake: FakeTogether) -> None:
    fake.audio.transcriptions.create(file=b"sound", language="en")
    assert fake.calls[0].params["file"] == b"sound"
    fake.audio.transcriptions.create.assert_called_once_with(language="en")


def test_a_form_that_can_be_read_once_only_is_answered(fake: FakeTogether) -> None:
    class Once(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert fake.audio.transcriptions.create(file=("a.wav", Once(b"sound"))).text
    assert fake.calls[0].params["file"] == b"sound"


def test_arguments_are_remembered_under_their_own_names(fake: FakeTogether) -> None:
    fake.models.list(project_id="p", limit=2)
    fake.models.list.assert_called_once_with(project_id="p", limit=2)


def test_the_calls_of_one_method_can_be_looked_at(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.embeddings.create(model="m", input="a")
    fake.chat.completions.create(**chat)
    assert [call.name for call in fake.embeddings.create.calls] == ["embeddings.create"]
    assert len(fake.calls) == 2


def test_what_was_asked_once_is_confirmed(fake: FakeTogether, chat: dict[str, Any]) -> None:
    create = fake.chat.completions.create
    create.assert_not_called()
    create(**chat)
    create.assert_called()
    create.assert_called_once()
    create.assert_called_once_with(model="m")
    create.assert_any_call(messages=chat["messages"])
    fake.calls.assert_called_once()


def test_a_missing_call_is_named(fake: FakeTogether) -> None:
    with pytest.raises(AssertionError, match=r"^chat\.completions\.create was not called\.$"):
        fake.chat.completions.create.assert_called_once_with(model="m")


def test_other_arguments_are_shown_as_a_difference(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create(**chat)
    with pytest.raises(AssertionError) as caught:
        fake.chat.completions.create.assert_called_once_with(model="big", messages=chat["messages"], top_p=1)
    assert str(caught.value).splitlines() == [
        "chat.completions.create was called with other arguments:",
        "(- expected, + called with)",
        "  {",
        '    "messages": [',
        "      {",
        '        "content": "Hi",',
        '        "role": "user"',
        "      }",
        "    ],",
        '-   "model": "big",',
        '+   "model": "m"',
        '-   "top_p": 1',
        "  }",
    ]


def test_too_many_calls_are_listed(fake: FakeTogether) -> None:
    for text in ("a", "b"):
        fake.embeddings.create(model="m", input=text)
    with pytest.raises(AssertionError) as caught:
        fake.embeddings.create.assert_called_once()
    assert str(caught.value) == (
        "embeddings.create was called 2 times, not once:\n"
        "  1. embeddings.create(model='m', input='a')\n"
        "  2. embeddings.create(model='m', input='b')"
    )


def test_an_unwanted_call_is_listed(fake: FakeTogether) -> None:
    fake.embeddings.create(model="m", input="a")
    with pytest.raises(AssertionError, match=r"1\. embeddings\.create"):
        fake.calls.assert_not_called()


def test_a_call_that_was_never_made_is_told_from_those_that_were(fake: FakeTogether) -> None:
    fake.embeddings.create(model="m", input="a")
    with pytest.raises(AssertionError, match=r"never called with input='b':\n  1\. embeddings\.create"):
        fake.embeddings.create.assert_any_call(input="b")


def test_long_arguments_are_cut_in_messages(fake: FakeTogether) -> None:
    fake.embeddings.create(model="m", input="x" * 100_000)
    assert len(repr(fake.calls)) < 1000


def test_everything_can_be_forgotten(fake: FakeTogether, chat: dict[str, Any]) -> None:
    fake.chat.completions.create.returns("Bonjour")
    fake.chat.completions.create(**chat)
    fake.reset()
    assert len(fake.calls) == 0
    assert fake.chat.completions.create(**chat).choices[0].message.content != "Bonjour"
