"""`client.clusters`: https://docs.together.ai/reference/clusters-create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._sentinels import NotGiven, not_given
from ..endpoint import delete, get, post, put
from ..request import camel
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Unpack

    from ..engine import Engine
    from ..request import RequestOptions
    from ..types.clusters import (
        AcceptanceTestsParams,
        AddOnParam,
        AddOnUpdateParam,
        BillingType,
        Cluster,
        ClusterConfigParam,
        ClusterDeleteResponse,
        ClusterGPUType,
        ClusterListRegionsResponse,
        ClusterListResponse,
        ClusterStorage,
        ClusterType,
        OidcConfigParam,
        Remediation,
        RemediationListResponse,
        RemediationMode,
        RemediationState,
        RemediationTrigger,
        SharedVolumeParam,
        StorageDeleteResponse,
        StorageListResponse,
    )

VOLUMES = "/v1/compute/clusters/storage/volumes"
REMEDIATIONS = "/v1/compute/clusters/{cluster_id}/instances/{instance_id}/remediations"


class Storage(Resource[M]):
    """Volumes that clusters share; sizes in TiB."""

    name = "clusters.storage"
    with_raw_response: Storage[Raw[M]]
    with_streaming_response: Storage[Streamed[M]]

    @post(VOLUMES)
    def create(
        self,
        *,
        region: str,
        size_tib: int,
        volume_name: str,
        instance_cluster_id: str | NotGiven = not_given,
        is_lifecycle_independent: bool | NotGiven = not_given,
        project_id: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ClusterStorage:
        """Make a volume in one of the regions of `clusters.list_regions()`, or by the machines of a cluster.

        It goes when the cluster goes, unless `is_lifecycle_independent`.
        """
        ...

    @get(f"{VOLUMES}/{{volume_id}}")
    def retrieve(self, volume_id: str, **options: Unpack[RequestOptions]) -> ClusterStorage:
        """A volume."""
        ...

    @put(VOLUMES)
    def update(
        self, *, volume_id: str, size_tib: int | NotGiven = not_given, **options: Unpack[RequestOptions]
    ) -> ClusterStorage:
        """Change the size of a volume, in TiB."""
        ...

    @get(VOLUMES, wire_name=camel)
    def list(self, *, project_id: str | NotGiven = not_given, **options: Unpack[RequestOptions]) -> StorageListResponse:
        """The volumes; with `project_id` those of a project."""
        ...

    @delete(f"{VOLUMES}/{{volume_id}}")
    def delete(self, volume_id: str, **options: Unpack[RequestOptions]) -> StorageDeleteResponse:
        """Delete a volume and what is on it."""
        ...


class Remediations(Resource[M]):
    """Repairs of nodes."""

    name = "clusters.remediations"
    with_raw_response: Remediations[Raw[M]]
    with_streaming_response: Remediations[Streamed[M]]

    @post(REMEDIATIONS)
    def create(
        self,
        instance_id: str,
        *,
        cluster_id: str,
        mode: RemediationMode,
        reason: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Remediation:
        """Have a node repaired."""
        ...

    @get(f"{REMEDIATIONS}/{{remediation_id}}")
    def retrieve(
        self, remediation_id: str, *, cluster_id: str, instance_id: str, **options: Unpack[RequestOptions]
    ) -> Remediation:
        """How far a repair is."""
        ...

    @get(REMEDIATIONS)
    def list(
        self,
        instance_id: str,
        *,
        cluster_id: str,
        mode: Sequence[RemediationMode] | NotGiven = not_given,
        order_by: str | NotGiven = not_given,
        page_size: int | NotGiven = not_given,
        page_token: str | NotGiven = not_given,
        state: Sequence[RemediationState] | NotGiven = not_given,
        trigger: Sequence[RemediationTrigger] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> RemediationListResponse:
        """The repairs of a node, or with the instance `-` of all nodes, `page_size` at a time.

        `page_token` is the `next_page_token` of the page before; `mode`, `state` and `trigger` say which ones.
        """
        ...

    @post(f"{REMEDIATIONS}/{{remediation_id}}/approve")
    def approve(
        self,
        remediation_id: str,
        *,
        cluster_id: str,
        instance_id: str,
        comment: str | NotGiven = not_given,
        mode: RemediationMode | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Remediation:
        """Let a repair that waits for approval begin, with another `mode` if you give one."""
        ...

    @post(f"{REMEDIATIONS}/{{remediation_id}}/cancel", bodiless=True)
    def cancel(
        self, remediation_id: str, *, cluster_id: str, instance_id: str, **options: Unpack[RequestOptions]
    ) -> Remediation:
        """Call off a repair that has not begun."""
        ...

    @post(f"{REMEDIATIONS}/{{remediation_id}}/reject")
    def reject(
        self,
        remediation_id: str,
        *,
        cluster_id: str,
        instance_id: str,
        comment: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Remediation:
        """Refuse a repair that waits for approval."""
        ...


class Clusters(Resource[M]):
    """Machines with GPUs, under Kubernetes or Slurm."""

    name = "clusters"
    with_raw_response: Clusters[Raw[M]]
    with_streaming_response: Clusters[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.storage: Storage[M] = Storage(engine)
        self.remediations: Remediations[M] = Remediations(engine)

    @post("/v1/compute/clusters")
    def create(
        self,
        *,
        billing_type: BillingType,
        cluster_name: str,
        gpu_type: ClusterGPUType,
        num_gpus: int,
        region: str,
        nvidia_version_id: str | NotGiven = not_given,
        acceptance_tests_params: AcceptanceTestsParams | NotGiven = not_given,
        add_ons: Iterable[AddOnParam] | NotGiven = not_given,
        auto_scale: bool | NotGiven = not_given,
        auto_scale_max_gpus: int | NotGiven = not_given,
        capacity_pool_id: str | NotGiven = not_given,
        cluster_config: ClusterConfigParam | NotGiven = not_given,
        cluster_type: ClusterType | NotGiven = not_given,
        cuda_version: str | NotGiven = not_given,
        duration_days: int | NotGiven = not_given,
        install_traefik: bool | NotGiven = not_given,
        num_capacity_pool_gpus: int | NotGiven = not_given,
        num_preemptible_gpus: int | NotGiven = not_given,
        num_reserved_gpus: int | NotGiven = not_given,
        nvidia_driver_version: str | NotGiven = not_given,
        oidc_config: OidcConfigParam | NotGiven = not_given,
        project_id: str | NotGiven = not_given,
        reservation_end_time: str | datetime | NotGiven = not_given,
        reservation_start_time: str | datetime | NotGiven = not_given,
        shared_volume: SharedVolumeParam | NotGiven = not_given,
        slurm_image: str | NotGiven = not_given,
        slurm_shm_size_gib: int | NotGiven = not_given,
        volume_id: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Cluster:
        """Make a cluster; the driver is `nvidia_version_id`, or `cuda_version` with `nvidia_driver_version`.

        `list_regions()` has the regions and the drivers there. It is kept for `duration_days` (`"RESERVED"`), until it
        is deleted (`"ON_DEMAND"`), or from `reservation_start_time` to `reservation_end_time` (`"SCHEDULED_CAPACITY"`).
        Every number of GPUs is a multiple of 8; preemptible ones come on top and may be taken away again; with
        `auto_scale` there are up to `auto_scale_max_gpus`. `shared_volume` is made with it, `volume_id` is there
        already. Slurm needs `slurm_shm_size_gib`. `project_id` is your default project's if left out.
        """
        ...

    @get("/v1/compute/clusters/{cluster_id}")
    def retrieve(self, cluster_id: str, **options: Unpack[RequestOptions]) -> Cluster:
        """A cluster."""
        ...

    @put("/v1/compute/clusters/{cluster_id}")
    def update(
        self,
        cluster_id: str,
        *,
        add_ons: Iterable[AddOnUpdateParam] | NotGiven = not_given,
        cluster_config: ClusterConfigParam | NotGiven = not_given,
        cluster_type: ClusterType | NotGiven = not_given,
        num_capacity_pool_gpus: int | NotGiven = not_given,
        num_gpus: int | NotGiven = not_given,
        num_preemptible_gpus: int | NotGiven = not_given,
        num_reserved_gpus: int | NotGiven = not_given,
        reservation_end_time: str | datetime | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Cluster:
        """Change a cluster; numbers of GPUs are multiples of 8."""
        ...

    @get("/v1/compute/clusters", wire_name=camel)
    def list(self, *, project_id: str | NotGiven = not_given, **options: Unpack[RequestOptions]) -> ClusterListResponse:
        """The clusters; with `project_id` those of a project."""
        ...

    @delete("/v1/compute/clusters/{cluster_id}")
    def delete(self, cluster_id: str, **options: Unpack[RequestOptions]) -> ClusterDeleteResponse:
        """Delete a cluster."""
        ...

    @get("/v1/compute/regions")
    def list_regions(self, **options: Unpack[RequestOptions]) -> ClusterListRegionsResponse:
        """Where clusters can be, with which GPUs and drivers."""
        ...
