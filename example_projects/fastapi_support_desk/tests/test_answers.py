"""Answers: what the models are asked, what the page gets, and what happens when it goes wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support_desk.main import create_app
from support_desk.settings import Settings

from together_di import APIConnectionError, APIError, APITimeoutError, InternalServerError, RateLimitError
from together_di.testing import Call, FakeTogether

from .events import read_events, written

QUESTION = {"text": "How long is the warranty of a device?"}


def test_the_sources_come_first_then_the_text_piece_by_piece(
    client: TestClient, messages: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.streams(["Two ", "years."])
    response = client.post(messages, json=QUESTION)
    assert response.headers["content-type"].startswith("text/event-stream")
    (kind, sources), *chunks, last = read_events(response.text)
    assert (kind, sources[0]) == ("sources", "Warranty")
    assert [chunk["choices"][0]["delta"]["content"] for _, chunk in chunks][:2] == ["Two ", "years."]
    assert last == ("message", "[DONE]")


def test_each_source_is_named_once(client: TestClient, messages: str, fake_together: FakeTogether) -> None:
    results = [{"index": 0, "relevance_score": 0.9}] * 3
    fake_together.rerank.create.returns_json({"object": "rerank", "model": "m", "results": results})
    (_, sources), *_ = read_events(client.post(messages, json=QUESTION).text)
    assert len(sources) == 1


def test_the_answer_comes_from_the_documents(client: TestClient, messages: str) -> None:
    assert "Every device has a warranty of two years." in written(client.post(messages, json=QUESTION).text)


def test_the_model_is_given_the_three_best_passages_and_the_question(
    client: TestClient, messages: str, fake_together: FakeTogether
) -> None:
    client.post(messages, json=QUESTION)
    system, question = fake_together.chat.completions.create.calls[0].params["messages"]
    assert system["role"] == "system"
    assert system["content"].count("\n# ") == 3
    assert "warranty of two years" in system["content"]
    assert question == {"role": "user", "content": QUESTION["text"]}


def test_eight_passages_are_reranked_to_three(client: TestClient, messages: str, fake_together: FakeTogether) -> None:
    client.post(messages, json=QUESTION)
    asked = fake_together.rerank.create.calls[0].params
    assert len(asked["documents"]) == 8
    assert asked["top_n"] == 3
    assert asked["query"] == QUESTION["text"]


def test_the_model_is_told_what_was_said_before(client: TestClient, messages: str, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.streams(["Two years."])
    client.post(messages, json=QUESTION)
    client.post(messages, json={"text": "And for water?"})
    _, *said = fake_together.chat.completions.create.calls[-1].params["messages"]
    assert [message["content"] for message in said] == [QUESTION["text"], "Two years.", "And for water?"]


def test_the_model_is_not_told_the_whole_of_a_long_conversation(
    client: TestClient, messages: str, fake_together: FakeTogether
) -> None:
    for number in range(7):
        client.post(messages, json={"text": f"Question {number}?"})
    _, *said = fake_together.chat.completions.create.calls[-1].params["messages"]
    assert said[0]["content"] == "Question 1?"
    assert said[-1]["content"] == "Question 6?"


def test_the_documents_are_embedded_once(settings: Settings, fake_together: FakeTogether) -> None:
    for _ in range(2):  # the second is after a restart
        with TestClient(create_app(settings)) as client:
            client.get("/")
            client.post("/conversations/1/messages", json=QUESTION)
    documents, *questions = [call.params["input"] for call in fake_together.embeddings.create.calls]
    assert len(documents) > 8
    assert questions == [QUESTION["text"]] * 2


def test_two_first_questions_at_once_are_both_answered(
    client: TestClient, messages: str, fake_together: FakeTogether, tmp_path: Path
) -> None:
    def embed(call: Call) -> list[list[float]]:
        if isinstance(call.params["input"], str):
            return [[1.0, 0.0]]
        rows = [(call.params["model"], text, "[1.0, 0.0]") for text in call.params["input"]]
        with closing(sqlite3.connect(tmp_path / "support_desk.sqlite3")) as other_worker, other_worker:
            other_worker.executemany("INSERT INTO vectors (model, text, vector) VALUES (?, ?, ?)", rows)
        return [[1.0, 0.0]] * len(rows)

    fake_together.embeddings.create.replies(embed)
    assert client.post(messages, json=QUESTION).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RateLimitError("quota of org-17 used up"), 429),
        (APITimeoutError(), 504),
        (APIConnectionError("no route to 10.0.0.7"), 502),
        (InternalServerError("stack trace"), 502),
    ],
)
def test_a_failure_before_the_first_word_is_told_kindly(
    client: TestClient, messages: str, fake_together: FakeTogether, error: APIError, status: int
) -> None:
    fake_together.chat.completions.create.raises(error)
    response = client.post(messages, json=QUESTION)
    assert response.status_code == status
    assert response.json()["detail"].startswith("The AI service ")
    assert error.message not in response.text


def test_after_a_failure_the_question_is_kept(client: TestClient, messages: str, fake_together: FakeTogether) -> None:
    fake_together.rerank.create.raises(RateLimitError)
    client.post(messages, json=QUESTION)
    assert client.get(messages).json()["messages"] == [{"role": "user", **QUESTION}]


def test_an_answer_that_breaks_off_says_so_and_its_beginning_is_kept(
    client: TestClient, messages: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.breaks_off(["Two ", "years"])
    events = read_events(client.post(messages, json=QUESTION).text)
    assert events[-1] == ("error", {"message": "The answer broke off."})
    assert client.get(messages).json()["messages"][-1] == {"role": "assistant", "text": "Two years"}
