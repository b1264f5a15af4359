"""Types of `client.post_training.checkpoints`: https://docs.together.ai/reference."""

from datetime import datetime
from typing import Literal, TypeAlias

from .._base import BaseModel

__all__ = [
    "Checkpoint", "CheckpointDownloadResponse", "CheckpointFile", "CheckpointType", "CheckpointVariant",
    "CheckpointsListResponse", "InferenceCheckpoint", "InferenceRegistration", "ListMeta", "ModelRegistryArtifact",
    "TrainingCheckpoint",
]  # fmt: skip

CheckpointType: TypeAlias = Literal["CHECKPOINT_TYPE_TRAINING", "CHECKPOINT_TYPE_INFERENCE"]
CheckpointVariant: TypeAlias = Literal[
    "CHECKPOINT_VARIANT_UNSPECIFIED", "CHECKPOINT_VARIANT_MERGED", "CHECKPOINT_VARIANT_ADAPTER"
]


class ListMeta(BaseModel):
    """Where the next page of a list begins; `next_cursor` goes into `after`."""

    has_more: bool | None = None
    limit: int | None = None
    next_cursor: str | None = None


class ModelRegistryArtifact(BaseModel):
    """A revision of a model of the project."""

    id: str
    revision_id: str


class InferenceRegistration(BaseModel):
    """The models that an inference checkpoint became."""

    adapter: ModelRegistryArtifact | None = None
    model: ModelRegistryArtifact | None = None


class InferenceCheckpoint(BaseModel):
    """Weights a model can answer with."""

    id: str
    created_at: datetime
    step: str | int
    registration: InferenceRegistration | None = None


class TrainingCheckpoint(BaseModel):
    """Weights and optimizer, to go on training from."""

    id: str
    created_at: datetime
    step: str | int
    registration: ModelRegistryArtifact | None = None


class Checkpoint(BaseModel):
    """A checkpoint of either type."""

    id: str
    base_model: str
    created_at: datetime
    session_id: str
    step: str | int
    type: CheckpointType
    inference_registration: InferenceRegistration | None = None
    lora_rank: int | None = None
    training_registration: ModelRegistryArtifact | None = None


class CheckpointsListResponse(BaseModel):
    """The answer to `checkpoints.list`."""

    data: list[Checkpoint]
    meta: ListMeta


class CheckpointFile(BaseModel):
    """A file of a checkpoint, with its size in bytes; the URL serves it for a while."""

    filename: str
    size: str | int
    url: str


class CheckpointDownloadResponse(BaseModel):
    """The answer to `checkpoints.download`."""

    data: list[CheckpointFile]
