"""The documents that answers come from: cut into passages, with a vector for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import hypot
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from together_di import Together

from .models import Passage

DOCUMENTS = Path(__file__).with_name("documents")
LONGEST_PASSAGE = 200


def load_passages(session: Session, client: Together, model: str) -> list[Passage]:
    """The passages of all documents; vectors are made once for each text, and kept in the database."""
    wanted = list(dict.fromkeys(read_passages(DOCUMENTS)))
    known = _stored(session, model)
    missing = [passage for passage in wanted if passage not in known]
    if missing:
        _store(session, client, model, missing)
        known = _stored(session, model)
    return [known[passage] for passage in wanted]


def read_passages(folder: Path) -> Iterator[tuple[str, str]]:
    """Title and text of each passage of the Markdown files in `folder`."""
    for path in sorted(folder.glob("*.md")):
        heading, _, body = path.read_text(encoding="utf-8").partition("\n")
        title = heading.removeprefix("#").strip()
        for paragraph in filter(None, map(str.strip, body.split("\n\n"))):
            yield from ((title, text) for text in cut(paragraph))


def cut(paragraph: str, longest: int = LONGEST_PASSAGE) -> Iterator[str]:
    """The sentences of a paragraph, as many together as there is room for."""
    passage = ""
    for sentence in re.split(r"(?<=[.!?])\s+", paragraph):
        if passage and len(passage) + len(sentence) >= longest:
            yield passage
            passage = ""
        passage = f"{passage} {sentence}".lstrip()
    yield passage


def similarity(one: list[float], other: list[float]) -> float:
    """The cosine of the angle between two vectors: 1 if they point the same way."""
    return sum(a * b for a, b in zip(one, other, strict=True)) / (hypot(*one) * hypot(*other))


def _stored(session: Session, model: str) -> dict[tuple[str, str], Passage]:
    passages = session.scalars(select(Passage).where(Passage.model == model))
    return {(passage.title, passage.text): passage for passage in passages}


def _store(session: Session, client: Together, model: str, missing: list[tuple[str, str]]) -> None:
    answer = client.embeddings.create(model=model, input=[text for _, text in missing])
    for (title, text), item in zip(missing, answer.data, strict=True):
        session.add(Passage(model=model, title=title, text=text, embedding=item.embedding))
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # another worker was faster, and has stored the same
