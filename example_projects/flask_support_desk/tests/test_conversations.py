"""Asking, and what is kept of it."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import islice

import pytest
import sqlalchemy
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from support_desk import create_app
from werkzeug.test import TestResponse

from together_di import APIConnectionError, APITimeoutError, AuthenticationError, RateLimitError
from together_di.emulator import EmulatorServer
from together_di.testing import FakeTogether

from .upstream import PATIENCE, Upstream

QUESTION = "How long do I have to return a parcel?"


def ask(client: FlaskClient, conversation: str, text: str = QUESTION) -> TestResponse:
    return client.post(conversation, json={"text": text}, buffered=True)


def said(client: FlaskClient, conversation: str) -> list[tuple[str, str]]:
    return [(message["role"], message["text"]) for message in json.loads(client.get(conversation).text)["messages"]]


def events(text: str) -> list[str]:
    return text.removesuffix("\n\n").split("\n\n")


def pieces(text: str) -> list[str]:
    chunks = [json.loads(event.removeprefix("data: ")) for event in events(text) if event.startswith("data: {")]
    return [chunk["choices"][0]["delta"]["content"] for chunk in chunks]


def test_the_front_page_leads_to_a_new_conversation_each_time(client: FlaskClient) -> None:
    assert [client.get("/").location, client.get("/").location] == ["/conversations/1", "/conversations/2"]


def test_a_conversation_has_its_page(client: FlaskClient) -> None:
    response = client.get("/", follow_redirects=True)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert 'src="/static/chat.js"' in response.text


def test_a_new_conversation_is_empty(client: FlaskClient, conversation: str) -> None:
    assert client.get(conversation).json == {"messages": []}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/conversations/7"),
        ("GET", "/conversations/7/messages"),
        ("POST", "/conversations/7/messages"),
    ],
)
def test_a_conversation_that_is_not_there_is_not_found(client: FlaskClient, method: str, path: str) -> None:
    response = client.open(path, method=method, json={"text": QUESTION} if method == "POST" else None)
    assert (response.status_code, response.json) == (404, {"detail": "There is no such conversation."})


def test_a_number_beyond_those_of_the_database_is_not_found(client: FlaskClient) -> None:
    assert client.get("/conversations/99999999999999999999/messages").status_code == 404


def test_an_answer_comes_in_the_pieces_in_which_it_is_written(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.streams(["Thirty", " days."])
    response = ask(client, conversation)
    assert response.mimetype == "text/event-stream"
    assert pieces(response.text) == ["Thirty", " days.", ""]
    assert events(response.text)[-1] == "data: [DONE]"


def test_the_sources_come_before_the_answer(client: FlaskClient, conversation: str) -> None:
    name, data = events(ask(client, conversation).text)[0].split("\n")
    assert name == "event: sources"
    assert json.loads(data.removeprefix("data: "))[0] == "Returns"


def test_a_question_and_its_answer_are_kept(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.streams(["Thirty", " days."])
    ask(client, conversation)
    assert said(client, conversation) == [("user", QUESTION), ("assistant", "Thirty days.")]


def test_of_an_answer_that_is_stopped_what_was_written_is_kept(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.streams(["Thirty", " days", " or so."])
    with client.post(conversation, json={"text": QUESTION}, buffered=False) as response:
        for _, event in zip(range(3), response.iter_encoded(), strict=False):
            assert event
    assert said(client, conversation) == [("user", QUESTION), ("assistant", "Thirty days")]


def test_of_an_answer_that_breaks_off_what_was_written_is_kept(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.breaks_off(["Thirty", " da"])
    text = ask(client, conversation).text
    assert events(text)[-1] == 'event: error\ndata: {"message": "The answer broke off."}'
    assert said(client, conversation) == [("user", QUESTION), ("assistant", "Thirty da")]


def test_the_model_is_given_the_passages_that_fit(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    ask(client, conversation, "Does the warranty cover water?")
    system = fake_together.chat.completions.create.calls[0].params["messages"][0]
    assert system["role"] == "system"
    assert "Warranty: Every device has a warranty of two years." in system["content"]


def test_of_the_nearest_passages_the_model_is_given_those_that_are_ranked_best(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    ranked = [{"index": index, "relevance_score": 1.0} for index in (2, 0)]
    fake_together.rerank.create.returns({"object": "rerank", "model": "m", "results": ranked})
    ask(client, conversation)
    asked = fake_together.rerank.create.calls[0].params
    assert (len(asked["documents"]), asked["top_n"]) == (8, 3)
    _, *passages = fake_together.chat.completions.create.calls[0].params["messages"][0]["content"].split("\n\n")
    assert [passage.partition(": ")[2] for passage in passages] == [asked["documents"][2], asked["documents"][0]]


def test_the_model_is_given_what_was_said_before(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.returns("Hello!")
    for text in ("Hi", QUESTION):
        ask(client, conversation, text)
    messages = fake_together.chat.completions.create.calls[1].params["messages"]
    assert [(message["role"], message["content"]) for message in messages[1:]] == [
        ("user", "Hi"),
        ("assistant", "Hello!"),
        ("user", QUESTION),
    ]


def test_of_a_long_conversation_the_model_is_given_the_end(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    fake_together.chat.completions.create.returns("Yes.")
    for number in range(7):
        ask(client, conversation, f"Question {number}?")
    messages = fake_together.chat.completions.create.calls[6].params["messages"]
    assert (len(messages), messages[1]["content"]) == (12, "Question 1?")


@pytest.mark.parametrize(
    ("error", "status"),
    [(RateLimitError, 429), (AuthenticationError, 502), (APIConnectionError, 502), (APITimeoutError, 504)],
)
def test_an_answer_that_does_not_begin_is_an_error_in_a_kind_sentence(
    client: FlaskClient, conversation: str, fake_together: FakeTogether, error: type[Exception], status: int
) -> None:
    fake_together.chat.completions.create.raises(error)
    response = ask(client, conversation)
    assert response.status_code == status
    assert "scripted" not in response.text


def test_a_question_that_could_not_be_answered_is_not_kept(
    client: FlaskClient, conversation: str, fake_together: FakeTogether
) -> None:
    fake_together.rerank.create.raises(RateLimitError)
    ask(client, conversation)
    assert said(client, conversation) == []


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_what_cannot_be_kept_closes_the_connection_to_the_api(database_url: str, role: str) -> None:
    refusal = f"BEFORE INSERT ON messages WHEN NEW.role = '{role}' BEGIN SELECT RAISE(ABORT, 'full'); END"
    upstream = Upstream()
    with EmulatorServer(upstream) as api:
        app = create_app({"DATABASE_URL": database_url, "TOGETHER": {"api_key": "a-key", "base_url": api.url}})
        with app.extensions["sessions"].begin() as session:
            session.execute(sqlalchemy.text(f"CREATE TRIGGER full {refusal}"))
        client = app.test_client()
        response = client.post(f"{client.get('/').location}/messages", json={"text": QUESTION})
        upstream.talk_on()
        with suppress(IntegrityError):
            list(islice(response.iter_encoded(), 3))
            response.close()
        assert upstream.left.wait(PATIENCE), "The connection to the API is still open"
        app.extensions["sessions"].kw["bind"].dispose()


@pytest.mark.parametrize("body", [{}, [], {"text": 1}, {"text": " "}, {"text": "a" * 2001}])
def test_what_is_no_question_is_refused(client: FlaskClient, conversation: str, body: object) -> None:
    response = client.post(conversation, json=body)
    assert (response.status_code, response.json) == (422, {"detail": "A question is a text of 1 to 2000 characters."})


def test_a_form_of_another_site_cannot_ask(client: FlaskClient, conversation: str) -> None:
    assert client.post(conversation, data={"text": QUESTION}).status_code == 415
