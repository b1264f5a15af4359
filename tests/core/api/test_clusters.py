"""`client.clusters`, as the emulator answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from together_di import APIStatusError, AsyncTogether, BadRequestError, ConflictError, NotFoundError, Together
from together_di.types.clusters import Cluster, ClusterStorage, Remediation

REGION = "us-central-8"
OPTIONS: dict[str, Any] = {"api_key": "k", "transport": "embedded", "strict": True, "max_retries": 0}


@pytest.fixture
def client() -> Together:
    return Together(**OPTIONS)


@pytest.fixture
def name() -> str:
    return f"thing-{uuid4().hex}"


def make(client: Together, name: str, **more: Any) -> Cluster:
    base: dict[str, Any] = {
        "billing_type": "ON_DEMAND",
        "cluster_name": name,
        "gpu_type": "H100_SXM",
        "num_gpus": 16,
        "region": REGION,
        "nvidia_version_id": client.clusters.list_regions().regions[0].driver_versions[0].id,
    }
    return client.clusters.create(**{**base, **more})


def ready(client: Together, name: str, **more: Any) -> Cluster:
    cluster = make(client, name, **more)
    for _ in range(2):
        cluster = client.clusters.retrieve(cluster.cluster_id)
    return cluster


def volume(client: Together, name: str, **more: Any) -> ClusterStorage:
    return client.clusters.storage.create(region=REGION, size_tib=2, volume_name=name, **more)


def waiting_repair(client: Together, name: str) -> Remediation:
    cluster = ready(client, name)
    (found,) = client.clusters.remediations.list("-", cluster_id=cluster.cluster_id).remediations
    return found


def where(remediation: Remediation) -> dict[str, Any]:
    return {"cluster_id": remediation.cluster_id, "instance_id": remediation.instance_id}


def test_a_region_names_the_drivers_that_a_cluster_there_can_have(client: Together, name: str) -> None:
    for region in client.clusters.list_regions().regions:
        for driver in region.driver_versions:
            cluster = make(client, f"{name}-{driver.id}", region=region.name, nvidia_version_id=driver.id)
            assert (cluster.cuda_version, cluster.nvidia_driver_version) == (
                driver.cuda_version,
                driver.nvidia_driver_version,
            )


def test_a_driver_can_be_named_in_the_older_way(client: Together, name: str) -> None:
    driver = client.clusters.list_regions().regions[0].driver_versions[-1]
    cluster = client.clusters.create(
        billing_type="ON_DEMAND",
        cluster_name=name,
        gpu_type="H100_SXM",
        num_gpus=8,
        region=REGION,
        cuda_version=driver.cuda_version,
        nvidia_driver_version=driver.nvidia_driver_version,
    )
    assert cluster.nvidia_driver_version_id == driver.id


def test_a_cluster_becomes_ready_by_being_read(client: Together, name: str) -> None:
    made = make(client, name)
    read = [client.clusters.retrieve(made.cluster_id) for _ in range(3)]
    assert [made.status, *[cluster.status for cluster in read]] == [
        "WaitingForControlPlaneNodes",
        "InstallingDrivers",
        "Ready",
        "Ready",
    ]
    assert [step.phase for step in read[-1].phase_transitions][-1] == "CLUSTER_PHASE_READY"
    assert not made.kube_config
    assert name in read[-1].kube_config


def test_a_cluster_has_a_machine_for_each_eight_gpus(client: Together, name: str) -> None:
    machines = make(client, name, num_gpus=24).gpu_worker_nodes
    assert [machine.num_gpus for machine in machines] == [8, 8, 8]
    assert len({machine.instance_id for machine in machines}) == 3


def test_a_cluster_is_listed_with_its_project(client: Together, name: str) -> None:
    cluster = make(client, name, project_id=name)
    assert client.clusters.list(project_id=name).clusters == [cluster]
    assert cluster in client.clusters.list().clusters


def test_more_gpus_take_a_read_to_come(client: Together, name: str) -> None:
    cluster = ready(client, name, num_gpus=8)
    changed = client.clusters.update(cluster.cluster_id, num_gpus=16)
    assert (changed.num_gpus, changed.status) == (16, "InstallingDrivers")
    assert client.clusters.retrieve(cluster.cluster_id).status == "Ready"


def test_preemptible_gpus_are_there_when_the_cluster_is(client: Together, name: str) -> None:
    made = make(client, name, num_preemptible_gpus=8)
    assert (made.desired_preemptible_gpus, made.allocated_preemptible_gpus) == (8, 0)
    assert ready(client, f"{name}-2", num_preemptible_gpus=8).allocated_preemptible_gpus == 8


def test_an_add_on_is_changed_by_its_name(client: Together, name: str) -> None:
    on = {"headlamp": {"enabled": True}}
    cluster = make(client, name, add_ons=[{"add_on_type": "headlamp", "name": "view", "config": on}])
    client.clusters.update(cluster.cluster_id, add_ons=[{"name": "view", "config": {"headlamp": {"enabled": False}}}])
    (add_on,) = client.clusters.retrieve(cluster.cluster_id).add_ons
    assert (add_on.name, add_on.add_on_type) == ("view", "headlamp")
    assert add_on.config.headlamp
    assert add_on.config.headlamp.enabled is False


def test_a_deleted_cluster_is_not_found(client: Together, name: str) -> None:
    cluster = make(client, name)
    assert client.clusters.delete(cluster.cluster_id).cluster_id == cluster.cluster_id
    with pytest.raises(NotFoundError, match=cluster.cluster_id):
        client.clusters.retrieve(cluster.cluster_id)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"num_gpus": 12}, "num_gpus"),
        ({"num_gpus": 0}, "num_gpus"),
        ({"region": "moon"}, "region"),
        ({"gpu_type": "B300_SXM"}, "gpu_type"),
        ({"billing_type": "FREE"}, "billing_type"),
        ({"nvidia_version_id": "none"}, "nvidia_version_id"),
        ({"cuda_version": "1"}, "nvidia_version_id"),
        ({"cluster_type": "SLURM"}, "slurm_shm_size_gib"),
        ({"billing_type": "SCHEDULED_CAPACITY"}, "reservation_end_time"),
        ({"volume_id": "none"}, "volume_id"),
    ],
)
def test_what_is_wrong_with_a_cluster_is_named(client: Together, name: str, wrong: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError, match=f"`{param}`"):
        make(client, name, **wrong)


def test_a_name_is_given_once(client: Together, name: str) -> None:
    make(client, name)
    with pytest.raises(BadRequestError, match="cluster_name"):
        make(client, name)


def test_a_volume_is_made_read_enlarged_and_deleted(client: Together, name: str) -> None:
    storage = client.clusters.storage
    made = volume(client, name, project_id=name)
    assert (made.status, made.size_tib) == ("provisioning", 2)
    assert storage.retrieve(made.volume_id).status == "available"
    assert storage.update(volume_id=made.volume_id, size_tib=5).size_tib == 5
    assert [found.volume_name for found in storage.list(project_id=name).volumes] == [name]
    assert storage.delete(made.volume_id).success
    with pytest.raises(NotFoundError, match=made.volume_id):
        storage.retrieve(made.volume_id)


def test_a_volume_does_not_shrink(client: Together, name: str) -> None:
    with pytest.raises(BadRequestError, match="size_tib"):
        client.clusters.storage.update(volume_id=volume(client, name).volume_id, size_tib=1)


def test_a_volume_in_use_is_not_deleted(client: Together, name: str) -> None:
    made = volume(client, name)
    cluster = make(client, name, volume_id=made.volume_id)
    assert [(found.volume_id, found.status) for found in cluster.volumes] == [(made.volume_id, "bound")]
    with pytest.raises(ConflictError, match=cluster.cluster_id):
        client.clusters.storage.delete(made.volume_id)


@pytest.mark.parametrize("stays", [True, False])
def test_a_volume_outlives_its_cluster_if_it_was_to_stay(client: Together, name: str, stays: bool) -> None:
    shared = {"region": REGION, "size_tib": 1, "volume_name": name, "is_lifecycle_independent": stays}
    cluster = make(client, name, shared_volume=shared)
    client.clusters.delete(cluster.cluster_id)
    assert (name in [found.volume_name for found in client.clusters.storage.list().volumes]) is stays


def test_a_repair_runs_by_being_read(client: Together, name: str) -> None:
    cluster = ready(client, name, num_gpus=8)
    instance = cluster.gpu_worker_nodes[0].instance_id or ""
    repairs = client.clusters.remediations
    made = repairs.create(
        instance, cluster_id=cluster.cluster_id, mode="REMEDIATION_MODE_REBOOT_VM", reason="It hangs."
    )
    assert (made.instance_id, made.reason) == (instance, "It hangs.")
    states = [repairs.retrieve(made.id, **where(made)).state for _ in range(3)]
    assert states == ["PENDING", "RUNNING", "SUCCEEDED"]


def test_a_repair_that_the_system_wants_waits_for_approval(client: Together, name: str) -> None:
    found = waiting_repair(client, name)
    assert (found.state, found.trigger) == ("PENDING_APPROVAL", "REMEDIATION_TRIGGER_AUTOMATED")
    assert found.linked_alerts
    approved = client.clusters.remediations.approve(
        found.id, **where(found), comment="Go on.", mode="REMEDIATION_MODE_VM_ONLY"
    )
    assert (approved.state, approved.mode, approved.review_comment) == (
        "PENDING",
        "REMEDIATION_MODE_VM_ONLY",
        "Go on.",
    )


def test_a_rejected_repair_is_over(client: Together, name: str) -> None:
    found = waiting_repair(client, name)
    rejected = client.clusters.remediations.reject(found.id, **where(found), comment="No.")
    assert (rejected.state, rejected.review_comment) == ("CANCELLED", "No.")
    with pytest.raises(ConflictError, match="PENDING_APPROVAL"):
        client.clusters.remediations.approve(found.id, **where(found))


def test_a_repair_that_runs_cannot_be_cancelled(client: Together, name: str) -> None:
    cluster = ready(client, name, num_gpus=8)
    instance = cluster.gpu_worker_nodes[0].instance_id or ""
    repairs = client.clusters.remediations
    first, second = (
        repairs.create(instance, cluster_id=cluster.cluster_id, mode="REMEDIATION_MODE_VM_ONLY") for _ in range(2)
    )
    assert repairs.cancel(first.id, **where(first)).state == "CANCELLED"
    repairs.retrieve(second.id, **where(second))
    with pytest.raises(ConflictError, match="RUNNING"):
        repairs.cancel(second.id, **where(second))


def test_repairs_are_listed_in_pages(client: Together, name: str) -> None:
    cluster = ready(client, name, num_gpus=8)
    instance = cluster.gpu_worker_nodes[0].instance_id or ""
    repairs = client.clusters.remediations
    made = [
        repairs.create(instance, cluster_id=cluster.cluster_id, mode="REMEDIATION_MODE_VM_ONLY").id for _ in range(5)
    ]
    seen: list[str] = []
    token = ""
    while True:
        page = repairs.list(instance, cluster_id=cluster.cluster_id, page_size=2, page_token=token)
        seen += [found.id for found in page.remediations]
        token = page.next_page_token
        if not page.has_next:
            break
    assert seen == made
    assert not token


def test_repairs_are_listed_by_mode_state_and_trigger(client: Together, name: str) -> None:
    cluster = ready(client, name)
    instance = cluster.gpu_worker_nodes[0].instance_id or ""
    repairs = client.clusters.remediations
    one: dict[str, Any] = {"cluster_id": cluster.cluster_id}
    mine = repairs.create(instance, **one, mode="REMEDIATION_MODE_REBOOT_VM")
    by_mode = repairs.list("-", **one, mode=["REMEDIATION_MODE_REBOOT_VM", "REMEDIATION_MODE_VM_ONLY"])
    assert by_mode.remediations == [mine]
    assert repairs.list("-", **one, state=["PENDING"]).remediations == [mine]
    automated = repairs.list("-", **one, trigger=["REMEDIATION_TRIGGER_AUTOMATED"], order_by="create_time desc")
    assert [found.state for found in automated.remediations] == ["PENDING_APPROVAL"]
    assert repairs.list("-", **one, state=["FAILED"]).remediations == []


@pytest.mark.parametrize("instance", ["none", "-"])
def test_a_repair_is_of_a_machine_of_the_cluster(client: Together, name: str, instance: str) -> None:
    cluster = make(client, name)
    with pytest.raises(APIStatusError, match=instance):
        client.clusters.remediations.create(instance, cluster_id=cluster.cluster_id, mode="REMEDIATION_MODE_VM_ONLY")


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.clusters.retrieve("none"),
        lambda client: client.clusters.update("none", num_gpus=8),
        lambda client: client.clusters.delete("none"),
        lambda client: client.clusters.storage.delete("none"),
        lambda client: client.clusters.remediations.list("-", cluster_id="none"),
    ],
)
def test_what_is_not_there_is_not_found(client: Together, call: Callable[[Together], object]) -> None:
    with pytest.raises(NotFoundError, match="none"):
        call(client)


def test_the_async_client_makes_a_cluster(name: str) -> None:
    async def story() -> str:
        async with AsyncTogether(**OPTIONS) as client:
            driver = (await client.clusters.list_regions()).regions[0].driver_versions[0]
            cluster = await client.clusters.create(
                billing_type="ON_DEMAND",
                cluster_name=name,
                gpu_type="H200_SXM",
                num_gpus=8,
                region=REGION,
                nvidia_version_id=driver.id,
            )
            return (await client.clusters.retrieve(cluster.cluster_id)).cluster_name

    assert asyncio.run(story()) == name
