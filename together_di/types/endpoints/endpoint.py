"""Types of `client.endpoints` itself."""

from datetime import datetime
from typing import Literal, TypeAlias, TypedDict

from pydantic import Field

from .._base import CamelModel
from .deployments import DeploymentAutoscaling, DeploymentState, TrafficMode

__all__ = [
    "Endpoint", "EndpointDeleteResponse", "EndpointDeploymentSummary", "EndpointEventLevel", "EndpointEventSourceKind",
    "EndpointListEventsResponse", "EndpointTrafficSplitEntry", "EndpointTrafficSplitEntryParam", "EndpointVisibility",
]  # fmt: skip

EndpointVisibility: TypeAlias = Literal["VISIBILITY_PRIVATE", "VISIBILITY_INTERNAL"]
EndpointEventLevel: TypeAlias = Literal["LEVEL_DEBUG", "LEVEL_INFO", "LEVEL_WARN", "LEVEL_ERROR"]
EndpointEventSourceKind: TypeAlias = Literal["SOURCE_KIND_ENDPOINT", "SOURCE_KIND_DEPLOYMENT"]


class EndpointDeploymentSummary(CamelModel):
    """A deployment as its endpoint shows it; the share of traffic is from 0 to 1."""

    id: str
    autoscaling: DeploymentAutoscaling
    created_at: datetime
    estimated_effective_traffic_share: float
    model: str
    api_model_id: str = Field(alias="modelId")
    name: str
    state: DeploymentState
    traffic_mode: TrafficMode
    desired_replicas: int | None = None
    hardware: str | None = None
    ready_replicas: int | None = None


class EndpointTrafficSplitEntry(CamelModel):
    """The weight of each ready replica of a deployment in the traffic of its endpoint."""

    deployment_id: str
    weight: float


class Endpoint(CamelModel):
    """A name under which deployments answer; it is the `model` of a request."""

    id: str
    created_at: datetime
    deployments: list[EndpointDeploymentSummary]
    endpoint_type: Literal["ENDPOINT_TYPE_DEDICATED", "ENDPOINT_TYPE_SERVERLESS", "ENDPOINT_TYPE_RESERVED"]
    etag: str
    name: str
    project_id: str
    traffic_split: list[EndpointTrafficSplitEntry]
    updated_at: datetime
    visibility: EndpointVisibility
    active_rollout_id: str | None = None


class EndpointDeleteResponse(CamelModel):
    """The answer to `endpoints.delete`; it says nothing."""


class EndpointListEventsResponse(CamelModel):
    """Something that happened to an endpoint or one of its deployments."""

    id: str
    created_at: datetime
    endpoint_id: str
    level: EndpointEventLevel
    source: str
    source_kind: EndpointEventSourceKind
    type: str
    cluster_id: str | None = None
    container_name: str | None = None
    deployment_id: str | None = None
    log_excerpt: str | None = None
    message: str | None = None
    name: str | None = None
    new_replicas: int | None = None
    node_id: str | None = None
    old_replicas: int | None = None
    paths: list[str] | None = None
    reason: str | None = None
    replica_id: str | None = None
    service_type: str | None = None
    status: str | None = None
    subject_id: str | None = None
    version: int | None = None


class EndpointTrafficSplitEntryParam(TypedDict):
    """The weight of each ready replica of a deployment in the traffic of its endpoint."""

    deployment_id: str
    weight: float
