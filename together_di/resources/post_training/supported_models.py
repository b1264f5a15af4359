"""`client.post_training.supported_models`: https://docs.together.ai/reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...endpoint import get
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...request import RequestOptions
    from ...types.post_training.supported_models import RlSupportedModels


class SupportedModels(Resource[M]):
    """Models that can be trained step by step."""

    name = "post_training.supported_models"
    with_raw_response: SupportedModels[Raw[M]]
    with_streaming_response: SupportedModels[Streamed[M]]

    @get("/v1/rl/supported-models")
    def get(self, **options: Unpack[RequestOptions]) -> RlSupportedModels:
        """The models, and the hardware each can have."""
        ...
