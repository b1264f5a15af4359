"""Types of `client.endpoints.deployments`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict

from pydantic import Field

from .._base import CamelModel

__all__ = [
    "AutoscalingMetricName", "DeploymentAutoscaling", "DeploymentAutoscalingParam", "DeploymentCompliancePolicy",
    "DeploymentCompliancePolicyParam", "DeploymentDeleteResponse", "DeploymentPlacement", "DeploymentPlacementConfig",
    "DeploymentPlacementConfigParam", "DeploymentPlacementInlineParam", "DeploymentPlacementParam",
    "DeploymentPlacementProfileParam", "DeploymentRegion", "DeploymentState", "DeploymentStatus",
    "DeploymentStatusDetails", "EndpointDeployment", "MetricTargetType", "PlacementConstraint", "RuntimeInfo",
    "ScalingMetric", "ScalingMetricParam", "ScalingPolicy", "ScalingPolicyParam", "ScalingPolicySelect",
    "ScalingPolicyType", "ScalingRules", "ScalingRulesParam", "TrafficMode",
]  # fmt: skip

AutoscalingMetricName: TypeAlias = Literal[
    "active_sessions",
    "cache_hit_rate",
    "decoding_speed",
    "e2e_latency",
    "gpu_utilization",
    "inflight_requests",
    "throughput_per_replica",
    "token_utilization",
    "ttft",
]
DeploymentState: TypeAlias = Literal[
    "DEPLOYMENT_STATE_PROVISIONING",
    "DEPLOYMENT_STATE_READY",
    "DEPLOYMENT_STATE_SCALING",
    "DEPLOYMENT_STATE_DEGRADED",
    "DEPLOYMENT_STATE_FAILED",
    "DEPLOYMENT_STATE_STOPPED",
    "DEPLOYMENT_STATE_STOPPING",
]
MetricTargetType: TypeAlias = Literal[
    "METRIC_TARGET_TYPE_VALUE", "METRIC_TARGET_TYPE_UTILIZATION", "METRIC_TARGET_TYPE_AVERAGE_VALUE"
]
PlacementConstraint: TypeAlias = Literal["ENFORCEMENT_REQUIRED", "ENFORCEMENT_PREFERRED"]
ScalingPolicySelect: TypeAlias = Literal[
    "SCALING_POLICY_SELECT_MAX", "SCALING_POLICY_SELECT_MIN", "SCALING_POLICY_SELECT_DISABLED"
]
ScalingPolicyType: TypeAlias = Literal["SCALING_POLICY_TYPE_PODS", "SCALING_POLICY_TYPE_PERCENT"]
TrafficMode: TypeAlias = Literal["TRAFFIC_MODE_LIVE", "TRAFFIC_MODE_SHADOW"]


class ScalingMetric(CamelModel):
    """What decides how many replicas there are; a utilization is in percent, a latency in milliseconds."""

    name: AutoscalingMetricName
    target: float
    type: MetricTargetType
    percentile: str | None = None


class ScalingPolicy(CamelModel):
    """How many replicas, or how many percent of them, may come or go in a period."""

    period_seconds: int
    type: ScalingPolicyType
    value: int


class ScalingRules(CamelModel):
    """How fast replicas may come or go."""

    policies: list[ScalingPolicy] | None = None
    select_policy: ScalingPolicySelect | None = None


class DeploymentAutoscaling(CamelModel):
    """How many replicas a deployment has; windows are durations such as `5m`."""

    max_replicas: int | None = None
    min_replicas: int | None = None
    scale_down: ScalingRules | None = None
    scale_down_window: str | None = None
    scale_to_zero_window: str | None = None
    scale_up: ScalingRules | None = None
    scale_up_window: str | None = None
    scaling_metrics: list[ScalingMetric] | None = None


class DeploymentCompliancePolicy(CamelModel):
    """The rules that a region has to keep."""

    hipaa: bool | None = None


class DeploymentPlacementConfig(CamelModel):
    """Where a deployment may run."""

    compliance_policy: DeploymentCompliancePolicy | None = None
    constraint: PlacementConstraint | None = None
    regions: list[str] | None = None


class DeploymentPlacement(CamelModel):
    """Where a deployment may run: in words of its own, or by the id of a placement profile."""

    inline: DeploymentPlacementConfig | None = None
    profile: str | None = None


class DeploymentRegion(CamelModel):
    """How many replicas there are in a region."""

    ready_replicas: int
    region: str
    scheduled_replicas: int


class DeploymentStatusDetails(CamelModel):
    """The status, region by region."""

    region: list[DeploymentRegion]


class DeploymentStatus(CamelModel):
    """How a deployment is."""

    message: str
    state: DeploymentState
    details: DeploymentStatusDetails | None = None
    ready_replicas: int | None = None
    scheduled_replicas: int | None = None


class RuntimeInfo(CamelModel):
    """The program that serves a model, and what it can do."""

    engine_type: str | None = None
    engine_version: str | None = None
    function_calling_supported: bool | None = None
    structured_output_supported: bool | None = None


class EndpointDeployment(CamelModel):
    """A model on hardware behind an endpoint; `inactive_timeout` is in minutes."""

    id: str
    autoscaling: DeploymentAutoscaling
    config: str
    config_id: str
    created_at: datetime
    endpoint_id: str
    etag: str
    hardware: str
    model: str
    api_model_id: str = Field(alias="modelId")
    api_model_revision_id: str = Field(alias="modelRevisionId")
    name: str
    project_id: str
    status: DeploymentStatus
    traffic_mode: TrafficMode
    updated_at: datetime
    desired_replicas: int | None = None
    estimated_effective_traffic_share: float | None = None
    inactive_timeout: int | None = None
    max_concurrent_requests_per_replica: str | None = None
    placement: DeploymentPlacement | None = None
    runtime_info: RuntimeInfo | None = None
    speculator: str | None = None
    speculator_id: str | None = None
    speculator_revision_id: str | None = None


class DeploymentDeleteResponse(CamelModel):
    """The answer to `endpoints.deployments.delete`; it says nothing."""


class ScalingMetricParam(TypedDict, total=False):
    """What decides how many replicas there are; a utilization is in percent, a latency in milliseconds."""

    name: Required[AutoscalingMetricName]
    target: Required[float]
    type: Required[MetricTargetType]
    percentile: str


class ScalingPolicyParam(TypedDict):
    """How many replicas, or how many percent of them, may come or go in a period of up to 1800 seconds."""

    period_seconds: int
    type: ScalingPolicyType
    value: int


class ScalingRulesParam(TypedDict, total=False):
    """How fast replicas may come or go."""

    policies: Iterable[ScalingPolicyParam]
    select_policy: ScalingPolicySelect


class DeploymentAutoscalingParam(TypedDict, total=False):
    """How many replicas a deployment has; windows are durations such as `5m`."""

    max_replicas: int
    min_replicas: int
    scale_down: ScalingRulesParam
    scale_down_window: str
    scale_to_zero_window: str
    scale_up: ScalingRulesParam
    scale_up_window: str
    scaling_metrics: Iterable[ScalingMetricParam]


class DeploymentCompliancePolicyParam(TypedDict, total=False):
    """The rules that a region has to keep."""

    hipaa: bool


class DeploymentPlacementConfigParam(TypedDict, total=False):
    """Where a deployment may run."""

    compliance_policy: DeploymentCompliancePolicyParam
    constraint: PlacementConstraint
    regions: Sequence[str]


class DeploymentPlacementInlineParam(TypedDict):
    """A placement of this one deployment."""

    inline: DeploymentPlacementConfigParam


class DeploymentPlacementProfileParam(TypedDict):
    """A placement by the id of a placement profile."""

    profile: str


DeploymentPlacementParam: TypeAlias = DeploymentPlacementInlineParam | DeploymentPlacementProfileParam
