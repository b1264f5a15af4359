"""Types of `client.embeddings`: https://docs.together.ai/reference/embeddings-2."""

from typing import Literal

from ._base import BaseModel
from .shared import Usage

__all__ = ["Embedding", "EmbeddingData"]


class EmbeddingData(BaseModel):
    """The vector of one text; shape `(dimensions,)`."""

    index: int
    object: Literal["embedding"]
    embedding: list[float]


class Embedding(BaseModel):
    """The answer to `embeddings.create`: one vector for each text, in order."""

    object: Literal["list"]
    model: str
    data: list[EmbeddingData]
    usage: Usage | None = None
