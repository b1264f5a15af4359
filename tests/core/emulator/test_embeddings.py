from __future__ import annotations

import math
import struct
from base64 import b64decode

import pytest

from tests.core.emulator.conftest import Api

EMBEDDINGS = "/v1/embeddings"


def embed(api: Api, *texts: str) -> list[list[float]]:
    return [item["embedding"] for item in api.post(EMBEDDINGS, model="m", input=list(texts))["data"]]


def similarity(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))


def test_one_text_gives_one_unit_vector(api: Api) -> None:
    reply = api.post(EMBEDDINGS, model="m", input="A cat sat.")
    vector = reply["data"][0]["embedding"]
    assert len(vector) == 256
    assert math.isclose(similarity(vector, vector), 1.0)
    assert reply["usage"] == {"prompt_tokens": 4, "completion_tokens": 0, "total_tokens": 4}


def test_texts_keep_their_order(api: Api) -> None:
    data = api.post(EMBEDDINGS, model="m", input=["a", "b", "c"])["data"]
    assert [item["index"] for item in data] == [0, 1, 2]


def test_the_vector_of_a_text_never_changes(api: Api) -> None:
    vector = embed(api, "Hello, world")[0]
    assert vector == embed(Api(), "Hello, world")[0]
    # Pinned: a stored index has to stay usable after an upgrade, and under any PYTHONHASHSEED.
    assert [index for index, value in enumerate(vector) if abs(value) > 0.5] == [84, 145]


def test_similar_texts_lie_nearer_than_others(api: Api) -> None:
    query, near, far = embed(
        api,
        "How do I return a damaged item?",
        "Damaged items can be returned within 30 days.",
        "Our office in Basel opens at nine.",
    )
    assert similarity(query, near) > 0.4 > 0.2 > similarity(query, far)


def test_word_forms_are_relatives(api: Api) -> None:
    first, second, other = embed(api, "photograph", "photography", "weather")
    assert similarity(first, second) > 0.2 > similarity(first, other)


def test_base64_holds_the_same_numbers(api: Api) -> None:
    packed = api.post(EMBEDDINGS, model="m", input="Hi", encoding_format="base64")["data"][0]["embedding"]
    numbers = struct.unpack("<256f", b64decode(packed))
    assert all(abs(a - b) < 1e-6 for a, b in zip(numbers, embed(api, "Hi")[0], strict=True))


def test_a_text_without_words_has_a_unit_vector_too(api: Api) -> None:
    vector = embed(api, "")[0]
    assert similarity(vector, vector) == 1.0


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": [1]}, "input.0"),
        ({"input": {}}, "input"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "x", "dimensions": 64}, "dimensions"),
    ],
)
def test_refuses_a_value_and_names_the_parameter(api: Api, params: dict[str, object], param: str) -> None:
    assert api.refused(EMBEDDINGS, model="m", **params)["param"] == param
