"""The pages, and who may not see them."""

from __future__ import annotations

import re
import uuid

import pytest
from desk.models import Conversation
from django.core.management import call_command
from django.test import Client

from .visitors import Visitor


@pytest.mark.django_db
def test_the_first_page_begins_a_conversation() -> None:
    response = Client().get("/")
    assert response["Location"] == f"/conversations/{Conversation.objects.get().pk}"


@pytest.mark.django_db
def test_each_visit_to_the_first_page_begins_another() -> None:
    assert Client().get("/")["Location"] != Client().get("/")["Location"]


def test_the_page_of_a_conversation_is_there(visitor: Visitor) -> None:
    assert b'<form id="ask">' in visitor.get(visitor.address).body


def test_a_new_conversation_is_empty(visitor: Visitor) -> None:
    assert visitor.get(f"{visitor.address}/messages").json() == {"messages": []}


@pytest.mark.parametrize("path", ["", "/messages"])
def test_a_conversation_that_is_not_there_is_not_found(visitor: Visitor, path: str) -> None:
    reply = visitor.get(f"/conversations/{uuid.uuid4()}{path}")
    assert (reply.status, reply.json()) == (404, {"detail": "There is no such conversation."})


def test_a_question_in_a_conversation_that_is_not_there_is_not_found(visitor: Visitor) -> None:
    assert visitor.post(f"/conversations/{uuid.uuid4()}/messages", '{"text": "Hi"}').status == 404


def test_a_question_from_another_site_is_refused(visitor: Visitor) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"{visitor.address}/messages", {"text": "Hi"}, "application/json").status_code == 403


def test_a_question_with_the_token_of_the_page_is_answered(visitor: Visitor) -> None:
    client = Client(enforce_csrf_checks=True)
    found = re.search(r'name="csrf" content="(\w+)"', client.get(visitor.address).content.decode())
    assert found is not None
    response = client.post(
        f"{visitor.address}/messages", {"text": "Hi"}, "application/json", headers={"X-CSRFToken": found[1]}
    )
    assert response.status_code == 200
    response.close()


@pytest.mark.django_db
def test_the_migrations_say_all_that_the_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
