"""`client.post_training`: https://docs.together.ai/reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...resource import M, Raw, Resource, Streamed
from .checkpoints import Checkpoints
from .model_resources import ModelResourcesResource
from .operations import Operations
from .prepare_for_fp4_inference import PrepareForFp4Inference
from .sessions import Sessions
from .supported_models import SupportedModels

if TYPE_CHECKING:
    from ...engine import Engine


class PostTraining(Resource[M]):
    """Training step by step, from your own loop."""

    name = "post_training"
    with_raw_response: PostTraining[Raw[M]]
    with_streaming_response: PostTraining[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.sessions: Sessions[M] = Sessions(engine)
        self.operations: Operations[M] = Operations(engine)
        self.checkpoints: Checkpoints[M] = Checkpoints(engine)
        self.model_resources: ModelResourcesResource[M] = ModelResourcesResource(engine)
        self.prepare_for_fp4_inference: PrepareForFp4Inference[M] = PrepareForFp4Inference(engine)
        self.supported_models: SupportedModels[M] = SupportedModels(engine)
