"""`client.organization`: https://docs.together.ai/reference."""

from __future__ import annotations

from ..resource import M, Raw, Resource, Streamed


class Organization(Resource[M]):
    """What concerns the whole organization."""

    name = "organization"
    with_raw_response: Organization[Raw[M]]
    with_streaming_response: Organization[Streamed[M]]
