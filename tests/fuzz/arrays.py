"""Embeddings as an array: what the answer says, by way of `json` and numpy."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from together_di import APIResponseValidationError

from .cutting import Check, cut
from .network import Answer, Network, open_client, outcome
from .standards import NotJSON, UnclearError, json_value

LARGEST = float(np.finfo(np.float32).max)


def rows(data: bytes) -> list[list[float]] | None:
    """The vectors in an answer, in their order; `None` if there is no table of numbers in it.

    Raises:
        UnclearError: It is not as documented, and yet may be read.
    """
    try:
        value = json_value(data)
    except NotJSON:
        return None
    entries = value.get("data") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not all(_is_entry(entry) for entry in entries):
        return None
    if any(type(entry.get("index")) is not int for entry in entries):
        raise UnclearError("the order is not said")
    by_index = {entry["index"]: entry["embedding"] for entry in entries}
    if len(by_index) < len(entries) or len(set(map(len, by_index.values()))) > 1:
        return None
    if any(abs(number) > LARGEST for row in by_index.values() for number in row):
        raise UnclearError("a number that the array cannot hold")
    return [by_index[index] for index in sorted(by_index)]


def _is_entry(entry: Any) -> bool:
    numbers = entry.get("embedding") if isinstance(entry, dict) else None
    return isinstance(numbers, list) and all(type(number) in {int, float} for number in numbers)


def open_array(_: ExitStack) -> Check:
    """Vectors become the array that numpy makes of them; what is no table of numbers is a typed error."""
    network = Network()
    client = open_client(network)

    def check(data: bytes) -> None:
        network.answer = Answer(cut(data))
        result = outcome(lambda: client.embeddings.create_array(model="m", input="a"))
        assert type(result) in {np.ndarray, APIResponseValidationError}
        try:
            expected = rows(b"".join(network.answer.pieces))
        except UnclearError:
            return
        if expected is None:
            assert type(result) is APIResponseValidationError
        else:
            assert result.dtype == np.float32
            assert result.tolist() == np.array(expected, dtype=np.float32).tolist()

    return check
