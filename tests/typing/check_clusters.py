"""What type checkers make of `clusters` and `beta.jig`: never run, checked by mypy and pyright."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type

from together_di import APIResponse, AsyncTogether, Together
from together_di.types import (
    Cluster,
    ClusterListRegionsResponse,
    ClusterStorage,
    Deployment,
    DeploymentRevision,
    QueueSubmitResponse,
    Remediation,
    RemediationListResponse,
    Secret,
    TranscriptionCreateResponse,
    Volume,
)
from together_di.types.beta.jig import DeploymentRevisionEventList, JigAutoscaling


def clusters(client: Together, until: datetime) -> None:
    made = client.clusters.create(
        billing_type="SCHEDULED_CAPACITY",
        cluster_name="c",
        gpu_type="H100_SXM",
        num_gpus=8,
        region="r",
        nvidia_version_id="n",
        reservation_end_time=until,
        add_ons=[{"name": "a", "add_on_type": "t", "config": {"slurm_web": {"enabled": True}}}],
        cluster_config={"load_balancer": "NONE"},
    )
    assert_type(made, Cluster)
    assert_type(client.clusters.list_regions(), ClusterListRegionsResponse)
    assert_type(client.clusters.storage.update(volume_id="v", size_tib=2), ClusterStorage)
    repairs = client.clusters.remediations
    assert_type(repairs.list("-", cluster_id="c", state=["PENDING"]), RemediationListResponse)
    assert_type(repairs.with_raw_response.cancel("r", cluster_id="c", instance_id="i"), APIResponse[Remediation])


async def jig(client: Together, async_client: AsyncTogether) -> None:
    made = client.beta.jig.deploy(gpu_type="h100-80gb", image="i", name="n", autoscaling={"metric": "CustomMetric"})
    assert_type(made, Deployment)
    assert_type(made.autoscaling, JigAutoscaling | None)
    assert_type(client.beta.jig.destroy("n"), object)
    assert_type(await async_client.beta.jig.list_revisions("n"), DeploymentRevisionEventList)
    assert_type(await async_client.beta.jig.retrieve_revision("1", id="n"), DeploymentRevision)
    assert_type(await async_client.beta.jig.queue.submit(model="n", payload={"a": 1}), QueueSubmitResponse)
    assert_type(await async_client.beta.jig.secrets.create(name="s", value="v"), Secret)
    assert_type(
        await async_client.beta.jig.volumes.create(name="v", type="readOnly", content={"source_prefix": "m/"}), Volume
    )


def either(client: Together) -> TranscriptionCreateResponse:
    return client.audio.transcriptions.create(file=b"")


def wrong_uses(client: Together) -> None:
    client.clusters.update("c", num_gpus="8")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.clusters.storage.update("v", size_tib=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.clusters.remediations.create("i", cluster_id="c")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.beta.jig.deploy(image="i", name="n")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.beta.jig.rollback("n", revision=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.beta.jig.volumes.create(name="v", type="readOnly", content={"prefix": "m"})  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportArgumentType]
