"""Types of `client.endpoints.adapters`."""

from datetime import datetime
from typing import Literal, TypeAlias

from .._base import CamelModel

__all__ = [
    "AdapterCreateResponse", "AdapterDeleteResponse", "AdapterListResponse", "AdapterRetrieveResponse",
    "AdapterUpdateResponse", "DeploymentAdapter", "DeploymentAdapterStatus",
]  # fmt: skip


class DeploymentAdapterStatus(CamelModel):
    """How an adapter is on one cluster."""

    adapter_model_id: str
    cluster_id: str
    failed_pod_count: int
    ready_pod_count: int
    state: Literal[
        "ADAPTER_LOAD_STATE_PENDING",
        "ADAPTER_LOAD_STATE_LOADING",
        "ADAPTER_LOAD_STATE_READY",
        "ADAPTER_LOAD_STATE_REMOVING",
        "ADAPTER_LOAD_STATE_FAILED",
    ]
    total_pod_count: int
    adapter_model: str | None = None
    adapter_valid: bool | None = None
    adapter_valid_reason: str | None = None
    loaded_at: datetime | None = None
    message: str | None = None
    realized_etag: str | None = None
    realized_revision: str | None = None
    realized_revision_id: str | None = None
    reason: str | None = None
    updated_at: datetime | None = None


class DeploymentAdapter(CamelModel):
    """A LoRA adapter on a deployment."""

    id: str
    adapter_model_id: str
    desired_revision_id: str
    etag: str
    per_cluster: list[DeploymentAdapterStatus]
    adapter_model: str | None = None
    desired_revision: str | None = None


# The official SDK has the same model under four names.
AdapterCreateResponse: TypeAlias = DeploymentAdapter
AdapterRetrieveResponse: TypeAlias = DeploymentAdapter
AdapterUpdateResponse: TypeAlias = DeploymentAdapter
AdapterListResponse: TypeAlias = DeploymentAdapter


class AdapterDeleteResponse(CamelModel):
    """The answer to `endpoints.adapters.delete`; it says nothing."""
