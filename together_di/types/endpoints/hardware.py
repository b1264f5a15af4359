"""Types of `client.endpoints.hardware`."""

from typing import Literal

from .._base import BaseModel, CamelModel
from .deployments import DeploymentCompliancePolicy

__all__ = [
    "HardwareListResponse",
    "InferenceInstanceType",
    "InstanceTypeCompliance",
    "InstanceTypeHeadroom",
    "InstanceTypeRegion",
]


class InstanceTypeHeadroom(CamelModel):
    """How many more replicas fit into a region, or at least fit."""

    relation: Literal["RELATION_EQ", "RELATION_GTE"]
    value: int | None = None


class InstanceTypeCompliance(CamelModel):
    """How many more replicas fit where rules have to be kept."""

    headroom: InstanceTypeHeadroom
    policy: DeploymentCompliancePolicy


class InstanceTypeRegion(CamelModel):
    """A region that has a kind of hardware."""

    name: str
    compliance: list[InstanceTypeCompliance] | None = None
    headroom: InstanceTypeHeadroom | None = None


class InferenceInstanceType(CamelModel):
    """The hardware of one replica; memory is in GiB for each GPU, the price in US cents for an hour."""

    id: str
    description: str
    gpu_count: int
    gpu_memory_gib: int
    gpu_type: str
    name: str
    price_cents_per_hour: int
    regions: list[InstanceTypeRegion]


class HardwareListResponse(BaseModel):
    """The answer to `endpoints.hardware.list`."""

    data: list[InferenceInstanceType]
    object: Literal["list"]
    next_cursor: str | None = None
