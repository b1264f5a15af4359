"""`client.post_training.checkpoints`: https://docs.together.ai/reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import get
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...request import RequestOptions
    from ...types.post_training.checkpoints import (
        Checkpoint,
        CheckpointDownloadResponse,
        CheckpointsListResponse,
        CheckpointType,
        CheckpointVariant,
    )


class Checkpoints(Resource[M]):
    """What training sessions have kept; `operations` makes them."""

    name = "post_training.checkpoints"
    with_raw_response: Checkpoints[Raw[M]]
    with_streaming_response: Checkpoints[Streamed[M]]

    @get("/v1/rl/checkpoints/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> Checkpoint:
        """What is known of a checkpoint."""
        ...

    @get("/v1/rl/checkpoints")
    def list(
        self,
        *,
        after: str | NotGiven = not_given,
        base_model: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        session_id: str | NotGiven = not_given,
        type: CheckpointType | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> CheckpointsListResponse:
        """A page of the checkpoints, the newest first."""
        ...

    @get("/v1/rl/checkpoints/{id}/download")
    def download(
        self, id: str, *, variant: CheckpointVariant, **options: Unpack[RequestOptions]
    ) -> CheckpointDownloadResponse:
        """Where the files of an inference checkpoint are: the whole model, or its LoRA adapter alone."""
        ...
