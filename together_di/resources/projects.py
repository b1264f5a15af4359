"""`client.projects`: https://docs.together.ai/reference."""

from __future__ import annotations

from ..resource import M, Raw, Resource, Streamed


class Projects(Resource[M]):
    """The projects of an organization."""

    name = "projects"
    with_raw_response: Projects[Raw[M]]
    with_streaming_response: Projects[Streamed[M]]
