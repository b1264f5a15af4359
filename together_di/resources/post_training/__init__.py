"""`client.post_training`: https://docs.together.ai/reference."""

from __future__ import annotations

from ...resource import M, Raw, Resource, Streamed


class PostTraining(Resource[M]):
    """Training step by step, from your own loop."""

    name = "post_training"
    with_raw_response: PostTraining[Raw[M]]
    with_streaming_response: PostTraining[Streamed[M]]
