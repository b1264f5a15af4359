"""`client.fine_tuning`: https://docs.together.ai/reference/post-fine-tunes."""

from __future__ import annotations

from ..resource import M, Raw, Resource, Streamed


class FineTuning(Resource[M]):
    """Models trained on your own examples."""

    name = "fine_tuning"
    with_raw_response: FineTuning[Raw[M]]
    with_streaming_response: FineTuning[Streamed[M]]
