"""`client.videos`: https://docs.together.ai/reference/create-videos."""

from __future__ import annotations

from ..resource import M, Raw, Resource, Streamed


class Videos(Resource[M]):
    """Films from words."""

    name = "videos"
    with_raw_response: Videos[Raw[M]]
    with_streaming_response: Videos[Streamed[M]]
