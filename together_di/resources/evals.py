"""`client.evals`: https://docs.together.ai/reference/create-evaluation."""

from __future__ import annotations

from ..resource import M, Raw, Resource, Streamed


class Evals(Resource[M]):
    """Models judged by models."""

    name = "evals"
    with_raw_response: Evals[Raw[M]]
    with_streaming_response: Evals[Streamed[M]]
