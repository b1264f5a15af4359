"""Which passages of the documents bear on a question."""

from __future__ import annotations

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from desk.models import Passage
from desk.passages import BEST, LENGTH, NEAREST, best_for, likeness, split
from pytest_django import Settings

from together_di.testing import FakeTogether
from together_di_django import get_async_together

pytestmark = [pytest.mark.django_db, pytest.mark.together]


def best(question: str) -> list[Passage]:
    """The passages for a question."""
    return async_to_sync(best_for)(get_async_together(), question)


@pytest.fixture
def documents(tmp_path: Path, settings: Settings) -> Path:
    """A folder with one document."""
    settings.DOCUMENTS = tmp_path
    (tmp_path / "pets.md").write_text("# Pets\n\nCats purr. Dogs bark.\n")
    return tmp_path


def test_passages_are_whole_sentences_of_some_length() -> None:
    sentence = "One two three four five six seven eight nine ten eleven."
    passages = split("# Numbers\n\n" + " ".join([sentence] * 10))
    assert all(title == "Numbers" and len(text) <= LENGTH and text.endswith("eleven.") for title, text in passages)
    assert " ".join(text for _, text in passages) == " ".join([sentence] * 10)


def test_a_sentence_that_is_too_long_is_a_passage_of_its_own() -> None:
    assert [len(text) for _, text in split("# Long\n\nShort. " + "a" * 500 + ". Short.")] == [6, 501, 6]


def test_a_document_without_text_has_no_passages() -> None:
    assert split("# Nothing\n\n") == []


def test_vectors_are_alike_as_far_as_they_point_the_same_way() -> None:
    assert [likeness([2, 0], other) for other in ([3, 0], [0, 1], [-1, 0], [0, 0])] == [1, 0, -1, 0]


def test_the_passages_that_bear_on_the_question_come_first() -> None:
    found = best("How long is the warranty of a device?")
    assert len(found) == BEST
    assert found[0].title == "Warranty"


def test_the_nearest_are_ranked_by_the_second_model(fake_together: FakeTogether) -> None:
    ranking = {"object": "rerank", "model": "m", "results": [{"index": 4, "relevance_score": 0.9}]}
    fake_together.rerank.create.returns(ranking)
    [found] = best("Do you take credit cards?")
    params = fake_together.rerank.create.calls[0].params
    assert len(params["documents"]) == NEAREST
    assert (params["top_n"], params["documents"][4]) == (BEST, found.text)


def test_the_documents_are_embedded_once(fake_together: FakeTogether) -> None:
    best("Cards?")
    best("Parcels?")
    sizes = [len(call.params["input"]) for call in fake_together.embeddings.create.calls]
    assert sizes == [Passage.objects.count(), 1, 1]


def test_a_document_that_changes_is_embedded_anew(documents: Path) -> None:
    best("Which animals purr?")
    (documents / "pets.md").write_text("# Pets\n\nLions purr.\n")
    assert [passage.text for passage in best("Which animals purr?")] == ["Lions purr."]


def test_another_embedding_model_has_vectors_of_its_own(documents: Path, settings: Settings) -> None:
    best("Which animals purr?")
    settings.EMBEDDING_MODEL = "another"
    best("Which animals purr?")
    assert set(Passage.objects.values_list("model", flat=True)) == {
        "intfloat/multilingual-e5-large-instruct",
        "another",
    }


def test_without_documents_nothing_is_found(documents: Path) -> None:
    (documents / "pets.md").unlink()
    assert best("Which animals purr?") == []
