"""How a question is answered: find the passages that fit, and have a model answer from them."""

from __future__ import annotations

from collections.abc import Sequence

from together_di import AsyncStream, AsyncTogether
from together_di.types import ChatCompletionChunk, ChatCompletionMessageParam

from .documents import Passage
from .models import Message
from .settings import Settings
from .vectors import Vectors, similarity

NEAREST = 8
BEST = 3

INSTRUCTIONS = """You are the support desk of an online shop. Answer briefly, and only from the following passages. \
If you cannot find the answer there, say so and offer to ask a colleague."""


class Assistant:
    """Answers questions from the documents.

    Args:
        client: Asks the models.
        vectors: Those of the documents.
        passages: All of the documents.
        settings: Say which models.
    """

    def __init__(
        self, client: AsyncTogether, vectors: Vectors, passages: Sequence[Passage], settings: Settings
    ) -> None:
        self._client = client
        self._vectors = vectors
        self._passages = passages
        self._settings = settings

    async def find(self, question: str) -> list[Passage]:
        """The passages that fit best, the best one first."""
        nearest = await self._nearest(question)
        ranking = await self._client.rerank.create(
            model=self._settings.rerank_model,
            query=question,
            documents=[passage.text for passage in nearest],
            top_n=BEST,
        )
        return [nearest[result.index] for result in ranking.results]

    async def _nearest(self, question: str) -> list[Passage]:
        vectors = await self._vectors.kept([passage.text for passage in self._passages])
        asked = await self._vectors.of(question)
        by_similarity = sorted(self._passages, key=lambda passage: -similarity(vectors[passage.text], asked))
        return by_similarity[:NEAREST]

    async def answer(
        self, messages: Sequence[Message], passages: Sequence[Passage]
    ) -> AsyncStream[ChatCompletionChunk]:
        """The answer to the last of the messages, as it is written."""
        excerpts = [f"# {passage.title}\n{passage.text}" for passage in passages]
        system: ChatCompletionMessageParam = {"role": "system", "content": "\n\n".join([INSTRUCTIONS, *excerpts])}
        return await self._client.chat.completions.create(
            model=self._settings.chat_model, messages=[system, *map(_as_sent, messages)], stream=True
        )


def _as_sent(message: Message) -> ChatCompletionMessageParam:
    # Spelt out, as type checkers take these for two different types.
    if message.role == "user":
        return {"role": "user", "content": message.text}
    return {"role": "assistant", "content": message.text}
