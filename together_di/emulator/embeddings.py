"""`POST /v1/embeddings`: hashed words and character trigrams, so that similar texts lie near."""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from .exchange import Reply, Request, invalid, json_reply
from .generation import usage
from .parameters import Parameters
from .text import is_stop_word, stem, words

if TYPE_CHECKING:
    from collections.abc import Iterable

DIMENSIONS = 256

_STOP_WORD_WEIGHT = 0.1
_TRIGRAMS_WEIGHT = 0.7


def create_embeddings(request: Request) -> Reply:
    """Return a unit vector for each text."""
    parameters = Parameters.parse(request.body)
    model = parameters.text("model")
    parameters.required("input")
    texts = parameters.strings("input")
    if not texts:
        raise invalid("input", "`input` is empty: send a string or an array with at least one.")
    dimensions = parameters.integer("dimensions", minimum=1)
    if dimensions not in {None, DIMENSIONS}:
        raise invalid("dimensions", f"`dimensions` is {dimensions}: the emulator's vectors have {DIMENSIONS}.")
    packed = parameters.choice("encoding_format", {"float", "base64"}, "float") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
        for index, vector in enumerate(map(embed, texts))
    ]
    return json_reply({"object": "list", "model": model, "data": data, "usage": usage(texts, [])})


def embed(text: str) -> list[float]:
    """Return the unit vector of a text; one without words gives a fixed one."""
    vector = [0.0] * DIMENSIONS
    for word in words(text):
        for index, weight in _features(word):
            vector[index] += weight
    length = math.sqrt(sum([value * value for value in vector]))
    if not length:
        vector[0] = length = 1.0
    return [value / length for value in vector]


@lru_cache(maxsize=8192)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    """Return the places of a word and what it adds there: its stem, and trigrams for its relatives."""
    weight = _STOP_WORD_WEIGHT if is_stop_word(word) else 1.0
    root = stem(word)
    padded = f"^{root}$"
    trigrams = [padded[start : start + 3] for start in range(len(padded) - 2)]
    share = weight * _TRIGRAMS_WEIGHT / math.sqrt(len(trigrams) or 1)
    return (*_places([f"word {root}"], weight), *_places(trigrams, share))


def _places(features: Iterable[str], weight: float) -> list[tuple[int, float]]:
    # The sign comes from another bit of the hash, so that collisions cancel out on average.
    hashes = (crc32(feature.encode()) for feature in features)
    return [(number % DIMENSIONS, weight if number >> 31 else -weight) for number in hashes]


def _packed(vector: list[float]) -> str:
    return b64encode(struct.pack(f"<{DIMENSIONS}f", *vector)).decode()
