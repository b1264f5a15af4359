"""`client.endpoints`: https://docs.together.ai/reference/listendpoints."""

from __future__ import annotations

from ...resource import M, Raw, Resource, Streamed


class Endpoints(Resource[M]):
    """Models on hardware of your own."""

    name = "endpoints"
    with_raw_response: Endpoints[Raw[M]]
    with_streaming_response: Endpoints[Streamed[M]]
