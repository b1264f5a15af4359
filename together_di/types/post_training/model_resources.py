"""Types of `client.post_training.model_resources`: https://docs.together.ai/reference."""

from datetime import datetime
from typing import Literal, TypeAlias, TypedDict

from .._base import BaseModel
from .checkpoints import ListMeta

__all__ = [
    "AdamConfig", "AdamConfigParam", "ModelResources", "ModelResourcesComputeConfig",
    "ModelResourcesComputeConfigParam", "ModelResourcesError", "ModelResourcesErrorCode",
    "ModelResourcesEstimateCostResponse", "ModelResourcesListResponse", "ModelResourcesStatus",
    "ModelResourcesStatusDetails", "MuonConfig", "MuonConfigParam", "MuonScalingStrategy", "OptimizerConfig",
    "OptimizerConfigParam",
]  # fmt: skip

MuonScalingStrategy: TypeAlias = Literal[
    "MUON_SCALING_STRATEGY_UNSPECIFIED", "MUON_SCALING_STRATEGY_MATCH_ADAM", "MUON_SCALING_STRATEGY_ORIGINAL"
]
ModelResourcesStatus: TypeAlias = Literal[
    "MODEL_RESOURCES_STATUS_PENDING", "MODEL_RESOURCES_STATUS_CREATING", "MODEL_RESOURCES_STATUS_READY",
    "MODEL_RESOURCES_STATUS_ERROR", "MODEL_RESOURCES_STATUS_STOPPED", "MODEL_RESOURCES_STATUS_STOPPING",
]  # fmt: skip
ModelResourcesErrorCode: TypeAlias = Literal[
    "MODEL_RESOURCES_ERROR_CODE_CAPACITY_WAIT_TIMEOUT", "MODEL_RESOURCES_ERROR_CODE_PROVISIONING_FAILED",
    "MODEL_RESOURCES_ERROR_CODE_RESOURCE_UNAVAILABLE",
]  # fmt: skip


class AdamConfigParam(TypedDict, total=False):
    """The choice of Adam; it has no fields."""


class MuonConfigParam(TypedDict, total=False):
    """The choice of Muon."""

    scaling_strategy: MuonScalingStrategy


class OptimizerConfigParam(TypedDict, total=False):
    """The optimizer of a resource: one of the two."""

    adam: AdamConfigParam
    muon: MuonConfigParam


class ModelResourcesComputeConfigParam(TypedDict, total=False):
    """The hardware to have."""

    gpu_type: Literal["B200-SXM"]
    num_generator_replicas: int


class AdamConfig(BaseModel):
    """The choice of Adam; it has no fields."""


class MuonConfig(BaseModel):
    """The choice of Muon."""

    scaling_strategy: MuonScalingStrategy | None = None


class OptimizerConfig(BaseModel):
    """The optimizer of a resource: one of the two."""

    adam: AdamConfig | None = None
    muon: MuonConfig | None = None


class ModelResourcesComputeConfig(BaseModel):
    """The hardware of a resource."""

    num_generator_replicas: int
    gpu_type: Literal["H100-80GB", "B200-SXM"] | None = None


class ModelResourcesStatusDetails(BaseModel):
    """The place in the queue, while it waits for GPUs."""

    queue_position: int | None = None


class ModelResourcesError(BaseModel):
    """Why a resource failed."""

    code: ModelResourcesErrorCode
    message: str
    occurred_at: datetime


class ModelResources(BaseModel):
    """A model on hardware, for sessions to train; `inactive_timeout` in seconds."""

    id: str
    base_model: str
    compute_config: ModelResourcesComputeConfig
    created_at: datetime
    created_by: str
    inactive_timeout: int
    lora_enabled: bool
    optimizer_config: OptimizerConfig
    status: ModelResourcesStatus
    status_details: ModelResourcesStatusDetails
    updated_at: datetime
    base_weights_ref: str | None = None
    error: ModelResourcesError | None = None
    expires_at: datetime | None = None


class ModelResourcesListResponse(BaseModel):
    """The answer to `model_resources.list`."""

    data: list[ModelResources]
    meta: ListMeta


class ModelResourcesEstimateCostResponse(BaseModel):
    """The answer to `model_resources.estimate_cost`, in units of the currency."""

    currency: str
    price_per_hour: float
