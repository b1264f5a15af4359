"""Types of `client.beta`: https://docs.together.ai/reference/deployments-create."""
# ruff: noqa: F403, F405 - the module says in __all__ what it gives

from .jig import *

__all__ = [
    "ContainerDeploymentStatus", "CustomMetricAutoscalingConfig", "CustomMetricAutoscalingConfigParam", "Deployment",
    "DeploymentLogs", "DeploymentRevision", "DeploymentRevisionEvent", "DeploymentRevisionEventList",
    "EnvironmentVariable", "EnvironmentVariableParam", "HTTPAutoscalingConfig", "HTTPAutoscalingConfigParam",
    "HTTPMetric", "JigAutoscaling", "JigAutoscalingParam", "JigCapacityType", "JigGPUType", "JigListResponse",
    "ModelMount", "ModelMountParam", "QueueAutoscalingConfig", "QueueAutoscalingConfigParam", "QueueCancelResponse",
    "QueueClearResponse", "QueueMetricsResponse", "QueueRetrieveResponse", "QueueSubmitResponse", "ReplicaEvents",
    "S3Origin", "S3OriginParam", "Secret", "SecretListResponse", "Volume", "VolumeContent", "VolumeContentFile",
    "VolumeContentParam", "VolumeListResponse", "VolumeMount", "VolumeMountParam", "VolumeOrigin", "VolumeOriginParam",
    "VolumeStatus", "VolumeVersion",
]  # fmt: skip
