"""`client.beta.jig`, as the emulator answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from together_di import AsyncTogether, BadRequestError, ConflictError, NotFoundError, Together
from together_di.types.beta import Deployment
from together_di.types.beta.jig import CustomMetricAutoscalingConfig, QueueAutoscalingConfig

VALUE = "s3cret-value-of-a-test"
OPTIONS: dict[str, Any] = {"api_key": "k", "transport": "embedded", "strict": True, "max_retries": 0}


@pytest.fixture
def client() -> Together:
    return Together(**OPTIONS)


@pytest.fixture
def name() -> str:
    return f"thing-{uuid4().hex}"


def deploy(client: Together, name: str, /, **more: Any) -> Deployment:
    base: dict[str, Any] = {"gpu_type": "h100-80gb", "image": "registry.together.ai/team/app:v1", "name": name}
    return client.beta.jig.deploy(**{**base, **more})


def test_a_deployment_becomes_ready_by_being_read(client: Together, name: str) -> None:
    made = deploy(client, name, min_replicas=2)
    read = [client.beta.jig.retrieve(name) for _ in range(3)]
    assert [made.status, *[found.status for found in read]] == ["Updating", "Scaling", "Ready", "Ready"]
    assert [found.ready_replicas for found in read] == [0, 2, 2]
    assert len(read[-1].replica_events or {}) == 2


def test_a_deployment_without_replicas_is_scaled_to_zero(client: Together, name: str) -> None:
    deploy(client, name, min_replicas=0)
    assert [client.beta.jig.retrieve(name).status for _ in range(2)] == ["Scaling", "ScaledToZero"]


def test_a_deployment_is_found_by_name_and_by_id_and_in_the_list(client: Together, name: str) -> None:
    made = deploy(client, name)
    assert made.id
    assert client.beta.jig.retrieve(made.id).name == client.beta.jig.retrieve(name).name == name
    assert made.id in [found.id for found in client.beta.jig.list().data or []]


def test_autoscaling_is_of_the_kind_that_its_metric_says(client: Together, name: str) -> None:
    made = deploy(client, name, autoscaling={"metric": "QueueBacklogPerWorker", "target": 1.5})
    assert made.autoscaling == QueueAutoscalingConfig(metric="QueueBacklogPerWorker", target=1.5)
    changed = client.beta.jig.update(name, autoscaling={"metric": "CustomMetric", "custom_metric_name": "load"})
    assert changed.autoscaling == CustomMetricAutoscalingConfig(metric="CustomMetric", custom_metric_name="load")
    assert client.beta.jig.update(name, autoscaling={}).autoscaling is None


def test_every_change_is_a_revision_and_an_event(client: Together, name: str) -> None:
    deploy(client, name)
    client.beta.jig.update(name, image="registry.together.ai/team/app:v2", cpu=2)
    events = client.beta.jig.list_revisions(name).data
    assert [(event.event_number, event.action, event.revision_number) for event in events] == [
        (2, "update", 2),
        (1, "create", 1),
    ]
    assert [client.beta.jig.retrieve_revision(str(number), id=name).cpu for number in (1, 2)] == [1, 2]
    by_id = client.beta.jig.retrieve_revision(events[0].revision_id, id=name)
    assert by_id.image == events[0].image == "registry.together.ai/team/app:v2"


def test_a_rollback_runs_an_earlier_revision_again(client: Together, name: str) -> None:
    first = deploy(client, name)
    client.beta.jig.update(name, image="registry.together.ai/team/app:v2")
    back = client.beta.jig.rollback(name, revision_identifier="1")
    assert (back.image, back.status) == (first.image, "Updating")
    newest = client.beta.jig.list_revisions(name, limit=1).data[0]
    assert (newest.action, newest.revision_number, newest.event_number) == ("rollback", 1, 3)


def test_events_are_listed_before_a_number(client: Together, name: str) -> None:
    deploy(client, name)
    for number in range(11):
        client.beta.jig.update(name, description=str(number))
    assert [event.event_number for event in client.beta.jig.list_revisions(name).data] == list(range(12, 2, -1))
    earlier = client.beta.jig.list_revisions(name, before=3, limit=5).data
    assert [event.event_number for event in earlier] == [2, 1]


def test_logs_are_of_a_revision_a_version_or_a_replica(client: Together, name: str) -> None:
    deploy(client, name)
    client.beta.jig.update(name, image="registry.together.ai/team/app:v2", min_replicas=2)
    logs = client.beta.jig.retrieve_logs
    everything = logs(name).lines or []
    second = client.beta.jig.list_revisions(name).data[0].revision_id
    assert logs(name, revision=second).lines == logs(name, version="v2").lines == everything[2:]
    replica = next(iter(client.beta.jig.retrieve(name).replica_events or {}))
    of_replica = logs(name, replica_id=replica).lines or []
    assert of_replica
    assert all(replica in line for line in of_replica)


def test_a_destroyed_deployment_is_not_found(client: Together, name: str) -> None:
    deploy(client, name)
    assert client.beta.jig.destroy(name) == {}
    with pytest.raises(NotFoundError, match=name):
        client.beta.jig.retrieve(name)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"name": "two words"}, "name"),
        ({"image": ""}, "image"),
        ({"gpu_type": "abacus"}, "gpu_type"),
        ({"cpu": 0.01}, "cpu"),
        ({"port": 70_000}, "port"),
        ({"min_replicas": 3, "max_replicas": 2}, "max_replicas"),
        ({"environment_variables": [{"name": "A"}]}, "environment_variables.0"),
        ({"environment_variables": [{"name": "A", "value_from_secret": "none"}]}, "environment_variables.0"),
        ({"volumes": [{"name": "none", "mount_path": "/data"}]}, "volumes.0"),
    ],
)
def test_what_is_wrong_with_a_deployment_is_named(
    client: Together, name: str, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequestError, match=f"`{param}`"):
        deploy(client, name, **wrong)


def test_a_change_that_is_refused_changes_nothing(client: Together, name: str) -> None:
    deploy(client, name)
    with pytest.raises(BadRequestError, match="cpu"):
        client.beta.jig.update(name, name=f"{name}-2", cpu=0)
    assert client.beta.jig.retrieve(name).cpu == 1
    assert len(client.beta.jig.list_revisions(name).data) == 1


def test_the_value_of_a_secret_is_in_no_answer(client: Together, name: str) -> None:
    raw = client.beta.jig.secrets.with_raw_response
    answers = [
        raw.create(name=name, value=VALUE, description="Of a test.").text(),
        raw.update(name, value=f"{VALUE}-2", ttl_seconds=86_400).text(),
        raw.retrieve(name).text(),
        raw.list().text(),
    ]
    assert all(name in answer for answer in answers)
    assert not any(VALUE in answer for answer in answers)


def test_a_new_value_starts_the_time_of_a_secret_anew(client: Together, name: str) -> None:
    made = client.beta.jig.secrets.create(name=name, value=VALUE, ttl_seconds=86_400)
    changed = client.beta.jig.secrets.update(name, value=f"{VALUE}-2")
    noted = client.beta.jig.secrets.update(name, description="Of a test.")
    assert made.expires_at
    assert changed.expires_at
    assert made.expires_at < changed.expires_at
    assert (noted.expires_at, noted.description) == (changed.expires_at, "Of a test.")


def test_a_secret_with_a_slash_in_its_name_is_renamed_and_deleted(client: Together, name: str) -> None:
    secrets = client.beta.jig.secrets
    made = secrets.create(name=f"team/{name}", value=VALUE)
    secrets.update(f"team/{name}", name=f"other/{name}")
    assert secrets.retrieve(f"other/{name}").id == made.id
    assert secrets.delete(f"other/{name}") == {}
    with pytest.raises(NotFoundError, match="secret"):
        secrets.retrieve(made.id or "")


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"name": "what?"}, "name"),
        ({"value": ""}, "value"),
        ({"ttl_seconds": 60}, "ttl_seconds"),
        ({"description": "a" * 501}, "description"),
    ],
)
def test_what_is_wrong_with_a_secret_is_named(client: Together, name: str, wrong: dict[str, Any], param: str) -> None:
    create: Any = client.beta.jig.secrets.create
    with pytest.raises(BadRequestError, match=f"`{param}`") as caught:
        create(**{"name": name, "value": VALUE, **wrong})
    assert VALUE not in str(caught.value)


def test_a_deployment_takes_a_value_from_a_secret(client: Together, name: str) -> None:
    client.beta.jig.secrets.create(name=name, value=VALUE)
    made = deploy(client, name, environment_variables=[{"name": "TOKEN", "value_from_secret": name}])
    assert made.environment_variables
    assert made.environment_variables[0].to_dict() == {"name": "TOKEN", "value_from_secret": name}


def test_a_volume_is_filled_by_being_read(client: Together, name: str) -> None:
    volumes = client.beta.jig.volumes
    made = volumes.create(name=name, type="readOnly", content={"source_prefix": "models/"})
    read = [volumes.retrieve(name) for _ in range(2)]
    assert [made.status, *[found.status for found in read]] == ["pending", "syncing", "ready"]
    content = read[-1].content
    assert content
    assert [(file.name or "").partition("/")[0] for file in content.files or []] == ["models"]


def test_new_content_of_a_volume_is_a_new_version(client: Together, name: str) -> None:
    volumes = client.beta.jig.volumes
    volumes.create(name=name, type="readOnly", content={"source_prefix": "one/"})
    origin: Any = {"s3": {"role_arn": "arn:aws:iam::1:role/r", "uri": "s3://bucket/two"}}
    changed = volumes.update(name, content={"origin": origin})
    assert changed.current_version == 2
    assert changed.content
    assert changed.content.origin
    assert changed.content.origin.s3.uri == "s3://bucket/two"
    past = (changed.version_history or {})["1"]
    assert past.content
    assert past.content.source_prefix == "one/"
    first = volumes.retrieve(name, version=1)
    assert first.content
    assert (first.current_version, first.content.source_prefix) == (2, "one/")
    with pytest.raises(NotFoundError, match="version"):
        volumes.retrieve(name, version=3)


def test_a_volume_is_renamed_without_a_new_version(client: Together, name: str) -> None:
    volumes = client.beta.jig.volumes
    made = volumes.create(name=name, type="readOnly", content={"source_prefix": "one/"})
    changed = volumes.update(name, name=f"{name}-2")
    assert (changed.id, changed.current_version) == (made.id, 1)
    assert made.id in [found.id for found in volumes.list().data or []]


def test_a_deployment_keeps_the_version_that_it_mounted(client: Together, name: str) -> None:
    volumes = client.beta.jig.volumes
    volumes.create(name=name, type="readOnly", content={"source_prefix": "one/"})
    made = deploy(client, name, volumes=[{"name": name, "mount_path": "/data"}])
    volumes.update(name, content={"source_prefix": "two/"})
    client.beta.jig.update(name, volumes=[{"name": name, "mount_path": "/elsewhere"}])
    assert volumes.retrieve(name, version=1).mounted_by == [made.id]
    client.beta.jig.update(name, volumes=[{"name": name, "mount_path": "/data", "version": 2}])
    assert volumes.retrieve(name).mounted_by == [made.id]
    assert volumes.retrieve(name, version=1).mounted_by == []


def test_a_mounted_volume_is_not_deleted(client: Together, name: str) -> None:
    client.beta.jig.volumes.create(name=name, type="readOnly", content={"source_prefix": "one/"})
    made = deploy(client, name, volumes=[{"name": name, "mount_path": "/data"}])
    with pytest.raises(ConflictError, match=made.id):
        client.beta.jig.volumes.delete(name)
    client.beta.jig.destroy(name)
    assert client.beta.jig.volumes.delete(name) == {}


@pytest.mark.parametrize("content", [{}, {"source_prefix": "a/", "origin": {"s3": {"role_arn": "r", "uri": "u"}}}])
def test_a_volume_has_one_source(client: Together, name: str, content: Any) -> None:
    with pytest.raises(BadRequestError, match="`content`"):
        client.beta.jig.volumes.create(name=name, type="readOnly", content=content)


def test_a_request_is_done_by_being_read(client: Together, name: str) -> None:
    queue = client.beta.jig.queue
    identifier = queue.submit(model=name, payload={"some_key": [1]}, info={"who": "me"}).request_id
    read = [queue.retrieve(model=name, request_id=identifier) for _ in range(3)]
    assert [found.status for found in read] == ["pending", "running", "done"]
    assert (read[0].inputs, read[0].outputs, read[0].info) == ({"some_key": [1]}, None, {"who": "me"})
    assert read[2].outputs == {"echo": {"some_key": [1]}}
    assert read[2].done_at


def test_the_highest_priority_goes_first_and_then_the_oldest(client: Together, name: str) -> None:
    queue = client.beta.jig.queue
    ids = [queue.submit(model=name, payload={}, priority=priority).request_id for priority in (0, 0, 5)]
    order: list[str] = []
    while len(order) < len(ids):
        statuses = {identifier: queue.retrieve(model=name, request_id=identifier).status for identifier in ids}
        order += [identifier for identifier in ids if statuses[identifier] == "done" and identifier not in order]
    assert order.index(ids[2]) < order.index(ids[1])
    assert order.index(ids[0]) < order.index(ids[1])


def test_a_waiting_request_can_be_canceled_and_a_running_one_not(client: Together, name: str) -> None:
    queue = client.beta.jig.queue
    first, second = (queue.submit(model=name, payload={}).request_id for _ in range(2))
    queue.retrieve(model=name, request_id=first)
    assert queue.cancel(model=name, request_id=second).status == "canceled"
    with pytest.raises(ConflictError) as caught:
        queue.cancel(model=name, request_id=first)
    assert caught.value.response.status_code == 409
    assert b"running" in caught.value.response.content


def test_a_queue_is_counted_and_cleared(client: Together, name: str) -> None:
    queue = client.beta.jig.queue
    ids = [queue.submit(model=name, payload={}).request_id for _ in range(3)]
    queue.retrieve(model=name, request_id=ids[0])
    assert queue.metrics(model=name).to_dict() == {"messages_waiting": 2, "messages_running": 1, "total_jobs": 3}
    assert queue.clear(model=name).canceled_count == 2
    assert queue.metrics(model=name).total_jobs == 1
    assert queue.retrieve(model=name, request_id=ids[2]).status == "canceled"


@pytest.mark.parametrize(
    "call",
    [
        lambda jig: jig.update("none", cpu=1),
        lambda jig: jig.destroy("none"),
        lambda jig: jig.retrieve_logs("none"),
        lambda jig: jig.rollback("none", revision_identifier="1"),
        lambda jig: jig.secrets.retrieve("none"),
        lambda jig: jig.volumes.delete("none"),
        lambda jig: jig.queue.retrieve(model="none", request_id="none"),
        lambda jig: jig.queue.cancel(model="none", request_id="none"),
    ],
)
def test_what_is_not_there_is_not_found(client: Together, call: Callable[[Any], object]) -> None:
    with pytest.raises(NotFoundError, match="none"):
        call(client.beta.jig)


def test_a_revision_that_is_not_there_is_not_found(client: Together, name: str) -> None:
    deploy(client, name)
    with pytest.raises(NotFoundError, match="revision"):
        client.beta.jig.rollback(name, revision_identifier="7")


def test_the_async_client_deploys(name: str) -> None:
    async def story() -> tuple[str | None, str]:
        async with AsyncTogether(**OPTIONS) as client:
            jig = client.beta.jig
            await jig.deploy(gpu_type="h100-80gb", image="registry.together.ai/team/app:v1", name=name)
            await jig.retrieve(name)
            sent = await jig.queue.submit(model=name, payload={})
            status = await jig.queue.retrieve(model=name, request_id=sent.request_id)
            return (await jig.retrieve(name)).status, status.status

    assert asyncio.run(story()) == ("Ready", "pending")
