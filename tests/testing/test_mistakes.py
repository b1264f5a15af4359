"""Mistakes in a script or in an assertion are told at once, with what to write instead."""

from __future__ import annotations

import re
from typing import Any

import pytest

from together_di import FakeTogether, RateLimitError


@pytest.fixture
def create(fake: FakeTogether) -> Any:
    """A method that takes any mistake, as far as type checkers know."""
    return fake.chat.completions.create


@pytest.fixture
def embed(fake: FakeTogether) -> Any:
    return fake.embeddings.create


def told(text: str) -> str:
    return f"^{re.escape(text)}$"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("side_effect", "write .raises(...), .replies(...) or .returns(...).then.returns(...)"),
        ("return_value", "write .returns(...)"),
        ("returns", "write .returns(...)"),
    ],
)
def test_an_attribute_cannot_be_set(create: Any, name: str, advice: str) -> None:
    for scripted in (create, create.when(model="m")):
        with pytest.raises(AttributeError, match=told(f"chat.completions.create.{name} cannot be set: {advice}.")):
            setattr(scripted, name, RateLimitError)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("assert_called_onc", " (did you mean 'assert_called_once'?)"),
        ("retruns", " (did you mean 'returns'?)"),
        ("called", ": write .assert_called()"),
        ("xyz", ""),
    ],
)
def test_a_name_that_is_not_there_is_told_of_the_method(create: Any, name: str, advice: str) -> None:
    with pytest.raises(AttributeError, match=told(f"chat.completions.create has no '{name}'{advice}.")):
        getattr(create, name)


def test_a_name_that_is_not_there_is_told_of_the_calls(fake: FakeTogether) -> None:
    calls: Any = fake.calls
    with pytest.raises(AttributeError, match=r"^fake\.calls has no 'assert_any_cal' \(did you mean 'assert_any_call'"):
        calls.assert_any_cal(model="m")


def test_private_names_are_missed_as_ever(create: Any) -> None:
    with pytest.raises(AttributeError, match="object has no attribute '_private'"):
        _ = create._private


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("modl", "is no argument of it (did you mean 'model'?)"),
        ("xyz", "is no argument of it. A field the API added since goes into extra_body={...}"),
        ("timeout", "is an option, and only arguments are looked at"),
    ],
)
def test_answers_cannot_depend_on_what_is_no_argument(create: Any, name: str, problem: str) -> None:
    with pytest.raises(TypeError, match=told(f"chat.completions.create.when(): '{name}' {problem}.")):
        create.when(**{name: 3})


def test_answers_can_depend_on_further_fields(create: Any, chat: dict[str, Any]) -> None:
    create.when(extra_body={"added": 1}, extra_query={"q": "2"}).returns("Bonjour")
    further = create(**chat, extra_body={"added": 1}, extra_query={"q": 2})
    assert further.choices[0].message.content == "Bonjour"
    assert create(**chat).choices[0].message.content != "Bonjour"


def test_answers_can_depend_on_what_a_flow_sends(fake: FakeTogether) -> None:
    fake.files.upload.when(file_name="data.jsonl").returns({"id": "file-1"})


@pytest.mark.parametrize("mistake", [429, "boom", int, None])
def test_what_is_no_error_is_not_raised(create: Any, mistake: object) -> None:
    wanted = "an error such as RateLimitError('Slow down'), or its class; a status goes with returns_json"
    message = f"chat.completions.create cannot raise {mistake!r}: give {wanted}({{...}}, status=429)."
    with pytest.raises(TypeError, match=told(message)):
        create.raises(mistake)


def test_what_is_no_function_does_not_reply(create: Any) -> None:
    message = "chat.completions.create.replies() takes a function of a Call, not 'x': write .returns(...)."
    with pytest.raises(TypeError, match=told(message)):
        create.replies("x")


@pytest.mark.parametrize("mistake", [[0.1, 0.2], ["ab"], [b"ab"]])
def test_what_is_no_list_of_vectors_is_refused(embed: Any, mistake: list[Any]) -> None:
    message = f"embeddings.create cannot return {mistake!r}: give a list of vectors, such as [[0.1, 0.2]]."
    with pytest.raises(TypeError, match=told(message)):
        embed.returns(mistake)


@pytest.mark.parametrize(("given", "asked"), [(["a", "b"], 2), ("a", 1)])
def test_there_is_a_vector_for_each_input(embed: Any, given: Any, asked: int) -> None:
    embed.returns([[0.1]] * 3)
    with pytest.raises(
        AssertionError, match=rf"given {asked} input\(s\), and told to return 3 vector\(s\): give one for"
    ):
        embed(model="m", input=given)
    embed.replies(lambda call: [[0.1] for _ in call.params["input"]])
    assert len(embed(model="m", input=["a", "b"]).data) == 2


@pytest.mark.parametrize("value", ["x", {"id": "batch-1"}])
def test_a_method_that_only_calls_others_takes_no_answer_whatever_it_is(fake: FakeTogether, value: Any) -> None:
    wait: Any = fake.batches.wait
    for say in (wait.returns, wait.streams, wait.breaks_off, wait.replies, lambda _: wait.when(id="batch-1")):
        with pytest.raises(TypeError, match=told("batches.wait is made of calls of other methods: script those.")):
            say(value)


def test_a_misspelt_argument_is_told_when_an_assertion_fails(fake: FakeTogether, chat: dict[str, Any]) -> None:
    create: Any = fake.chat.completions.create
    create(**chat)
    for claim in (create.assert_called_with, create.assert_any_call, fake.calls.assert_called_once_with):
        with pytest.raises(AssertionError, match=r"There is no argument 'modl' \(did you mean 'model'\?\)\.$"):
            claim(modl="m")


def test_an_argument_that_was_not_given_can_be_misspelt(create: Any, chat: dict[str, Any]) -> None:
    create(**chat)
    with pytest.raises(AssertionError, match=r"There is no argument 'temprature' \(did you mean 'temperature'"):
        create.assert_called_with(temprature=0)


def test_a_namespace_is_not_a_method(fake: FakeTogether) -> None:
    namespace: Any = fake.chat.completions
    with pytest.raises(AttributeError, match=r"chat\.completions has no 'returns': .* as in \.create\.returns"):
        namespace.returns("x")
    with pytest.raises(AttributeError, match=r"did you mean 'create'\?"):
        _ = namespace.creat
