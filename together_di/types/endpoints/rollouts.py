"""Types of `client.endpoints.rollouts`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict

from .._base import CamelModel

__all__ = [
    "BlueGreenConfig", "BlueGreenConfigParam", "CanaryConfig", "CanaryConfigParam", "MetricResult", "MetricRule",
    "MetricRuleParam", "PauseInfo", "RegressionCheck", "RegressionCheckParam", "RegressionDirection", "RollingConfig",
    "RollingConfigParam", "Rollout", "RolloutCancelDisposition", "RolloutCondition", "RolloutDefaultsPreview",
    "RolloutDeleteResponse", "RolloutFilter", "RolloutMetricName", "RolloutMetricStat", "RolloutSpec", "RolloutStatus",
    "RolloutStep", "RolloutStepParam", "RolloutStepStatus", "RolloutWarning", "ThresholdCheck", "ThresholdCheckParam",
    "ThresholdOperator",
]  # fmt: skip

RegressionDirection: TypeAlias = Literal["REGRESSION_DIRECTION_HIGHER_IS_WORSE", "REGRESSION_DIRECTION_LOWER_IS_WORSE"]
RolloutCancelDisposition: TypeAlias = Literal["CANCEL_DISPOSITION_FREEZE", "CANCEL_DISPOSITION_REVERT"]
RolloutFilter: TypeAlias = Literal["ROLLOUT_FILTER_ACTIVE", "ROLLOUT_FILTER_TERMINAL"]
RolloutMetricName: TypeAlias = Literal["inflight_requests", "router_error_rate", "router_latency"]
RolloutMetricStat: TypeAlias = Literal["METRIC_STAT_TYPE_AVG", "METRIC_STAT_TYPE_PERCENTILE"]
ThresholdOperator: TypeAlias = Literal[
    "THRESHOLD_OPERATOR_GT", "THRESHOLD_OPERATOR_GTE", "THRESHOLD_OPERATOR_LT", "THRESHOLD_OPERATOR_LTE"
]


class RolloutStep(CamelModel):
    """A step of a canary rollout: the percentage of the traffic that the target gets."""

    traffic: int
    replicas: int | None = None


class BlueGreenConfig(CamelModel):
    """All traffic at once."""


class CanaryConfig(CamelModel):
    """Traffic step by step; the interval is a duration such as `3m`."""

    step_interval: str | None = None
    steps: list[RolloutStep] | None = None


class RollingConfig(CamelModel):
    """Replica by replica."""


class RegressionCheck(CamelModel):
    """How many percent worse than the source the target may be."""

    direction: RegressionDirection
    max_regression_percent: float | None = None


class ThresholdCheck(CamelModel):
    """A bound of the metric, in its own unit."""

    operator: ThresholdOperator
    value: float | None = None


class MetricRule(CamelModel):
    """What has to hold before the next step; the window is a duration such as `5m`."""

    name: RolloutMetricName
    percentile: int | None = None
    regression_check: RegressionCheck | None = None
    stat: RolloutMetricStat | None = None
    threshold_check: ThresholdCheck | None = None
    window: str | None = None


class MetricResult(CamelModel):
    """What was measured for a rule."""

    check: Literal["METRIC_CHECK_TYPE_THRESHOLD", "METRIC_CHECK_TYPE_REGRESSION"] | None = None
    direction: RegressionDirection | None = None
    failure_reason: str | None = None
    max_regression_percent: float | None = None
    name: str | None = None
    operator: ThresholdOperator | None = None
    percentile: int | None = None
    source_value: float | None = None
    stat: RolloutMetricStat | None = None
    target_value: float | None = None
    threshold: float | None = None
    verdict: Literal["METRIC_VERDICT_PASS", "METRIC_VERDICT_BREACHED", "METRIC_VERDICT_UNAVAILABLE"] | None = None


class PauseInfo(CamelModel):
    """Since when, and why, a rollout pauses."""

    paused_at: datetime
    reason: str | None = None


class RolloutCondition(CamelModel):
    """Why a rollout stopped, or what else is to be known of it."""

    at_step: int | None = None
    category: (
        Literal[
            "ROLLOUT_FAILURE_CATEGORY_METRIC_REGRESSION",
            "ROLLOUT_FAILURE_CATEGORY_METRICS_UNAVAILABLE",
            "ROLLOUT_FAILURE_CATEGORY_TARGET_NOT_READY",
            "ROLLOUT_FAILURE_CATEGORY_SOURCE_NOT_DRAINED",
            "ROLLOUT_FAILURE_CATEGORY_HEALTH_REGRESSION",
            "ROLLOUT_FAILURE_CATEGORY_CAPACITY_EXHAUSTED",
            "ROLLOUT_FAILURE_CATEGORY_ROUTING_ERROR",
            "ROLLOUT_FAILURE_CATEGORY_DEPENDENCY_OUTAGE",
            "ROLLOUT_FAILURE_CATEGORY_ABORTED_BY_OPERATOR",
            "ROLLOUT_FAILURE_CATEGORY_INTERNAL",
            "ROLLOUT_FAILURE_CATEGORY_POLICY_INFEASIBLE",
            "ROLLOUT_FAILURE_CATEGORY_UNDER_SERVED",
            "ROLLOUT_FAILURE_CATEGORY_ENTITLEMENT_LAPSED",
        ]
        | None
    ) = None
    message: str | None = None
    metrics: list[MetricResult] | None = None
    observed_at: datetime | None = None
    type: Literal["CapacityLimited"] | None = None


class RolloutStepStatus(CamelModel):
    """How far a step is."""

    completed_at: datetime | None = None
    failure_reason: str | None = None
    metrics: list[MetricResult] | None = None
    started_at: datetime | None = None
    state: (
        Literal[
            "ROLLOUT_STEP_STATE_PENDING",
            "ROLLOUT_STEP_STATE_RUNNING",
            "ROLLOUT_STEP_STATE_PASSED",
            "ROLLOUT_STEP_STATE_FAILED",
            "ROLLOUT_STEP_STATE_PAUSED",
            "ROLLOUT_STEP_STATE_CANCELED",
            "ROLLOUT_STEP_STATE_SKIPPED",
        ]
        | None
    ) = None
    step_index: int | None = None
    target_traffic_percent: int | None = None


class RolloutStatus(CamelModel):
    """How far a rollout is."""

    steps: list[RolloutStepStatus]
    total_steps: int
    condition: RolloutCondition | None = None
    conditions: list[RolloutCondition] | None = None
    updated_at: datetime | None = None


class Rollout(CamelModel):
    """Traffic moving from one deployment of an endpoint to another."""

    id: str
    created_at: datetime
    endpoint_id: str
    source_deployment_id: str
    state: Literal[
        "ROLLOUT_STATE_RUNNING",
        "ROLLOUT_STATE_PAUSED",
        "ROLLOUT_STATE_STABILIZING",
        "ROLLOUT_STATE_COMPLETED",
        "ROLLOUT_STATE_PENDING",
        "ROLLOUT_STATE_SYSTEM_PAUSED",
        "ROLLOUT_STATE_CANCELLING",
        "ROLLOUT_STATE_CANCELED",
        "ROLLOUT_STATE_PAUSING",
    ]
    status: RolloutStatus
    strategy: Literal[
        "ROLLOUT_STRATEGY_TYPE_ROLLING", "ROLLOUT_STRATEGY_TYPE_CANARY", "ROLLOUT_STRATEGY_TYPE_BLUE_GREEN"
    ]
    target_deployment_id: str
    completed_at: datetime | None = None
    current_step: int | None = None
    current_traffic_percent: int | None = None
    etag: str | None = None
    pause_info: PauseInfo | None = None
    started_at: datetime | None = None


class RolloutSpec(CamelModel):
    """What a rollout would do."""

    source_deployment_id: str
    target_deployment_id: str
    blue_green: BlueGreenConfig | None = None
    canary: CanaryConfig | None = None
    final_source_replicas: int | None = None
    final_target_replicas: int | None = None
    metrics: list[MetricRule] | None = None
    rolling: RollingConfig | None = None


class RolloutWarning(CamelModel):
    """Something to know before a rollout is created."""

    code: str
    message: str


class RolloutDefaultsPreview(CamelModel):
    """The answer to `endpoints.rollouts.preview_defaults`: what a rollout would start from, and do."""

    source_replicas: int
    spec: RolloutSpec
    target_max_replicas: int
    target_min_replicas: int
    target_replicas: int
    warnings: list[RolloutWarning]
    estimated_effective_steps: list[RolloutStep] | None = None
    estimated_seed_percent: int | None = None
    frozen_pair: bool | None = None
    landing_max_replicas: int | None = None
    landing_min_replicas: int | None = None


class RolloutDeleteResponse(CamelModel):
    """The answer to `endpoints.rollouts.delete`; it says nothing."""


class RolloutStepParam(TypedDict, total=False):
    """A step of a canary rollout: the percentage of the traffic that the target gets."""

    traffic: Required[int]
    replicas: int


class BlueGreenConfigParam(TypedDict):
    """All traffic at once."""


class CanaryConfigParam(TypedDict, total=False):
    """Traffic step by step: by default to 5, 25, 50 and 100 percent, every 3m."""

    step_interval: str
    steps: Iterable[RolloutStepParam]


class RollingConfigParam(TypedDict):
    """Replica by replica."""


class RegressionCheckParam(TypedDict, total=False):
    """How many percent worse than the source the target may be; by default none."""

    direction: Required[RegressionDirection]
    max_regression_percent: float


class ThresholdCheckParam(TypedDict, total=False):
    """A bound of the metric, in its own unit."""

    operator: Required[ThresholdOperator]
    value: float


class MetricRuleParam(TypedDict, total=False):
    """What has to hold before the next step; the window is a duration such as `5m`."""

    name: Required[RolloutMetricName]
    percentile: int
    regression_check: RegressionCheckParam
    stat: RolloutMetricStat
    threshold_check: ThresholdCheckParam
    window: str
