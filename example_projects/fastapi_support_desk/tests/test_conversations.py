"""Conversations: how they begin, and what is kept of them."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from together_di.testing import FakeTogether

LARGER_THAN_THE_DATABASE_CAN_COUNT = 2**63


def test_the_first_page_starts_a_conversation(client: TestClient) -> None:
    response = client.get("/", follow_redirects=False)
    assert response.status_code == 303
    assert client.get(f"{response.headers['location']}/messages").json() == {"messages": []}


def test_every_visit_is_a_conversation_of_its_own(client: TestClient) -> None:
    locations = {client.get("/", follow_redirects=False).headers["location"] for _ in range(2)}
    assert len(locations) == 2


def test_the_page_of_a_conversation_is_served_with_its_script(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert 'src="/static/chat.js"' in page.text
    assert client.get("/static/chat.js").status_code == 200


def test_behind_a_prefix_all_addresses_have_it(app: FastAPI, fake_together: FakeTogether) -> None:
    with TestClient(app, root_path="/desk") as client:
        page = client.get("/desk/")
    assert page.url.path == "/desk/conversations/1"
    assert 'src="/desk/static/chat.js"' in page.text
    assert 'href="/desk/"' in page.text


@pytest.mark.parametrize("number", [99, 0, -1, LARGER_THAN_THE_DATABASE_CAN_COUNT])
@pytest.mark.parametrize("path", ["/conversations/{}", "/conversations/{}/messages"])
def test_a_conversation_that_is_not_there_is_not_found(client: TestClient, path: str, number: int) -> None:
    response = client.get(path.format(number))
    assert response.status_code == 404
    assert response.json() == {"detail": "There is no such conversation."}


def test_a_question_in_a_conversation_that_is_not_there_asks_nobody(
    client: TestClient, fake_together: FakeTogether
) -> None:
    response = client.post("/conversations/99/messages", json={"text": "Hello?"})
    assert response.status_code == 404
    assert not fake_together.calls


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_empty_or_endless_question_is_refused(client: TestClient, messages: str, text: str) -> None:
    assert client.post(messages, json={"text": text}).status_code == 422
    assert client.get(messages).json() == {"messages": []}


def test_question_and_answer_are_kept(client: TestClient, messages: str, fake_together: FakeTogether) -> None:
    fake_together.chat.completions.create.streams(["Within ", "30 days."])
    client.post(messages, json={"text": "How long can I return things?"})
    assert client.get(messages).json()["messages"] == [
        {"role": "user", "text": "How long can I return things?"},
        {"role": "assistant", "text": "Within 30 days."},
    ]


def test_conversations_do_not_mix(client: TestClient, messages: str) -> None:
    other = f"{client.get('/', follow_redirects=False).headers['location']}/messages"
    client.post(messages, json={"text": "Do you take credit cards?"})
    assert client.get(other).json() == {"messages": []}
