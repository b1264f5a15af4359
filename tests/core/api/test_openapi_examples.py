"""The answers in the API's public description are read by our models, strictly.

`openapi_examples.json` has them; `extract_openapi_examples.py` says how it was made.
"""

from __future__ import annotations

import inspect
import json
import re
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import together
from pydantic import TypeAdapter, ValidationError

from together_di.decoding import Misfit, decoder
from together_di.endpoint import Method
from together_di.listing import methods
from together_di.namespaces import Namespaces

from ...fuzz.standards import is_kept

#: Methods of ours with other results than the models: arrays of vectors.
OTHER_RESULTS = {"embeddings.create_array"}

#: What is described, and the official SDK 3.1.1 has no method for: it asks `/v2` instead, or nobody.
WITHOUT_A_METHOD = {
    "GET /clusters/availability-zones",
    "GET /endpoints",
    "GET /endpoints/{endpointId}",
    "GET /evaluation/model-list",
    "GET /fine-tunes/models/supported",
    "GET /hardware",
    "GET /jobs",
    "GET /jobs/{jobId}",
    "GET /models",
    "GET /videos/{id}",
    "PATCH /endpoints/{endpointId}",
    "POST /endpoints",
    "POST /files/upload",  # `files.upload` sends more than this one request
    "POST /models",
    "POST /videos",
}

#: The description is older than the SDK 3.1.1, whose models require what it does not know: the first such field.
#: Ours require it, too, as the SDK speaks to the API of today.
CONTRADICTIONS = {
    "clusters.list": "clusters.0.add_ons",
    "clusters.create": "add_ons",
    "clusters.retrieve": "add_ons",
    "clusters.update": "add_ons",
    "clusters.list_regions": "regions.0.driver_versions.0.id",
    "fine_tuning.estimate_price": "AvailableEstimate.estimation_available",
    "fine_tuning.model_limits": "default_gradient_accumulation_steps",
    "fine_tuning.retrieve": "user_id",
    "post_training.sessions.list": "data.0.created_by",
    "post_training.sessions.create": "created_by",
    "post_training.sessions.retrieve": "created_by",
    "post_training.sessions.stop": "created_by",
    "post_training.operations.create_inference_checkpoint": "output.checkpoint",
    "post_training.operations.retrieve_inference_checkpoint": "output.checkpoint",
    "post_training.operations.create_training_checkpoint": "output.checkpoint",
    "post_training.operations.retrieve_training_checkpoint": "output.checkpoint",
    "post_training.operations.sample": "output.results",
    "post_training.operations.retrieve_sample": "output.results",
}


@dataclass(frozen=True)
class Described:
    """An answer, and the method of ours that gets it."""

    name: str
    number: int
    body: bytes

    @property
    def kind(self) -> Any:
        """What the method makes of it."""
        return declared(self.name).result

    def __str__(self) -> str:
        return f"{self.name}-{self.number}"


def declared(name: str) -> Method:
    """The declaration of a method of ours."""
    nobody: Any = None  # nothing is called
    resource: Any = Namespaces[Any](nobody)
    *namespaces, last = name.split(".")
    for namespace in namespaces:
        resource = getattr(resource, namespace)
    found = inspect.getattr_static(type(resource), last)
    assert isinstance(found, Method)
    return found


def operation(verb: str, path: str) -> str:
    """A verb and path, whatever the arguments in the path are called."""
    return re.sub(r"\{\w+\}", "{}", f"{verb} {path}")


def read() -> tuple[list[Described], set[str]]:
    """All answers that a method gets, and the operations that have none."""
    described = json.loads(Path(__file__).with_name("openapi_examples.json").read_text())["answers"]
    known: dict[str, list[str]] = {}
    for method in methods():
        if method.name not in OTHER_RESULTS and declared(method.name).result is not bytes:
            known.setdefault(operation(method.verb, method.path), []).append(method.name)
    found: list[Described] = []
    without: set[str] = set()
    for number, answer in enumerate(described):
        names = known.get(operation(answer["method"], f"/v1{answer['path']}"), [])
        found += [Described(name, number, json.dumps(answer["body"]).encode()) for name in names]
        if not names:
            without.add(f"{answer['method']} {answer['path']}")
    return found, without


def shown(value: Any) -> Any:
    """What a model has of an answer, as JSON."""
    text = TypeAdapter(Any).dump_json(value, by_alias=True, exclude_unset=True, warnings=False).decode()
    return json.loads(re.sub(r"(\.\d{3})000Z", r"\1Z", text))  # microseconds; the API writes milliseconds


ANSWERS, WITHOUT = read()
every_answer = pytest.mark.parametrize("answer", ANSWERS, ids=str)
fitting = pytest.mark.parametrize("answer", [one for one in ANSWERS if one.name not in CONTRADICTIONS], ids=str)
contradicting = pytest.mark.parametrize("answer", [one for one in ANSWERS if one.name in CONTRADICTIONS], ids=str)


def test_what_has_no_method_is_known() -> None:
    assert WITHOUT == WITHOUT_A_METHOD


def test_every_contradiction_is_described() -> None:
    assert CONTRADICTIONS.keys() <= {answer.name for answer in ANSWERS}


@fitting
def test_an_answer_is_read_strictly(answer: Described) -> None:
    assert is_kept(json.loads(answer.body), shown(decoder(answer.kind, strict=True)(answer.body)))


@contradicting
def test_an_answer_without_what_the_sdk_requires_is_not(answer: Described) -> None:
    with pytest.raises(Misfit, match=f"^{re.escape(CONTRADICTIONS[answer.name])}: Field required"):
        decoder(answer.kind, strict=True)(answer.body)


@contradicting
def test_the_official_models_refuse_it_for_the_same_reason(answer: Described) -> None:
    method: Any = together.Together(api_key="k")
    for part in answer.name.split("."):
        method = getattr(method, part)
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(typing.get_type_hints(method)["return"]).validate_json(answer.body)
    missing = [".".join(map(str, error["loc"])) for error in caught.value.errors() if error["type"] == "missing"]
    assert CONTRADICTIONS[answer.name] in missing


@every_answer
def test_an_answer_is_read_whatever_it_lacks(answer: Described) -> None:
    assert is_kept(json.loads(answer.body), shown(decoder(answer.kind, strict=False)(answer.body)))
