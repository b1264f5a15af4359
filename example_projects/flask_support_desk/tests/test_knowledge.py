"""The documents, and the vectors of their passages."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support_desk import knowledge
from support_desk.database import get_session
from support_desk.knowledge import cut, load_passages, read_passages, similarity
from support_desk.models import Passage

from together_di.testing import FakeTogether


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of documents, instead of the shop's."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "orders.md").write_text("# Orders\n\nWe send at once.\n\nWe send abroad.\n")
    monkeypatch.setattr(knowledge, "DOCUMENTS", folder)
    return folder


def embedded(fake_together: FakeTogether) -> list[object]:
    return [call.params["input"] for call in fake_together.embeddings.create.calls]


def test_each_paragraph_is_a_passage_under_the_title_of_its_document(documents: Path) -> None:
    assert list(read_passages(documents)) == [("Orders", "We send at once."), ("Orders", "We send abroad.")]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    assert list(cut("One two. Three four! Five?", longest=21)) == ["One two. Three four!", "Five?"]


def test_a_sentence_that_is_too_long_stays_whole() -> None:
    assert list(cut("One two three four. Five.", longest=10)) == ["One two three four.", "Five."]


def test_vectors_are_similar_if_they_point_the_same_way() -> None:
    assert similarity([3.0, 4.0], [6.0, 8.0]) == pytest.approx(1)
    assert similarity([1.0, 0.0], [0.0, 1.0]) == 0


def test_passages_are_embedded_once(client: FlaskClient, conversation: str, fake_together: FakeTogether) -> None:
    for text in ("When is my card charged?", "Do you take invoices?"):
        client.post(conversation, json={"text": text}, buffered=True)
    passages, *questions = embedded(fake_together)
    assert isinstance(passages, list)
    assert questions == ["When is my card charged?", "Do you take invoices?"]


def test_of_a_changed_document_only_what_is_new_is_embedded(
    app: Flask, documents: Path, fake_together: FakeTogether
) -> None:
    with app.app_context():
        load_passages(get_session(), fake_together, "m")
        (documents / "orders.md").write_text("# Orders\n\nWe send abroad.\n\nWe send by ship.\n")
        passages = load_passages(get_session(), fake_together, "m")
    assert embedded(fake_together)[1:] == [["We send by ship."]]
    assert [passage.text for passage in passages] == ["We send abroad.", "We send by ship."]


@pytest.mark.usefixtures("documents")
def test_another_model_makes_vectors_of_its_own(app: Flask, fake_together: FakeTogether) -> None:
    with app.app_context():
        for model in ("small", "large"):
            load_passages(get_session(), fake_together, model)
    assert [call.params["model"] for call in fake_together.embeddings.create.calls] == ["small", "large"]


@pytest.mark.usefixtures("documents")
def test_two_workers_that_embed_at_once_store_each_passage_once(app: Flask, fake_together: FakeTogether) -> None:
    sessions = app.extensions["sessions"]

    def be_slower(_: object) -> list[list[float]]:
        fake_together.embeddings.create.returns([[1.0], [2.0]])
        with sessions() as faster:
            load_passages(faster, fake_together, "m")
        return [[3.0], [4.0]]

    fake_together.embeddings.create.replies(be_slower)
    session: Session
    with sessions() as session:
        passages = load_passages(session, fake_together, "m")
        assert [passage.embedding for passage in passages] == [[1.0], [2.0]]
        assert session.scalar(select(func.count()).select_from(Passage)) == 2


@pytest.mark.usefixtures("documents")
def test_a_document_of_several_passages_is_named_once(client: FlaskClient, conversation: str) -> None:
    response = client.post(conversation, json={"text": "Do you send abroad?"}, buffered=True)
    assert response.text.startswith('event: sources\ndata: ["Orders"]\n\n')


def test_without_documents_a_question_is_still_answered(
    client: FlaskClient, conversation: str, documents: Path, fake_together: FakeTogether
) -> None:
    (documents / "orders.md").unlink()
    response = client.post(conversation, json={"text": "Hi"}, buffered=True)
    assert response.text.startswith("event: sources\ndata: []\n\n")
    fake_together.rerank.create.assert_not_called()
