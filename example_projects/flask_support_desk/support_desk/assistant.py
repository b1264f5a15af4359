"""How a question is answered: find the passages that fit, and have a model answer from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from together_di import Stream, Together
from together_di.types import ChatCompletionChunk, ChatCompletionMessageParam

from .knowledge import load_passages, similarity
from .models import Message, Passage

NEAREST = 8
BEST = 3

INSTRUCTIONS = """You are the support desk of an online shop. Answer briefly, and only from the following passages. \
If they do not answer the question, say so and offer to pass it on to a colleague."""


class Assistant:
    """Answers questions from the documents.

    Args:
        client: Asks the models.
        session: Where the passages are kept.
        config: Says which models: `CHAT_MODEL`, `EMBEDDING_MODEL`, `RERANK_MODEL`.
    """

    def __init__(self, client: Together, session: Session, config: Mapping[str, Any]) -> None:
        self._client = client
        self._session = session
        self._config = config

    def find(self, question: str) -> list[Passage]:
        """The passages that fit best, the best one first."""
        model = self._config["EMBEDDING_MODEL"]
        passages = load_passages(self._session, self._client, model)
        if not passages:
            return []
        asked = self._client.embeddings.create(model=model, input=question).data[0].embedding
        passages.sort(key=lambda passage: similarity(passage.embedding, asked), reverse=True)
        return self._rerank(question, passages[:NEAREST])

    def _rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        ranking = self._client.rerank.create(
            model=self._config["RERANK_MODEL"],
            query=question,
            documents=[passage.text for passage in passages],
            top_n=BEST,
        )
        return [passages[result.index] for result in ranking.results]

    def answer(
        self, question: str, earlier: Sequence[Message], passages: Sequence[Passage]
    ) -> Stream[ChatCompletionChunk]:
        """The answer, as it is written."""
        texts = [f"{passage.title}: {passage.text}" for passage in passages]
        return self._client.chat.completions.create(
            model=self._config["CHAT_MODEL"],
            messages=[
                {"role": "system", "content": "\n\n".join([INSTRUCTIONS, *texts])},
                *map(_as_sent, earlier),
                {"role": "user", "content": question},
            ],
            stream=True,
        )


def _as_sent(message: Message) -> ChatCompletionMessageParam:
    # Spelt out, as type checkers take these for two different types.
    if message.role == "user":
        return {"role": "user", "content": message.text}
    return {"role": "assistant", "content": message.text}
