"""Types of `client.endpoints`: https://docs.together.ai/reference/listendpoints."""
# ruff: noqa: F403, F405 - each module says in __all__ what it gives

from .ab_experiments import *
from .adapters import *
from .analytics import *
from .deployments import *
from .endpoint import *
from .hardware import *
from .placement_profiles import *
from .rollouts import *
from .shadow_experiments import *

__all__ = [
    "AbExperiment", "AbExperimentDeleteResponse", "AbMember", "AbMemberParam", "AbMemberRole", "AdapterCreateResponse",
    "AdapterDeleteResponse", "AdapterListResponse", "AdapterRetrieveResponse", "AdapterUpdateResponse",
    "AutoscalingMetricName", "BlueGreenConfig", "BlueGreenConfigParam", "CanaryConfig", "CanaryConfigParam",
    "DeploymentAdapter", "DeploymentAdapterStatus", "DeploymentAnalytics", "DeploymentAutoscaling",
    "DeploymentAutoscalingParam", "DeploymentCompliancePolicy", "DeploymentCompliancePolicyParam",
    "DeploymentDeleteResponse", "DeploymentMetrics", "DeploymentPlacement", "DeploymentPlacementConfig",
    "DeploymentPlacementConfigParam", "DeploymentPlacementInlineParam", "DeploymentPlacementParam",
    "DeploymentPlacementProfileParam", "DeploymentRegion", "DeploymentState", "DeploymentStatus",
    "DeploymentStatusDetails", "Endpoint", "EndpointAnalyticsResponse", "EndpointDeleteResponse", "EndpointDeployment",
    "EndpointDeploymentSummary", "EndpointEventLevel", "EndpointEventSourceKind", "EndpointListEventsResponse",
    "EndpointMetrics", "EndpointTrafficSplitEntry", "EndpointTrafficSplitEntryParam", "EndpointVisibility",
    "ErrorMetrics", "HardwareListResponse", "InferenceInstanceType", "InstanceTypeCompliance", "InstanceTypeHeadroom",
    "InstanceTypeRegion", "LatencyMetrics", "MetricResult", "MetricRule", "MetricRuleParam", "MetricTargetType",
    "MetricsTimeRange", "PauseInfo", "PlacementConstraint", "PlacementProfile", "RegressionCheck",
    "RegressionCheckParam", "RegressionDirection", "RequestMetrics", "ResourceUtilization", "RollingConfig",
    "RollingConfigParam", "Rollout", "RolloutCancelDisposition", "RolloutCondition", "RolloutDefaultsPreview",
    "RolloutDeleteResponse", "RolloutFilter", "RolloutMetricName", "RolloutMetricStat", "RolloutSpec", "RolloutStatus",
    "RolloutStep", "RolloutStepParam", "RolloutStepStatus", "RolloutWarning", "RuntimeInfo", "ScalingMetric",
    "ScalingMetricParam", "ScalingPolicy", "ScalingPolicyParam", "ScalingPolicySelect", "ScalingPolicyType",
    "ScalingRules", "ScalingRulesParam", "ShadowAdaptiveKeyBasedSamplingParam",
    "ShadowAdaptiveKeyBasedSamplingResponse", "ShadowAdaptiveUniformSamplingParam",
    "ShadowAdaptiveUniformSamplingResponse", "ShadowEndpointSourceParam", "ShadowEndpointSourceResponse",
    "ShadowExperiment", "ShadowExperimentDeleteResponse", "ShadowExperimentTarget", "ShadowExperimentTargetParam",
    "ShadowKeyBasedSamplingParam", "ShadowKeyBasedSamplingResponse", "ShadowSamplingAdaptiveKeyBasedParam",
    "ShadowSamplingAdaptiveUniformParam", "ShadowSamplingKeyBasedParam", "ShadowSamplingParam",
    "ShadowSamplingResponse", "ShadowSamplingUniformParam", "ShadowSourceParam", "ShadowSourceResponse",
    "ShadowUniformSamplingParam", "ShadowUniformSamplingResponse", "TargetDeleteResponse", "ThresholdCheck",
    "ThresholdCheckParam", "ThresholdOperator", "ThroughputMetrics", "TimeSeriesDataPoint", "TokenMetrics",
    "TrafficMode",
]  # fmt: skip
