"""Questions and their answers, under both kinds of server."""

from __future__ import annotations

import json

import pytest
from desk.answers import REMEMBERED
from desk.models import Message

from together_di import APIConnectionError, APITimeoutError, AuthenticationError, InternalServerError, RateLimitError
from together_di.testing import FakeTogether

from .visitors import Event, Visitor

QUESTION = "How long may I return a thing?"


def test_an_answer_is_its_sources_then_its_pieces_then_the_end(visitor: Visitor, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.streams(["Bon", "jour"])
    reply = visitor.ask(QUESTION)
    first, *_, last = reply.events
    assert (reply.status, reply.text) == (200, "Bonjour")
    assert first.name == "sources"
    assert "Returns" in json.loads(first.data)
    assert last == Event("message", "[DONE]")


def test_a_document_is_named_once_among_the_sources(visitor: Visitor) -> None:
    titles = json.loads(visitor.ask("Returns within the country: the refund, the label?").events[0].data)
    assert len(titles) == len(set(titles))


def test_a_question_is_stored_with_its_answer(visitor: Visitor, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.streams(["Bon", "jour"])
    visitor.ask("Hello?")
    assert visitor.said == [("user", "Hello?"), ("assistant", "Bonjour")]


def test_what_was_said_is_there_when_the_page_is_loaded_again(visitor: Visitor, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.returns("Bonjour")
    visitor.ask(QUESTION)
    assert visitor.get(f"{visitor.address}/messages").json() == {
        "messages": [{"role": "user", "text": QUESTION}, {"role": "assistant", "text": "Bonjour"}]
    }


def test_the_model_is_told_the_passages_what_was_said_and_the_question(
    visitor: Visitor, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.returns("Bonjour")
    visitor.ask("Hello!")
    visitor.ask(QUESTION)
    system, *rest = fake_together.chat.completions.create.calls[1].params["messages"]
    assert "# Returns\nYou can return anything within 30 days" in system["content"]
    assert rest == [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": "Bonjour"},
        {"role": "user", "content": QUESTION},
    ]


def test_of_a_long_conversation_the_model_is_told_the_end(visitor: Visitor, fake_together: FakeTogether) -> None:
    Message.objects.bulk_create(
        Message(conversation=visitor.conversation, role="user", text=str(number)) for number in range(30)
    )
    visitor.ask(QUESTION)
    _, *rest, _ = fake_together.chat.completions.create.calls[0].params["messages"]
    assert [message["content"] for message in rest] == [str(number) for number in range(30 - REMEMBERED, 30)]


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (RateLimitError, 429, "Many people are asking at the moment."),
        (APITimeoutError, 504, "The answer took too long."),
        (InternalServerError, 502, "The assistant cannot answer at the moment."),
        (AuthenticationError, 502, "The assistant cannot answer at the moment."),
        (APIConnectionError, 502, "The assistant cannot answer at the moment."),
    ],
)
def test_an_api_that_does_not_answer_is_told_kindly_and_nothing_is_stored(
    visitor: Visitor, fake_together: FakeTogether, error: type[Exception], status: int, detail: str
) -> None:
    fake_together.chat.completions.create.raises(error)
    reply = visitor.ask(QUESTION)
    assert (reply.status, reply.json()) == (status, {"detail": detail})
    assert visitor.said == []


def test_documents_that_cannot_be_embedded_are_told_kindly(visitor: Visitor, fake_together: FakeTogether) -> None:
    fake_together.embeddings.create.raises(RateLimitError)
    assert visitor.ask(QUESTION).status == 429


def test_of_an_answer_that_breaks_off_what_was_written_is_stored(visitor: Visitor, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.breaks_off(["Bon"])
    assert visitor.ask(QUESTION).events[-1] == Event("error", '{"message": "The answer broke off."}')
    assert visitor.said == [("user", QUESTION), ("assistant", "Bon")]


def test_of_an_answer_without_a_word_the_question_is_stored(visitor: Visitor, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.streams([])
    visitor.ask(QUESTION)
    assert visitor.said == [("user", QUESTION)]


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", '{"text": 5}', '{"text": "  "}', json.dumps({"text": "a" * 2001})]
)
def test_what_is_no_question_is_refused(visitor: Visitor, body: str) -> None:
    reply = visitor.post(f"{visitor.address}/messages", body)
    assert reply.status == 400
    assert "at most 2000 characters" in reply.json()["detail"]
