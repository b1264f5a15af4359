"""Types of `client.rerank`: https://docs.together.ai/reference/rerank-1."""

from typing import Literal

from ._base import BaseModel
from .shared import Usage

__all__ = ["RerankCreateResponse", "RerankDocument", "RerankResult"]


class RerankDocument(BaseModel):
    """A document, given back when `return_documents` is set."""

    text: str | None = None


class RerankResult(BaseModel):
    """How relevant a document is, and where it stood in the request."""

    index: int
    relevance_score: float
    document: RerankDocument | None = None


class RerankCreateResponse(BaseModel):
    """The answer to `rerank.create`, the most relevant document first."""

    object: Literal["rerank"]
    model: str
    results: list[RerankResult]
    id: str | None = None
    usage: Usage | None = None
