from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api

RERANK = "/v1/rerank"
ANIMALS = [
    {"title": "Llama", "text": "A camelid used as a pack animal in the Andes."},
    {"title": "Panda", "text": "A bear native to China that eats bamboo."},
    {"title": "Camel", "text": "An animal with humps."},
]


def test_the_document_that_shares_rare_words_comes_first(api: Api) -> None:
    reply = api.post(RERANK, model="m", query="Which animal eats bamboo?", documents=[a["text"] for a in ANIMALS])
    scores = [result["relevance_score"] for result in reply["results"]]
    assert reply["results"][0]["index"] == 1
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_top_n_limits_the_results(api: Api) -> None:
    assert len(api.post(RERANK, model="m", query="bear", documents=["a", "b", "c"], top_n=2)["results"]) == 2


def test_rank_fields_choose_what_counts(api: Api) -> None:
    by_title = api.post(RERANK, model="m", query="llama", documents=ANIMALS, rank_fields=["title"])
    by_text = api.post(RERANK, model="m", query="llama", documents=ANIMALS, rank_fields=["text"])
    assert by_title["results"][0]["index"] == 0
    assert by_title["results"][0]["relevance_score"] == 1.0
    assert {result["relevance_score"] for result in by_text["results"]} == {0.0}


def test_documents_come_back_when_asked_for(api: Api) -> None:
    plain = api.post(RERANK, model="m", query="llama", documents=ANIMALS)
    full = api.post(RERANK, model="m", query="llama", documents=ANIMALS, return_documents=True)
    assert plain["results"][0]["document"] == {}
    assert json.loads(full["results"][0]["document"]["text"]) == ANIMALS[0]


def test_a_document_of_another_type_is_refused(api: Api) -> None:
    assert api.refused(RERANK, model="m", query="q", documents=["a", 3])["param"] == "documents.1"


def test_no_documents_are_refused(api: Api) -> None:
    assert api.refused(RERANK, model="m", query="q", documents=[])["param"] == "documents"
