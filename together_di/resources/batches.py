"""`client.batches`: https://docs.together.ai/reference/get-batches."""

from __future__ import annotations

from ..resource import M, Raw, Resource, Streamed


class Batches(Resource[M]):
    """Many requests in one file, answered within a day for less."""

    name = "batches"
    with_raw_response: Batches[Raw[M]]
    with_streaming_response: Batches[Streamed[M]]
