"""Types of `client.clusters`: https://docs.together.ai/reference/clusters-create."""

from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict

from ._base import BaseModel

__all__ = [
    "AcceptanceTestsParams", "AddOn", "AddOnConfig", "AddOnConfigParam", "AddOnParam", "AddOnState", "AddOnUpdateParam",
    "BillingType", "Cluster", "ClusterConfig", "ClusterConfigParam", "ClusterDeleteResponse", "ClusterGPUType",
    "ClusterListRegionsResponse", "ClusterListResponse", "ClusterPhaseTransition", "ClusterRegion",
    "ClusterRegionDriverVersion", "ClusterStorage", "ClusterSwitch", "ClusterSwitchParam", "ClusterType",
    "ClusterVolume", "ControlPlaneNode", "GPUWorkerNode", "LinkedAlert", "LinkedAlertAnnotation",
    "LinkedAlertAnnotationSlurmNodeUnavailable", "LinkedAlertAnnotationXid", "LinkedAlertAnnotationXidEvent",
    "LoadBalancer", "NodeLifecycleEvent", "NodePhaseTransition", "OidcConfig", "OidcConfigParam", "Remediation",
    "RemediationListResponse", "RemediationMode", "RemediationState", "RemediationTrigger", "SharedVolumeParam",
    "SlurmStartupScripts", "SlurmStartupScriptsParam", "StorageDeleteResponse", "StorageListResponse",
]  # fmt: skip

BillingType: TypeAlias = Literal["RESERVED", "ON_DEMAND", "SCHEDULED_CAPACITY"]
ClusterType: TypeAlias = Literal["KUBERNETES", "SLURM"]
ClusterGPUType: TypeAlias = Literal[
    "H100_SXM", "H200_SXM", "RTX_6000_PCI", "L40_PCIE", "B200_SXM", "H100_SXM_INF", "B300_SXM", "GB200_SXM"
]
LoadBalancer: TypeAlias = Literal["NONE", "TRAEFIK", "NGINX", "ISTIO"]
RemediationMode: TypeAlias = Literal[
    "REMEDIATION_MODE_VM_ONLY", "REMEDIATION_MODE_HOST_AWARE", "REMEDIATION_MODE_EVICT_WITHOUT_REPLACEMENT",
    "REMEDIATION_MODE_REBOOT_VM", "REMEDIATION_MODE_HOST_POWER_CYCLE",
]  # fmt: skip
RemediationState: TypeAlias = Literal[
    "PENDING_APPROVAL", "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "AUTO_RESOLVED", "QUARANTINING",
    "QUARANTINED",
]  # fmt: skip
RemediationTrigger: TypeAlias = Literal["REMEDIATION_TRIGGER_MANUAL", "REMEDIATION_TRIGGER_AUTOMATED"]


class LinkedAlertAnnotationSlurmNodeUnavailable(BaseModel):
    """Why Slurm drained a node."""

    reason: str


class LinkedAlertAnnotationXidEvent(BaseModel):
    """How often the driver reported one Xid code."""

    count: int
    mnemonic: str
    xid_code: str


class LinkedAlertAnnotationXid(BaseModel):
    """The Xid codes that the driver reported."""

    events: list[LinkedAlertAnnotationXidEvent]


class LinkedAlertAnnotation(BaseModel):
    """What an alert says."""

    description: str
    summary_line: str
    title: str
    slurm_node_unavailable: LinkedAlertAnnotationSlurmNodeUnavailable | None = None
    xid: LinkedAlertAnnotationXid | None = None


class LinkedAlert(BaseModel):
    """An alert of the passive health checks."""

    alert_name: str
    annotation: LinkedAlertAnnotation
    annotations: dict[str, str]
    cluster_id: str
    passive_health_check_alert_id: str
    severity: Literal["PHC_SEVERITY_INFO", "PHC_SEVERITY_WARNING", "PHC_SEVERITY_CRITICAL"]
    started_at: datetime
    target_vm: str
    instance_id: str | None = None
    node_remediation_intent_id: str | None = None
    resolved_at: datetime | None = None


class Remediation(BaseModel):
    """One attempt to repair a node."""

    id: str
    cluster_id: str
    instance_id: str
    mode: RemediationMode
    state: RemediationState
    trigger: RemediationTrigger
    active_health_check_run_id: str | None = None
    create_time: datetime | None = None
    end_time: datetime | None = None
    error_message: str | None = None
    instance_name: str | None = None
    linked_alerts: list[LinkedAlert] | None = None
    passive_health_check_event_id: str | None = None
    reason: str | None = None
    requested_by: str | None = None
    review_comment: str | None = None
    review_time: datetime | None = None
    reviewed_by: str | None = None
    start_time: datetime | None = None
    update_time: datetime | None = None


class RemediationListResponse(BaseModel):
    """A page of remediations; `next_page_token` is the `page_token` of the next one."""

    has_next: bool
    next_page_token: str
    remediations: list[Remediation]


class ClusterStorage(BaseModel):
    """A volume that clusters share; its size in TiB."""

    size_tib: int
    status: Literal[
        "scheduled", "available", "bound", "provisioning", "deleting", "failed", "access_revoked", "unknown"
    ]
    volume_id: str
    volume_name: str


class StorageListResponse(BaseModel):
    """The answer to `clusters.storage.list`."""

    volumes: list[ClusterStorage]


class StorageDeleteResponse(BaseModel):
    """The answer to `clusters.storage.delete`."""

    success: bool


class ClusterSwitch(BaseModel):
    """Whether a part of a cluster is on."""

    enabled: bool | None = None


class AddOnConfig(BaseModel):
    """What an add-on is told."""

    dashboard: ClusterSwitch | None = None
    headlamp: ClusterSwitch | None = None
    ingress: ClusterSwitch | None = None
    slurm_web: ClusterSwitch | None = None


class AddOnState(BaseModel):
    """What an add-on reports."""

    dashboard: BaseModel | None = None
    headlamp: BaseModel | None = None
    ingress: BaseModel | None = None
    slurm_web: BaseModel | None = None


class AddOn(BaseModel):
    """Something installed on a cluster."""

    add_on_type: str
    config: AddOnConfig
    name: str
    state: AddOnState


class NodePhaseTransition(BaseModel):
    """When a node entered a phase."""

    phase: Literal[
        "NODE_PHASE_PENDING", "NODE_PHASE_SCHEDULING", "NODE_PHASE_BOOTING", "NODE_PHASE_BOOTSTRAPPING",
        "NODE_PHASE_RUNNING", "NODE_PHASE_SUCCEEDED", "NODE_PHASE_FAILED", "NODE_PHASE_PAUSED",
    ]  # fmt: skip
    transition_time: datetime


class ControlPlaneNode(BaseModel):
    """A machine that runs a cluster's control plane."""

    host_name: str
    memory_gib: float
    network: str
    node_id: str
    num_cpu_cores: int
    phase_transitions: list[NodePhaseTransition]
    status: str
    public_ipv4: str | None = None


class GPUWorkerNode(BaseModel):
    """A machine with GPUs; `deleted_at` only where it has left the cluster."""

    host_name: str
    memory_gib: float
    networks: list[str]
    node_id: str
    num_cpu_cores: int
    num_gpus: int
    phase_transitions: list[NodePhaseTransition]
    status: str
    auto_remediation_enabled: bool | None = None
    deleted_at: datetime | None = None
    ephemeral_storage: str | None = None
    ib_hca_count: int | None = None
    ib_hca_type: str | None = None
    instance_id: str | None = None
    latest_remediation: Remediation | None = None
    marked_for_deletion: bool | None = None
    nvswitch_count: int | None = None
    nvswitch_type: str | None = None
    public_ipv4: str | None = None
    slurm_worker_hostname: str | None = None


class ClusterPhaseTransition(BaseModel):
    """When a cluster entered a phase."""

    phase: Literal[
        "CLUSTER_PHASE_QUEUED", "CLUSTER_PHASE_SCHEDULED", "CLUSTER_PHASE_WAITING_FOR_CONTROL_PLANE_NODES",
        "CLUSTER_PHASE_WAITING_FOR_DATA_PLANE_NODES", "CLUSTER_PHASE_WAITING_FOR_SUBNET",
        "CLUSTER_PHASE_WAITING_FOR_SHARED_VOLUME", "CLUSTER_PHASE_WAITING_FOR_AUTO_SCALER",
        "CLUSTER_PHASE_INSTALLING_DRIVERS", "CLUSTER_PHASE_RUNNING_ACCEPTANCE_TESTS",
        "CLUSTER_PHASE_ACCEPTANCE_TESTS_FAILED", "CLUSTER_PHASE_RUNNING_NCCL_TESTS", "CLUSTER_PHASE_NCCL_TESTS_FAILED",
        "CLUSTER_PHASE_READY", "CLUSTER_PHASE_PAUSED", "CLUSTER_PHASE_ON_DEMAND_COMPUTE_PAUSED",
        "CLUSTER_PHASE_DEGRADED", "CLUSTER_PHASE_DELETING",
    ]  # fmt: skip
    transition_time: datetime


class ClusterVolume(BaseModel):
    """A volume as a cluster sees it; its size in TiB."""

    size_tib: int
    status: str
    volume_id: str
    volume_name: str


class SlurmStartupScripts(BaseModel):
    """Scripts that Slurm runs, and additions to its configuration."""

    controller_epilog: str | None = None
    controller_prolog: str | None = None
    extra_slurm_conf: str | None = None
    login_init_script: str | None = None
    nodeset_init_script: str | None = None
    worker_epilog: str | None = None
    worker_prolog: str | None = None


class ClusterConfig(BaseModel):
    """How a cluster is set up."""

    load_balancer: LoadBalancer
    gpu_operator_version: str | None = None
    ingress: ClusterSwitch | None = None
    jumphost_enabled: bool | None = None
    kubernetes_dashboard_enabled: bool | None = None
    network_operator_version: str | None = None
    observability: ClusterSwitch | None = None
    slurm_startup_scripts: SlurmStartupScripts | None = None
    ssh_ca_enabled: bool | None = None


class NodeLifecycleEvent(BaseModel):
    """What happened to a node."""

    message: str
    node_id: str
    reason: str
    timestamp: datetime


class OidcConfig(BaseModel):
    """Who may log in to a cluster; `ca_cert` as PEM."""

    client_id: str
    group_claim: str
    group_prefix: str
    issuer_url: str
    username_claim: str
    username_prefix: str
    ca_cert: str | None = None


class Cluster(BaseModel):
    """A cluster."""

    add_ons: list[AddOn]
    allocated_preemptible_gpus: int
    billing_type: BillingType
    cluster_id: str
    cluster_name: str
    cluster_type: ClusterType
    control_plane_nodes: list[ControlPlaneNode]
    cuda_version: str
    desired_preemptible_gpus: int
    gpu_type: ClusterGPUType
    gpu_worker_nodes: list[GPUWorkerNode]
    kube_config: str
    num_capacity_pool_gpus: int
    num_cpu_workers: int
    num_gpus: int
    num_reserved_gpus: int
    nvidia_driver_version: str
    phase_transitions: list[ClusterPhaseTransition]
    project_id: str
    region: str
    status: Literal[
        "WaitingForControlPlaneNodes", "WaitingForDataPlaneNodes", "WaitingForSubnet", "WaitingForSharedVolume",
        "InstallingDrivers", "RunningAcceptanceTests", "Paused", "OnDemandComputePaused", "Ready", "Degraded",
        "Deleting",
    ]  # fmt: skip
    volumes: list[ClusterVolume]
    capacity_pool_id: str | None = None
    cluster_config: ClusterConfig | None = None
    control_plane_ready: bool | None = None
    created_at: datetime | None = None
    deleted_gpu_worker_nodes: list[GPUWorkerNode] | None = None
    duration_hours: int | None = None
    first_ready_at: datetime | None = None
    install_traefik: bool | None = None
    is_in_substrate: bool | None = None
    machine_cluster_id: str | None = None
    node_lifecycle_events: list[NodeLifecycleEvent] | None = None
    nvidia_driver_version_id: str | None = None
    oidc_config: OidcConfig | None = None
    os_image: str | None = None
    reservation_end_time: datetime | None = None
    reservation_start_time: datetime | None = None
    slurm_shm_size_gib: int | None = None
    ums_org_id: str | None = None
    ums_project_id: str | None = None


class ClusterListResponse(BaseModel):
    """The answer to `clusters.list`."""

    clusters: list[Cluster]


class ClusterDeleteResponse(BaseModel):
    """The answer to `clusters.delete`."""

    cluster_id: str


class ClusterRegionDriverVersion(BaseModel):
    """A driver that a region offers; `id` is the `nvidia_version_id` of a cluster."""

    id: str
    cuda_version: str
    nvidia_driver_version: str
    os: str


class ClusterRegion(BaseModel):
    """A place where clusters run."""

    driver_versions: list[ClusterRegionDriverVersion]
    name: str
    supported_instance_types: list[str]


class ClusterListRegionsResponse(BaseModel):
    """The answer to `clusters.list_regions`."""

    regions: list[ClusterRegion]


class ClusterSwitchParam(TypedDict, total=False):
    """Whether a part of a cluster is on."""

    enabled: bool


class AddOnConfigParam(TypedDict, total=False):
    """What an add-on is told."""

    dashboard: ClusterSwitchParam
    headlamp: ClusterSwitchParam
    ingress: ClusterSwitchParam
    slurm_web: ClusterSwitchParam


class AddOnParam(TypedDict, total=False):
    """Something to install on a new cluster."""

    add_on_type: Required[str]
    name: Required[str]
    config: AddOnConfigParam


class AddOnUpdateParam(TypedDict, total=False):
    """A change of an add-on."""

    name: Required[str]
    config: AddOnConfigParam


class AcceptanceTestsParams(TypedDict, total=False):
    """Which tests the GPUs must pass before a cluster is ready; durations in seconds."""

    dcgm_diag_level: Literal[
        "DCGM_DIAG_LEVEL_SHORT", "DCGM_DIAG_LEVEL_MEDIUM", "DCGM_DIAG_LEVEL_LONG", "DCGM_DIAG_LEVEL_EXTENDED"
    ]
    dcgm_diag_skipped: bool
    enabled: bool
    gpu_burn_duration: int
    gpu_burn_skipped: bool
    nccl_multi_node_skipped: bool
    nccl_single_node_skipped: bool
    storage_skipped: bool


class SlurmStartupScriptsParam(TypedDict, total=False):
    """Scripts that Slurm runs, and additions to its configuration."""

    controller_epilog: str
    controller_prolog: str
    extra_slurm_conf: str
    login_init_script: str
    nodeset_init_script: str
    worker_epilog: str
    worker_prolog: str


class ClusterConfigParam(TypedDict, total=False):
    """How a cluster is set up."""

    load_balancer: Required[LoadBalancer]
    gpu_operator_version: str
    ingress: ClusterSwitchParam
    jumphost_enabled: bool
    kubernetes_dashboard_enabled: bool
    network_operator_version: str
    observability: ClusterSwitchParam
    slurm_startup_scripts: SlurmStartupScriptsParam
    ssh_ca_enabled: bool


class OidcConfigParam(TypedDict, total=False):
    """Who may log in to a cluster; `ca_cert` as PEM."""

    client_id: Required[str]
    group_claim: Required[str]
    group_prefix: Required[str]
    issuer_url: Required[str]
    username_claim: Required[str]
    username_prefix: Required[str]
    ca_cert: str


class SharedVolumeParam(TypedDict, total=False):
    """A volume to make together with a cluster; its size in TiB."""

    region: Required[str]
    size_tib: Required[int]
    volume_name: Required[str]
    instance_cluster_id: str
    is_lifecycle_independent: bool
    project_id: str
