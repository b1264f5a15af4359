"""Words, sentences and tokens: the little language the emulator knows."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Scripts that write without spaces: each character is a word of its own.
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_TOKEN = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s])|\s+$")
_PIECE = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)|\s+$")
_WRAPPED_LINE = re.compile(r"(?<=\S)[ \t]*\n(?=[^\W\d_A-Z])")
_SENTENCE_END = re.compile(
    r"\n+|(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\b[A-Z]\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bvs\.)"
    r"[ \t]+|(?<=[。！？])"  # noqa: RUF001
)

_STOP_WORD_LIST = """
a about above after again all also am an and any are as at be because been before being below between
both but by can could did do does doing down during each few for from further give had has have having he
her here hers him his how i if in into is it its just let like many may me might more most much my no nor
not now of off on once only or other our out over own please same shall she should so some such than that
the their them then there these they this those through to too under until up upon us very was we were
what when where which while who whom whose why will with would you your yours s t d ll m re ve tell say
know want need
"""
_STOP_WORDS = frozenset(_STOP_WORD_LIST.split())
_IRREGULAR_STEMS = {"children": "child", "people": "person", "men": "man", "women": "woman", "mice": "mouse"}
_SUFFIXES = (
    ("ational", "ate"),
    ("ization", "ize"),
    ("isation", "ize"),
    ("fulness", "ful"),
    ("iveness", "ive"),
    ("ements", ""),
    ("ement", ""),
    ("ments", ""),
    ("ment", ""),
    ("ingly", ""),
    ("edly", ""),
    ("ness", ""),
    ("ies", "y"),
    ("ied", "y"),
    ("ing", ""),
    ("ers", ""),
    ("ed", ""),
    ("er", ""),
    ("ly", ""),
    ("es", ""),
    ("s", ""),
)


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return _WORD.findall(text.lower())


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Return a rough stem, so that `returned`, `returns` and `returning` meet."""
    if word in _IRREGULAR_STEMS:
        return _IRREGULAR_STEMS[word]
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: -len(suffix)] + replacement
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def is_stop_word(word: str) -> bool:
    """Return whether a word says nothing about the subject."""
    return word in _STOP_WORDS


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order."""
    return [stem(word) for word in words(text) if word not in _STOP_WORDS]


def sentences(text: str) -> list[str]:
    """Split a text into sentences; a list item counts as one, a Markdown heading does not."""
    joined = _WRAPPED_LINE.sub(" ", text)
    parts = (part.strip() for part in _SENTENCE_END.split(joined))
    stripped = (part.lstrip("-*•> \t") for part in parts if not part.startswith("#"))
    return [part for part in stripped if part]


def tokens(text: str) -> list[str]:
    """Split a text into tokens: a word or one punctuation mark, with the space before it."""
    return _TOKEN.findall(text)


def token_count(text: str) -> int:
    """Return the number of tokens of a text."""
    return len(_TOKEN.findall(text))


def pieces(text: str) -> list[str]:
    """Split a text into what a stream sends at a time: a word, with the space before it."""
    return _PIECE.findall(text)


def token_id(token: str) -> int:
    """Return the number of a token in an imagined vocabulary of 2**17 tokens."""
    return crc32(token.encode()) & 0x1FFFF


def token_logprob(token: str) -> float:
    """Return the log probability of a token: invented, yet always the same."""
    return -round((crc32(token.encode()) >> 17) % 1000 / 2000, 4)


class Rarity:
    """How much a shared word weighs: the fewer of the texts hold it, the more."""

    __slots__ = ("_found", "_total")

    def __init__(self, texts: Sequence[Iterable[str]]) -> None:
        self._total = len(texts)
        self._found = Counter(word for text in texts for word in set(text))

    def weight(self, word: str) -> float:
        """Return the weight of a stem; one that no text holds weighs most."""
        return math.log(1.0 + (self._total + 1) / (self._found[word] + 0.5))

    def coverage(self, query: set[str], text: set[str]) -> float:
        """Return which part of the query's weight the text holds, from 0 to 1."""
        total = sum(self.weight(word) for word in query)
        return sum(self.weight(word) for word in query & text) / total if total else 0.0
