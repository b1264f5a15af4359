"""`client.clusters`: https://docs.together.ai/reference/clusters-create."""

from __future__ import annotations

from ..resource import M, Raw, Resource, Streamed


class Clusters(Resource[M]):
    """Machines with GPUs."""

    name = "clusters"
    with_raw_response: Clusters[Raw[M]]
    with_streaming_response: Clusters[Streamed[M]]
