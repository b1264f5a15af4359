"""The documents that answers come from, cut into passages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_PASSAGE = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document.

    Attributes:
        title: The title of the document.
        text: A few whole sentences.
    """

    title: str
    text: str


def read_passages(folder: Path) -> list[Passage]:
    """The passages of all Markdown files in `folder`; the first line of each is its title."""
    return [passage for path in sorted(folder.glob("*.md")) for passage in _passages(path.read_text(encoding="utf-8"))]


def _passages(document: str) -> Iterator[Passage]:
    heading, _, body = document.partition("\n")
    for paragraph in filter(None, map(str.strip, body.split("\n\n"))):
        for text in cut(paragraph):
            yield Passage(heading.lstrip("# "), text)


def cut(paragraph: str, longest: int = LONGEST_PASSAGE) -> Iterator[str]:
    """The sentences of a paragraph, as many together as there is room for."""
    passage = ""
    for sentence in re.split(r"(?<=[.!?])\s+", paragraph):
        if passage and len(passage) + len(sentence) >= longest:
            yield passage
            passage = ""
        passage = f"{passage} {sentence}".lstrip()
    yield passage
