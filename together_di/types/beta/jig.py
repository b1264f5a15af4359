"""Types of `client.beta.jig`: https://docs.together.ai/reference/deployments-create."""

from datetime import datetime
from typing import Any, Literal, Required, TypeAlias, TypedDict

from pydantic import Field

from .._base import BaseModel

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

ContainerDeploymentStatus: TypeAlias = Literal["Updating", "Scaling", "Ready", "Failed", "ScaledToZero"]
JigGPUType: TypeAlias = Literal["h100-80gb", "h100-40gb-mig", "h200-140gb", "b200-192gb"]
JigCapacityType: TypeAlias = Literal["stable", "preemptible"]
VolumeStatus: TypeAlias = Literal["ready", "pending", "syncing", "failed"]
HTTPMetric: TypeAlias = Literal["HTTPTotalRequests", "HTTPAvgRequestDuration"]


class HTTPAutoscalingConfig(BaseModel):
    """Scaling by requests: how many, or how long they take in milliseconds."""

    metric: HTTPMetric | None = None
    target: float | None = None
    time_interval_minutes: int | None = None


class QueueAutoscalingConfig(BaseModel):
    """Scaling by how many requests wait for each worker."""

    metric: Literal["QueueBacklogPerWorker"] | None = None
    model: str | None = None
    target: float | None = None


class CustomMetricAutoscalingConfig(BaseModel):
    """Scaling by a Prometheus metric of yours."""

    custom_metric_name: str | None = None
    metric: Literal["CustomMetric"] | None = None
    target: float | None = None


JigAutoscaling: TypeAlias = HTTPAutoscalingConfig | QueueAutoscalingConfig | CustomMetricAutoscalingConfig


class EnvironmentVariable(BaseModel):
    """A variable of the container: its value, or the secret that holds it."""

    name: str
    value: str | None = None
    value_from_secret: str | None = None
    value_from_secret_expires_at: datetime | None = None


class ModelMount(BaseModel):
    """Where the container sees the weights of a model."""

    api_model_id: str = Field(alias="model_id")
    mount_path: str
    revision_id: str | None = None


class VolumeMount(BaseModel):
    """Where the container sees a volume."""

    mount_path: str
    name: str
    version: int | None = None


class ReplicaEvents(BaseModel):
    """What happened to a replica last."""

    image: str | None = None
    replica_ready_since: str | None = None
    replica_status: str | None = None
    replica_status_message: str | None = None
    replica_status_reason: str | None = None
    revision_id: str | None = None
    volume_preload_completed_at: str | None = None
    volume_preload_started_at: str | None = None
    volume_preload_status: str | None = None


class Deployment(BaseModel):
    """A container that runs; `cpu` in cores, `memory` and `storage` in GiB, for each replica."""

    id: str | None = None
    args: list[str] | None = None
    autoscaling: JigAutoscaling | None = None
    capacity_type: JigCapacityType | None = None
    command: list[str] | None = None
    cpu: float | None = None
    created_at: datetime | None = None
    description: str | None = None
    desired_replicas: int | None = None
    environment_variables: list[EnvironmentVariable] | None = None
    gpu_count: int | None = None
    gpu_type: JigGPUType | None = None
    health_check_path: str | None = None
    image: str | None = None
    max_replicas: int | None = None
    memory: float | None = None
    min_replicas: int | None = None
    api_model_mounts: list[ModelMount] | None = Field(default=None, alias="model_mounts")
    name: str | None = None
    object: Literal["deployment"] | None = None
    port: int | None = None
    ready_replicas: int | None = None
    replica_events: dict[str, ReplicaEvents] | None = None
    status: ContainerDeploymentStatus | None = None
    storage: int | None = None
    termination_grace_period_seconds: int | None = None
    updated_at: datetime | None = None
    volumes: list[VolumeMount] | None = None


class JigListResponse(BaseModel):
    """The answer to `beta.jig.list`."""

    data: list[Deployment] | None = None
    object: Literal["list"] | None = None


class DeploymentLogs(BaseModel):
    """What the replicas wrote."""

    lines: list[str] | None = None


class DeploymentRevision(BaseModel):
    """What a deployment was told at one time; units as in `Deployment`."""

    args: list[str]
    capacity_type: JigCapacityType
    command: list[str]
    cpu: float
    created_at: datetime
    environment_variables: list[EnvironmentVariable]
    gpu_count: int
    gpu_type: str
    health_check_path: str
    image: str
    max_replicas: int
    memory: float
    min_replicas: int
    object: Literal["revision"]
    port: int
    protocol: str
    revision_id: str
    storage: int
    volumes: list[VolumeMount]
    autoscaling: JigAutoscaling | None = None
    termination_grace_period_seconds: int | None = None


class DeploymentRevisionEvent(BaseModel):
    """When a revision became the one that runs, and why."""

    action: Literal["create", "update", "system", "rollback"]
    activated_at: datetime
    event_number: int
    image: str
    object: Literal["revision_event"]
    revision_id: str
    revision_number: int


class DeploymentRevisionEventList(BaseModel):
    """The answer to `beta.jig.list_revisions`, newest first."""

    data: list[DeploymentRevisionEvent]
    object: Literal["list"]


class HTTPAutoscalingConfigParam(TypedDict, total=False):
    """Scaling by requests: how many, or how long they take in milliseconds."""

    metric: HTTPMetric
    target: float
    time_interval_minutes: int


class QueueAutoscalingConfigParam(TypedDict, total=False):
    """Scaling by how many requests wait for each worker."""

    metric: Literal["QueueBacklogPerWorker"]
    model: str
    target: float


class CustomMetricAutoscalingConfigParam(TypedDict, total=False):
    """Scaling by a Prometheus metric of yours."""

    custom_metric_name: str
    metric: Literal["CustomMetric"]
    target: float


JigAutoscalingParam: TypeAlias = (
    HTTPAutoscalingConfigParam | QueueAutoscalingConfigParam | CustomMetricAutoscalingConfigParam
)


class EnvironmentVariableParam(TypedDict, total=False):
    """A variable of the container: its value, or the name or id of the secret that holds it."""

    name: Required[str]
    value: str
    value_from_secret: str


class ModelMountParam(TypedDict, total=False):
    """Where the container sees the weights of a model."""

    model_id: Required[str]
    mount_path: Required[str]
    revision_id: str


class VolumeMountParam(TypedDict, total=False):
    """Where the container sees a volume, named by its name or id."""

    mount_path: Required[str]
    name: Required[str]
    version: int


class QueueSubmitResponse(BaseModel):
    """The answer to `beta.jig.queue.submit`."""

    request_id: str = Field(alias="requestId")


class QueueRetrieveResponse(BaseModel):
    """How far a request is; `outputs` once it is done."""

    model: str
    request_id: str
    status: Literal["pending", "running", "done", "failed", "canceled"]
    claimed_at: datetime | None = None
    created_at: datetime | None = None
    done_at: datetime | None = None
    info: dict[str, Any] | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    priority: int | None = None
    retries: int | None = None
    warnings: list[str] | None = None


class QueueCancelResponse(BaseModel):
    """What became of the request: `canceled`, or what it was already."""

    status: Literal["canceled", "running", "done", "failed"]


class QueueClearResponse(BaseModel):
    """How many requests were taken out of the queue."""

    canceled_count: int


class QueueMetricsResponse(BaseModel):
    """How many requests of a model run, wait, and both together."""

    messages_running: int
    messages_waiting: int
    total_jobs: int


class S3Origin(BaseModel):
    """A bucket, or a prefix in one, and the role that may read it."""

    role_arn: str
    uri: str


class VolumeOrigin(BaseModel):
    """Where a version was copied from."""

    s3: S3Origin


class VolumeContentFile(BaseModel):
    """A file of a volume; its size in bytes."""

    last_modified: str | None = None
    name: str | None = None
    size: int | None = None


class VolumeContent(BaseModel):
    """What is on a version; without `files` in the history of versions."""

    files: list[VolumeContentFile] | None = None
    origin: VolumeOrigin | None = None
    source_prefix: str | None = None
    type: Literal["files"] | None = None


class VolumeVersion(BaseModel):
    """An earlier version of a volume."""

    content: VolumeContent | None = None
    mounted_by: list[str] | None = None
    status: VolumeStatus | None = None
    status_message: str | None = None
    version: int | None = None


class Volume(BaseModel):
    """Files that containers read; every change of the content makes a version."""

    id: str | None = None
    content: VolumeContent | None = None
    created_at: str | None = None
    current_version: int | None = None
    mounted_by: list[str] | None = None
    name: str | None = None
    object: str | None = None
    status: VolumeStatus | None = None
    status_message: str | None = None
    type: Literal["readOnly"] | None = None
    updated_at: str | None = None
    version_history: dict[str, VolumeVersion] | None = None


class VolumeListResponse(BaseModel):
    """The answer to `beta.jig.volumes.list`."""

    data: list[Volume] | None = None
    object: Literal["list"] | None = None


class S3OriginParam(TypedDict, total=False):
    """A bucket, or a prefix in one, and the role that may read it."""

    role_arn: Required[str]
    uri: Required[str]


class VolumeOriginParam(TypedDict, total=False):
    """Where to copy from."""

    s3: Required[S3OriginParam]


class VolumeContentParam(TypedDict, total=False):
    """What to put on a volume: uploaded files under a prefix, or what is elsewhere."""

    origin: VolumeOriginParam
    source_prefix: str
    type: Literal["files"]


class Secret(BaseModel):
    """A secret, without its value."""

    id: str | None = None
    created_at: str | None = None
    created_by: str | None = None
    description: str | None = None
    expires_at: datetime | None = None
    last_updated_by: str | None = None
    name: str | None = None
    object: Literal["secret"] | None = None
    ttl_seconds: int | None = None
    updated_at: str | None = None


class SecretListResponse(BaseModel):
    """The answer to `beta.jig.secrets.list`."""

    data: list[Secret] | None = None
    object: Literal["list"] | None = None
