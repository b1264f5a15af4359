"""`client.endpoints`, its deployments and adapters, as the emulator answers them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.core.support.dedicated import ONE_REPLICA, OPTIONS, deploy, give_traffic, new_project
from together_di import AsyncTogether, BadRequestError, ConflictError, NotFoundError, Together, types
from together_di.types import endpoints as endpoint_types
from together_di.types.endpoints import DeploymentAdapter, Endpoint, EndpointDeployment

READY, SCALING = "DEPLOYMENT_STATE_READY", "DEPLOYMENT_STATE_SCALING"


@pytest.fixture
def client() -> Together:
    return new_project()


@pytest.fixture
def endpoint(client: Together) -> Endpoint:
    return client.endpoints.create(name="chat")


def adapt(client: Together, deployment: EndpointDeployment, model: str = "lora", **more: Any) -> DeploymentAdapter:
    where: Any = {"endpoint_id": deployment.endpoint_id, "deployment_id": deployment.id}
    return client.endpoints.adapters.create(**where, adapter_model_id=model, **more)


def test_an_endpoint_is_made_found_changed_and_deleted(client: Together) -> None:
    made = client.endpoints.create(name="chat", visibility="VISIBILITY_INTERNAL")
    assert client.endpoints.retrieve(made.id) == made
    changed = client.endpoints.update(made.id, name="talk")
    assert changed.name == made.name.replace("chat", "talk")
    assert [each.id for each in client.endpoints.list()] == [made.id]
    client.endpoints.delete(made.id)
    with pytest.raises(NotFoundError, match=made.id):
        client.endpoints.retrieve(made.id)


def test_an_endpoint_belongs_to_its_project(endpoint: Endpoint) -> None:
    with pytest.raises(NotFoundError):
        new_project().endpoints.retrieve(endpoint.id)


def test_a_name_is_given_once(client: Together, endpoint: Endpoint) -> None:
    with pytest.raises(ConflictError, match="name"):
        client.endpoints.create(name="chat")
    other = client.endpoints.create(name="other")
    with pytest.raises(ConflictError, match="name"):
        client.endpoints.update(other.id, name="chat")


def test_endpoints_come_in_pages_and_in_order(client: Together) -> None:
    names = [client.endpoints.create(name=f"n{number}").name for number in range(3)]
    pages = [len(page.data) for page in client.endpoints.list(limit=2).iter_pages()]
    assert pages == [2, 1]
    assert [each.name for each in client.endpoints.list(limit=2, order_by="created_at desc")] == names[::-1]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("name:chat", ["chat-one", "chat-two"]),
        ("name:*two", ["chat-two"]),
        ('name:chat AND created_at < "2026-01-01T00:00:00Z"', []),
        ('created_at >= "2026-01-01T00:00:00Z" AND name:other', ["other"]),
    ],
)
def test_endpoints_are_filtered(client: Together, wanted: str, found: list[str]) -> None:
    for name in ("chat-one", "chat-two", "other"):
        client.endpoints.create(name=name)
    assert [each.name.rpartition("/")[2] for each in client.endpoints.list(filter=wanted)] == found


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [
        ({"filter": "size > 3"}, "filter"),
        ({"filter": "created_at > yesterday"}, "filter"),
        ({"order_by": "name"}, "orderBy"),
        ({"limit": 501}, "limit"),
        ({"after": "nothing"}, "after"),
    ],
)
def test_a_list_names_what_it_does_not_understand(client: Together, arguments: Any, parameter: str) -> None:
    client.endpoints.create(name="chat")
    with pytest.raises(BadRequestError, match=f"`{parameter}`"):
        client.endpoints.list(**arguments)


def test_an_organization_sees_the_endpoints_that_are_shared(client: Together, endpoint: Endpoint) -> None:
    shared = client.endpoints.create(name="shared", visibility="VISIBILITY_INTERNAL")
    seen = [each.id for each in client.endpoints.list_org_scoped("org-emulator")]
    assert shared.id in seen
    assert endpoint.id not in seen
    assert list(client.endpoints.list_org_scoped("org-other")) == []


def test_what_has_changed_since_it_was_read_is_not_overwritten(client: Together, endpoint: Endpoint) -> None:
    client.endpoints.update(endpoint.id, etag=endpoint.etag, name="second")
    with pytest.raises(ConflictError, match="etag"):
        client.endpoints.update(endpoint.id, etag=endpoint.etag, name="third")
    with pytest.raises(ConflictError, match="etag"):
        client.endpoints.delete(endpoint.id, etag=endpoint.etag)


def test_the_mask_says_which_fields_change(client: Together, endpoint: Endpoint) -> None:
    changed = client.endpoints.update(
        endpoint.id, update_mask="visibility", name="other", visibility="VISIBILITY_INTERNAL"
    )
    assert (changed.name, changed.visibility) == (endpoint.name, "VISIBILITY_INTERNAL")
    with pytest.raises(BadRequestError, match="`updateMask` names 'etag'"):
        client.endpoints.update(endpoint.id, update_mask="etag", name="other")


def test_an_endpoint_with_deployments_stays(client: Together, endpoint: Endpoint) -> None:
    deployment = deploy(client, endpoint)
    with pytest.raises(BadRequestError, match="has deployments"):
        client.endpoints.delete(endpoint.id)
    client.endpoints.deployments.delete(deployment.id, endpoint_id=endpoint.id)
    client.endpoints.delete(endpoint.id)


def test_a_deployment_is_ready_after_two_looks(client: Together, endpoint: Endpoint) -> None:
    deployments = client.endpoints.deployments
    made = deployments.create(endpoint.id, name="blue", autoscaling=ONE_REPLICA, model="projects/p/models/m")
    looks = [deployments.retrieve(made.id, endpoint_id=endpoint.id).status for _ in range(2)]
    states = [status.state.removeprefix("DEPLOYMENT_STATE_") for status in (made.status, *looks)]
    assert states == ["PROVISIONING", "PROVISIONING", "READY"]
    assert [status.ready_replicas for status in looks] == [0, 1]


def test_a_list_shows_deployments_as_they_are(client: Together, endpoint: Endpoint) -> None:
    client.endpoints.deployments.create(endpoint.id, name="blue", autoscaling=ONE_REPLICA, model_id="m")
    for _ in range(3):
        (listed,) = client.endpoints.deployments.list(endpoint.id)
        assert listed.status.state == "DEPLOYMENT_STATE_PROVISIONING"


def test_deployments_are_filtered_by_state(client: Together, endpoint: Endpoint) -> None:
    deploy(client, endpoint, "blue")
    client.endpoints.deployments.create(endpoint.id, name="green", autoscaling=ONE_REPLICA, model_id="m")
    (found,) = client.endpoints.deployments.list(endpoint.id, filter=f"state={READY}")
    assert found.name.endswith("/chat/blue")


def test_a_deployment_without_replicas_is_stopped(client: Together, endpoint: Endpoint) -> None:
    made = deploy(client, endpoint, autoscaling={"min_replicas": 0, "max_replicas": 0})
    assert made.status.state == "DEPLOYMENT_STATE_STOPPED"


def test_more_replicas_come_when_they_are_looked_for(client: Together, endpoint: Endpoint) -> None:
    made = deploy(client, endpoint)
    more: Any = {"min_replicas": 3, "max_replicas": 4}
    changed = client.endpoints.deployments.update(made.id, endpoint_id=endpoint.id, autoscaling=more)
    assert (changed.status.state, changed.status.ready_replicas, changed.desired_replicas) == (SCALING, 1, 3)
    later = client.endpoints.deployments.retrieve(made.id, endpoint_id=endpoint.id)
    assert (later.status.state, later.status.ready_replicas) == (READY, 3)


def test_a_model_is_named_in_full_or_by_its_ids(client: Together, endpoint: Endpoint) -> None:
    full = deploy(client, endpoint, "full", model="projects/p/models/m/revisions/r")
    assert (full.model, full.api_model_id, full.api_model_revision_id) == ("projects/p/models/m/revisions/r", "m", "r")
    by_id = client.endpoints.deployments.create(
        endpoint.id, name="ids", autoscaling=ONE_REPLICA, model_id="m", model_revision_id="r", config_id="cr-9"
    )
    assert by_id.model.endswith("/models/m/revisions/r")
    assert by_id.config.endswith("/configs/cr-9")


def test_a_deployment_can_be_checked_without_being_made(client: Together, endpoint: Endpoint) -> None:
    checked = client.endpoints.deployments.create(
        endpoint.id, name="blue", autoscaling=ONE_REPLICA, model_id="m", validate_only=True
    )
    assert checked.api_model_id == "m"
    assert list(client.endpoints.deployments.list(endpoint.id)) == []


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"model": "just-a-name"}, "model"),
        ({"autoscaling": {"min_replicas": 3, "max_replicas": 2}}, "autoscaling"),
        ({"autoscaling": {"min_replicas": -1}}, "minReplicas"),
        ({"inactive_timeout": 5}, "inactiveTimeout"),
        ({"placement": {}}, "placement"),
    ],
)
def test_a_deployment_names_what_is_wrong(client: Together, endpoint: Endpoint, wrong: Any, parameter: str) -> None:
    arguments: Any = {"name": "blue", "autoscaling": ONE_REPLICA, "model": "projects/p/models/m", **wrong}
    with pytest.raises(BadRequestError, match=f"`{parameter}`"):
        client.endpoints.deployments.create(endpoint.id, **arguments)


def test_a_deployment_needs_a_model(client: Together, endpoint: Endpoint) -> None:
    with pytest.raises(BadRequestError, match="`model` is required"):
        client.endpoints.deployments.create(endpoint.id, name="blue", autoscaling=ONE_REPLICA)


def test_a_deployment_needs_an_endpoint(client: Together) -> None:
    with pytest.raises(NotFoundError, match="endpoint"):
        client.endpoints.deployments.list("nowhere")
    with pytest.raises(NotFoundError, match="endpoint"):
        client.endpoints.deployments.create("nowhere", name="blue", autoscaling=ONE_REPLICA, model_id="m")


def test_the_traffic_split_counts_replicas(client: Together, endpoint: Endpoint) -> None:
    deploy(client, endpoint, "blue")
    deploy(client, endpoint, "green", autoscaling={"min_replicas": 3})
    shown = give_traffic(client, endpoint, blue=1, green=1)
    assert [each.weight for each in shown.traffic_split] == [1, 1]
    assert [each.estimated_effective_traffic_share for each in shown.deployments] == [0.25, 0.75]


@pytest.mark.parametrize("weight", [1, 0])
def test_a_deployment_in_the_traffic_split_stays(client: Together, endpoint: Endpoint, weight: float) -> None:
    made = deploy(client, endpoint)
    give_traffic(client, endpoint, blue=weight)
    with pytest.raises(BadRequestError, match="traffic split"):
        client.endpoints.deployments.delete(made.id, endpoint_id=endpoint.id)
    client.endpoints.update(endpoint.id, traffic_split=[])
    client.endpoints.deployments.delete(made.id, endpoint_id=endpoint.id)


@pytest.mark.parametrize("split", [[{"deployment_id": "nowhere", "weight": 1}], [{"weight": 1}]])
def test_traffic_goes_to_deployments_of_the_endpoint_only(client: Together, endpoint: Endpoint, split: Any) -> None:
    with pytest.raises(BadRequestError, match=r"trafficSplit|deploymentId"):
        client.endpoints.update(endpoint.id, traffic_split=split)


def test_analytics_follow_the_traffic_and_the_time(client: Together, endpoint: Endpoint) -> None:
    blue = deploy(client, endpoint, "blue")
    deploy(client, endpoint, "green")
    give_traffic(client, endpoint, blue=3, green=1)
    range_: Any = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T01:00:00Z"}
    whole = client.endpoints.analytics(endpoint.id, **range_)
    part = client.endpoints.analytics(endpoint.id, deployment_id=blue.id, **range_)
    totals = [each.to_dict()["metrics"]["requestMetrics"]["totalRequests"] for each in (whole, part)]
    assert totals == ["7200", "5400"]
    assert whole.time_series is None
    assert client.endpoints.analytics(endpoint.id, **range_) == whole


def test_analytics_give_points_in_time_if_asked(client: Together, endpoint: Endpoint) -> None:
    answer = client.endpoints.analytics(endpoint.id, include_time_series=True, granularity="6h")
    assert [point.timestamp for point in answer.time_series or []] == [
        datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (0, 6, 12, 18)
    ]


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"granularity": "soon"}, "granularity"),
        ({"granularity": "1s"}, "granularity"),
        ({"start_time": "2027-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"}, "startTime"),
        ({"deployment_id": "nowhere"}, "deploymentId"),
    ],
)
def test_analytics_name_what_is_wrong(client: Together, endpoint: Endpoint, wrong: Any, parameter: str) -> None:
    with pytest.raises(BadRequestError, match=f"`{parameter}`"):
        client.endpoints.analytics(endpoint.id, include_time_series=True, **wrong)


def test_events_tell_the_story_backwards(client: Together, endpoint: Endpoint) -> None:
    made = deploy(client, endpoint)
    client.endpoints.update(endpoint.id, visibility="VISIBILITY_INTERNAL")
    events = list(client.endpoints.list_events(endpoint.id, limit=2))
    assert [event.type for event in events] == [
        "endpoint.updated", "deployment.scaled", "deployment.created", "endpoint.created",
    ]  # fmt: skip
    assert events[0].paths == ["visibility"]
    assert (events[1].deployment_id, events[1].old_replicas, events[1].new_replicas) == (made.id, 0, 1)


def test_events_are_filtered(client: Together, endpoint: Endpoint) -> None:
    blue, green = deploy(client, endpoint, "blue"), deploy(client, endpoint, "green")

    def found(**wanted: Any) -> int:
        return len(list(client.endpoints.list_events(endpoint.id, **wanted)))

    assert found() == 5
    assert found(source_kinds=["SOURCE_KIND_ENDPOINT"]) == 1
    assert found(deployment_ids=[blue.id]) == 2
    assert found(deployment_ids=[blue.id], source_kinds=["SOURCE_KIND_ENDPOINT", "SOURCE_KIND_DEPLOYMENT"]) == 3
    assert found(types=["deployment.created", "endpoint.created"]) == 3
    assert found(subject_id=green.id) == 2
    assert found(min_level="LEVEL_WARN") == 0
    assert found(until=endpoint.created_at.isoformat()) == 0
    assert found(since=green.created_at.isoformat()) == 2


@pytest.mark.parametrize(("wanted", "parameter"), [({"since": "soon"}, "since"), ({"min_level": "LOUD"}, "minLevel")])
def test_events_name_what_is_wrong(client: Together, endpoint: Endpoint, wanted: Any, parameter: str) -> None:
    with pytest.raises(BadRequestError, match=f"`{parameter}`"):
        client.endpoints.list_events(endpoint.id, **wanted)


def test_an_adapter_is_put_on_loaded_changed_and_taken_off(client: Together, endpoint: Endpoint) -> None:
    deployment = deploy(client, endpoint)
    where: Any = {"endpoint_id": endpoint.id, "deployment_id": deployment.id}
    made = adapt(client, deployment)
    ready = client.endpoints.adapters.retrieve(made.id, **where)
    assert [each.per_cluster[0].state for each in (made, ready)] == [
        "ADAPTER_LOAD_STATE_LOADING", "ADAPTER_LOAD_STATE_READY",
    ]  # fmt: skip
    changed = client.endpoints.adapters.update(made.id, **where, adapter_revision_id="r2", etag=made.etag)
    assert (changed.desired_revision_id, changed.per_cluster[0].state) == ("r2", "ADAPTER_LOAD_STATE_LOADING")
    with pytest.raises(ConflictError, match="etag"):
        client.endpoints.adapters.delete(made.id, **where, etag=made.etag)
    client.endpoints.adapters.delete(made.id, **where, etag=changed.etag)
    assert list(client.endpoints.adapters.list(endpoint.id, deployment.id)) == []


def test_a_full_deployment_takes_another_adapter_only_by_force(client: Together, endpoint: Endpoint) -> None:
    deployment = deploy(client, endpoint)
    for number in range(4):
        adapt(client, deployment, f"lora-{number}")
    with pytest.raises(BadRequestError, match="force"):
        adapt(client, deployment, "lora-4")
    adapt(client, deployment, "lora-4", force=True)
    pages = client.endpoints.adapters.list(endpoint.id, deployment.id, limit=3)
    assert [each.adapter_model_id for each in pages] == ["lora-1", "lora-2", "lora-3", "lora-4"]


def test_hardware_is_listed_and_found(client: Together) -> None:
    for kind in client.endpoints.hardware.list().data:
        assert client.endpoints.hardware.retrieve(kind.id) == kind
    with pytest.raises(NotFoundError, match="hardware"):
        client.endpoints.hardware.retrieve("abacus")


def test_placement_profiles_are_listed_and_found(client: Together) -> None:
    profiles = list(client.endpoints.placement_profiles.list(limit=1))
    assert len(profiles) == 2
    assert client.endpoints.placement_profiles.retrieve(profiles[1].id) == profiles[1]
    with pytest.raises(NotFoundError, match="profile"):
        client.endpoints.placement_profiles.retrieve("moon")


def test_the_async_client_does_the_same() -> None:
    async def story() -> list[str]:
        async with AsyncTogether(**OPTIONS, project_id=f"proj-{uuid4().hex}") as client:
            made = await client.endpoints.create(name="chat")
            await client.endpoints.deployments.create(made.id, name="blue", autoscaling=ONE_REPLICA, model_id="m")
            found = [each.name async for each in client.endpoints.deployments.list(made.id)]
            raw = await client.endpoints.with_raw_response.retrieve(made.id)
            assert (await raw.parse()).id == made.id
            return [name.partition("/")[2] for name in found]

    assert asyncio.run(story()) == ["chat/blue"]


def test_every_type_of_a_module_is_exported() -> None:
    modules = ("ab_experiments", "adapters", "analytics", "deployments", "endpoint", "hardware", "placement_profiles",
               "rollouts", "shadow_experiments")  # fmt: skip
    names = {name for module in modules for name in getattr(endpoint_types, module).__all__}
    assert names == set(endpoint_types.__all__) <= set(dir(types))
