"""`client.beta`: https://docs.together.ai/reference."""

from __future__ import annotations

from ...resource import M, Raw, Resource, Streamed


class Beta(Resource[M]):
    """What may still change."""

    name = "beta"
    with_raw_response: Beta[Raw[M]]
    with_streaming_response: Beta[Streamed[M]]
