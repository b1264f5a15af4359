"""Types of `client.post_training.sessions`: https://docs.together.ai/reference."""

from datetime import datetime
from typing import Literal, TypeAlias, TypedDict

from pydantic import Field

from .._base import BaseModel
from .checkpoints import InferenceCheckpoint, ListMeta, TrainingCheckpoint

__all__ = [
    "LoraConfig", "LoraConfigParam", "PolicyState", "Session", "SessionError", "SessionErrorCode", "SessionMetadata",
    "SessionMetadataParam", "SessionStatus", "SessionStatusFilter", "SessionsListResponse", "WandbMetadata",
    "WandbMetadataParam",
]  # fmt: skip

SessionStatusFilter: TypeAlias = Literal[
    "TRAINING_SESSION_STATUS_CREATING", "TRAINING_SESSION_STATUS_RUNNING", "TRAINING_SESSION_STATUS_STOPPED",
    "TRAINING_SESSION_STATUS_STOPPING", "TRAINING_SESSION_STATUS_ERROR", "TRAINING_SESSION_STATUS_EXPIRED",
]  # fmt: skip
SessionStatus: TypeAlias = Literal["TRAINING_SESSION_STATUS_UNSPECIFIED"] | SessionStatusFilter
SessionErrorCode: TypeAlias = Literal[
    "TRAINING_SESSION_ERROR_CODE_RESOURCE_UNAVAILABLE", "TRAINING_SESSION_ERROR_CODE_RESOURCE_AT_CAPACITY",
    "TRAINING_SESSION_ERROR_CODE_TIMED_OUT", "TRAINING_SESSION_ERROR_CODE_SESSION_FAILED",
]  # fmt: skip


class LoraConfigParam(TypedDict, total=False):
    """The LoRA adapter to train."""

    alpha: int
    dropout: float
    rank: int
    seed: str | int
    train_unembed: bool


class WandbMetadataParam(TypedDict, total=False):
    """Where Weights & Biases shows the run; `""` clears a field."""

    entity: str
    group: str
    project: str
    run_id: str
    run_name: str
    url: str


class SessionMetadataParam(TypedDict, total=False):
    """Notes on a session."""

    wandb: WandbMetadataParam


class LoraConfig(BaseModel):
    """The LoRA adapter a session trains."""

    alpha: int | None = None
    dropout: float | None = None
    rank: int | None = None
    seed: str | int | None = None
    train_unembed: bool | None = None


class WandbMetadata(BaseModel):
    """Where Weights & Biases shows the run."""

    entity: str | None = None
    group: str | None = None
    project: str | None = None
    run_id: str | None = None
    run_name: str | None = None
    url: str | None = None


class SessionMetadata(BaseModel):
    """Notes on a session."""

    wandb: WandbMetadata | None = None


class PolicyState(BaseModel):
    """Which weights are trained, and which ones samples come from."""

    applied_weights_version: str | int
    pending_publish: bool
    target_weights_version: str | int
    trainer_step: str | int


class SessionError(BaseModel):
    """Why a session failed."""

    code: SessionErrorCode
    message: str
    occurred_at: datetime


class Session(BaseModel):
    """A training session; `resources_id` is the id of its model resource."""

    id: str
    base_model: str
    created_at: datetime
    created_by: str
    inference_checkpoints: list[InferenceCheckpoint]
    metadata: SessionMetadata
    resources_id: str = Field(alias="model_resources_id")
    policy_state: PolicyState
    status: SessionStatus
    step: str | int
    training_checkpoints: list[TrainingCheckpoint]
    updated_at: datetime
    display_name: str | None = None
    error: SessionError | None = None
    lora_config: LoraConfig | None = None
    resume_from_checkpoint_id: str | None = None


class SessionsListResponse(BaseModel):
    """The answer to `sessions.list`."""

    data: list[Session] | None = None
    meta: ListMeta | None = None
