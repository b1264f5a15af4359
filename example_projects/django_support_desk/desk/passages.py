"""The documents in passages, and which of them bear on a question."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from together_di import AsyncTogether

from .models import Passage

#: A passage is whole sentences of about this many characters: enough to say something, and about one thing.
LENGTH = 200
NEAREST = 8
BEST = 3


def split(document: str) -> list[tuple[str, str]]:
    """The passages of a Markdown document, each with the document's title."""
    heading, _, body = document.partition("\n")
    passages: list[str] = []
    for sentence in filter(None, re.split(r"(?<=[.!?])\s+", body.strip())):
        if passages and len(passages[-1]) + len(sentence) < LENGTH:
            passages[-1] += f" {sentence}"
        else:
            passages.append(sentence)
    return [(heading.lstrip("# "), passage) for passage in passages]


def read(folder: Path) -> list[tuple[str, str]]:
    """The passages of all documents in a folder."""
    return [passage for path in sorted(folder.glob("*.md")) for passage in split(path.read_text(encoding="utf-8"))]


async def indexed(client: AsyncTogether) -> list[Passage]:
    """The passages of the documents as they are now. Only those that are new, or have changed, are embedded."""
    texts = await asyncio.to_thread(read, settings.DOCUMENTS)
    known = {
        (passage.title, passage.text): passage
        async for passage in Passage.objects.filter(model=settings.EMBEDDING_MODEL)
    }
    if new := [text for text in texts if text not in known]:
        vectors = await embedded(client, [f"{title}\n{text}" for title, text in new])
        made = [
            Passage(title=title, text=text, model=settings.EMBEDDING_MODEL, vector=vector)
            for (title, text), vector in zip(new, vectors, strict=True)
        ]
        # Two first questions at the same time may both bring them: they are then stored twice, and used once.
        await Passage.objects.abulk_create(made)
        known |= {(passage.title, passage.text): passage for passage in made}
    return [known[text] for text in texts]


async def embedded(client: AsyncTogether, texts: Sequence[str]) -> list[list[float]]:
    """A vector for each text."""
    answer = await client.embeddings.create(model=settings.EMBEDDING_MODEL, input=texts)
    return [item.embedding for item in answer.data]


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """How near two vectors are, from -1 to 1 (the cosine of the angle between them)."""
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / (math.hypot(*one) * math.hypot(*other) or 1.0)


async def best_for(client: AsyncTogether, question: str) -> list[Passage]:
    """The passages that bear on a question, the best first: the nearest by their vectors, ranked by a second model."""
    passages = await indexed(client)
    [vector] = await embedded(client, [question])
    nearest = sorted(passages, key=lambda passage: likeness(passage.vector, vector), reverse=True)[:NEAREST]
    if not nearest:
        return []
    ranking = await client.rerank.create(
        model=settings.RERANK_MODEL, query=question, documents=[passage.text for passage in nearest], top_n=BEST
    )
    return [nearest[result.index] for result in ranking.results]
