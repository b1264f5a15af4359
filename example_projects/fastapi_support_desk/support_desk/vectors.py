"""Texts as vectors, which point the same way when the texts are alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from together_di import AsyncTogether

from .database import Sessions
from .models import StoredVector


class Vectors:
    """Makes vectors, and keeps those of the documents.

    Args:
        sessions: Where they are kept.
        client: Makes them.
        model: With this model.
    """

    def __init__(self, sessions: Sessions, client: AsyncTogether, model: str) -> None:
        self._sessions = sessions
        self._client = client
        self._model = model

    async def of(self, text: str) -> list[float]:
        """The vector of a text, made anew."""
        answer = await self._client.embeddings.create(model=self._model, input=text)
        return answer.data[0].embedding

    async def kept(self, texts: Sequence[str]) -> dict[str, list[float]]:
        """The vectors of these texts: each is made once, and then found in the database."""
        known = await self._find(texts)
        if missing := [text for text in texts if text not in known]:
            answer = await self._client.embeddings.create(model=self._model, input=missing)
            made = {text: item.embedding for text, item in zip(missing, answer.data, strict=True)}
            await self._keep(made)
            known |= made
        return known

    async def _find(self, texts: Sequence[str]) -> dict[str, list[float]]:
        wanted = select(StoredVector).where(StoredVector.model == self._model, StoredVector.text.in_(texts))
        async with self._sessions() as session:
            return {found.text: found.vector for found in await session.scalars(wanted)}

    async def _keep(self, made: dict[str, list[float]]) -> None:
        try:
            async with self._sessions.begin() as session:
                session.add_all(StoredVector(model=self._model, text=text, vector=made[text]) for text in made)
        except IntegrityError:
            pass  # another request was faster, and has kept the same


def similarity(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of the angle between two vectors: 1 if they point the same way."""
    return math.fsum(map(mul, one, other)) / (math.hypot(*one) * math.hypot(*other))
