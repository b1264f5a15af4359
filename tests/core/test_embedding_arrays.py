"""Embeddings as a numpy array."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from together_di import APIResponseValidationError, Together

from .support.http_server import HTTPServer, answer
from .support.sides import KEY, OpenSide, both_sides

ASK: dict[str, Any] = {"model": "m", "input": ["a", "b"]}


def vectors(*rows: object) -> dict[str, object]:
    """The body of an answer, its entries in reverse order."""
    entries = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    return {"object": "list", "model": "m", "data": entries[::-1]}


@both_sides
def test_each_text_is_a_row_in_the_order_of_the_texts(open_side: OpenSide) -> None:
    with HTTPServer(answer(vectors([1, 0.5], [-2.25, 1e-3]))) as server, open_side(server.url) as side:
        rows = side.call(lambda client: client.embeddings.create_array(**ASK))
    assert (rows.dtype, rows.tolist()) == (np.float32, np.array([[1, 0.5], [-2.25, 1e-3]], dtype=np.float32).tolist())


def test_the_numbers_are_those_of_create() -> None:
    client = Together(api_key=KEY, transport="embedded")
    lists = [entry.embedding for entry in client.embeddings.create(**ASK).data]
    assert np.array_equal(client.embeddings.create_array(**ASK), np.array(lists, dtype=np.float32))


def test_no_texts_are_no_rows() -> None:
    with HTTPServer(answer(vectors())) as server, Together(api_key=KEY, base_url=server.url) as client:
        assert client.embeddings.create_array(**ASK).shape == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": 3},
        {"data": [{}]},
        vectors([1.0], [1.0, 2.0]),
        vectors(["a"]),
        {"data": ""},
        vectors([[1.0, 2.0], [3.0]]),
        vectors([1e300]),
        {**vectors([1.0]), "usage": {"total_tokens": 10**30}},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]},
    ],
)
def test_what_is_no_table_of_numbers_is_a_typed_error(body: dict[str, object]) -> None:
    with HTTPServer(answer(body)) as server:
        client = Together(api_key=KEY, base_url=server.url)
        with client, pytest.raises(APIResponseValidationError, match=r"vector|no list"):
            client.embeddings.create_array(**ASK)


def test_without_the_extra_nothing_is_sent_and_the_error_says_what_to_install() -> None:
    program = """
import sys
sys.modules["simdjson"] = None
from together_di import ConfigurationError, Together
try:
    Together(api_key="k", base_url="http://127.0.0.1:9").embeddings.create_array(model="m", input="a")
except ConfigurationError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert 'needs simdjson: pip install "together-di[numpy]"' in done.stdout
