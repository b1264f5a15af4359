"""`client.rerank`: https://docs.together.ai/reference/rerank-1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .._sentinels import NotGiven, not_given
from ..endpoint import post
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..request import RequestOptions
    from ..types.rerank import RerankCreateResponse


class Rerank(Resource[M]):
    """Documents by relevance."""

    name = "rerank"
    with_raw_response: Rerank[Raw[M]]
    with_streaming_response: Rerank[Streamed[M]]

    @post("/v1/rerank")
    def create(
        self,
        *,
        documents: Iterable[Mapping[str, object]] | Sequence[str],
        model: str,
        query: str,
        rank_fields: Sequence[str] | NotGiven = not_given,
        return_documents: bool | NotGiven = not_given,
        top_n: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> RerankCreateResponse:
        """Order documents by how well they answer a query.

        Args:
            documents: Texts, or objects with fields.
            model: The model's name.
            query: What is looked for.
            rank_fields: The fields of the objects to look at; all of them if left out.
            return_documents: Give the documents back, too.
            top_n: Give only this many of the best.

        Returns:
            The documents' places in the request, the most relevant first.
        """
        ...
