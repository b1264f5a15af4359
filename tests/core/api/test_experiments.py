"""`client.endpoints.ab_experiments` and `.shadow_experiments`, as the emulator answers them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.support.dedicated import deploy, give_traffic, new_project
from together_di import BadRequestError, ConflictError, NotFoundError, Together
from together_di.types.endpoints import (
    AbExperiment,
    Endpoint,
    ShadowAdaptiveKeyBasedSamplingResponse,
    ShadowExperiment,
)

CONTROL, VARIANT = "AB_EXPERIMENT_MEMBER_ROLE_CONTROL", "AB_EXPERIMENT_MEMBER_ROLE_VARIANT"
UNIFORM: Any = {"endpoint": {"sampling": {"uniform": {"rate": 0.5}}}}


@pytest.fixture
def client() -> Together:
    return new_project()


@pytest.fixture
def endpoint(client: Together) -> Endpoint:
    made = client.endpoints.create(name="chat")
    deploy(client, made, "blue")
    deploy(client, made, "green")
    return client.endpoints.retrieve(made.id)


def members(endpoint: Endpoint, control: int, variant: int) -> Any:
    shares = zip(endpoint.deployments, (control, variant), (CONTROL, VARIANT), strict=True)
    return [{"deployment_id": each.id, "percent": percent, "role": role} for each, percent, role in shares]


def split(client: Together, endpoint: Endpoint, name: str = "which") -> AbExperiment:
    return client.endpoints.ab_experiments.create(endpoint.id, name=name, members=members(endpoint, 80, 20))


def mirror(client: Together, endpoint: Endpoint, name: str = "mirror", **more: Any) -> ShadowExperiment:
    arguments: Any = {"name": name, "source": UNIFORM, **more}
    return client.endpoints.shadow_experiments.create(endpoint.id, **arguments)


def test_an_ab_experiment_is_made_found_changed_and_deleted(client: Together, endpoint: Endpoint) -> None:
    experiments = client.endpoints.ab_experiments
    made = split(client, endpoint)
    assert experiments.retrieve(made.id, endpoint_id=endpoint.id) == made
    changed = experiments.update(
        made.id, endpoint_id=endpoint.id, etag=made.etag, members=members(endpoint, 50, 50), description="Even."
    )
    assert ([each.percent for each in changed.members], changed.description) == ([50, 50], "Even.")
    with pytest.raises(ConflictError, match="etag"):
        experiments.delete(made.id, endpoint_id=endpoint.id, etag=made.etag)
    experiments.delete(made.id, endpoint_id=endpoint.id, etag=changed.etag)
    with pytest.raises(NotFoundError, match=made.id):
        experiments.retrieve(made.id, endpoint_id=endpoint.id)


def test_ab_experiments_come_in_pages(client: Together, endpoint: Endpoint) -> None:
    names = [split(client, endpoint, name).name for name in ("one", "two", "three")]
    pages = client.endpoints.ab_experiments.list(endpoint.id, limit=2)
    assert [[each.name for each in page.data] for page in pages.iter_pages()] == [names[:2], names[2:]]


@pytest.mark.parametrize(
    "wrong", [lambda given: given[:1], lambda given: [{**each, "role": VARIANT} for each in given],
              lambda given: [{**each, "percent": 10} for each in given]],
    ids=["one member", "no control", "too few percent"],
)  # fmt: skip
def test_members_have_one_control_and_add_up(client: Together, endpoint: Endpoint, wrong: Any) -> None:
    with pytest.raises(BadRequestError, match="`members`"):
        client.endpoints.ab_experiments.create(endpoint.id, name="x", members=wrong(members(endpoint, 80, 20)))


def test_members_are_deployments_of_the_endpoint(client: Together, endpoint: Endpoint) -> None:
    other = client.endpoints.create(name="other")
    with pytest.raises(BadRequestError, match="`deploymentId`"):
        client.endpoints.ab_experiments.create(other.id, name="x", members=members(endpoint, 80, 20))


def test_a_shadow_experiment_is_active_while_it_has_targets(client: Together, endpoint: Endpoint) -> None:
    targets = client.endpoints.shadow_experiments.targets
    made = mirror(client, endpoint)
    where: Any = {"endpoint_id": endpoint.id, "experiment_id": made.id}
    assert made.state == "SHADOW_EXPERIMENT_STATE_INACTIVE"
    target = targets.create(**where, name="t", target_deployment_id=endpoint.deployments[1].id)
    found = client.endpoints.shadow_experiments.retrieve(made.id, endpoint_id=endpoint.id)
    assert (found.state, found.targets) == ("SHADOW_EXPERIMENT_STATE_ACTIVE", [target])
    targets.delete(target.id, **where, etag=target.etag)
    assert list(targets.list(endpoint.id, made.id)) == []


def test_a_target_is_changed_as_its_mask_says(client: Together, endpoint: Endpoint) -> None:
    blue, green = endpoint.deployments
    made = mirror(client, endpoint, targets=[{"name": "t", "target_deployment_id": blue.id}])
    where: Any = {"endpoint_id": endpoint.id, "experiment_id": made.id}
    targets = client.endpoints.shadow_experiments.targets
    changed = targets.update(
        made.targets[0].id, **where, update_mask="targetDeploymentId", target_deployment_id=green.id, name="other"
    )
    assert (changed.name, changed.target_deployment_id) == ("t", green.id)
    assert targets.retrieve(changed.id, **where) == changed


def test_a_deployment_that_gets_mirrored_requests_says_so(client: Together, endpoint: Endpoint) -> None:
    green = endpoint.deployments[1].id
    made = mirror(client, endpoint, targets=[{"name": "t", "target_deployment_id": green}])
    modes = [each.traffic_mode for each in client.endpoints.retrieve(endpoint.id).deployments]
    assert modes == ["TRAFFIC_MODE_LIVE", "TRAFFIC_MODE_SHADOW"]
    client.endpoints.shadow_experiments.delete(made.id, endpoint_id=endpoint.id)
    assert client.endpoints.retrieve(endpoint.id).deployments[1].traffic_mode == "TRAFFIC_MODE_LIVE"


def test_a_deployment_with_traffic_gets_no_mirrored_requests(client: Together, endpoint: Endpoint) -> None:
    give_traffic(client, endpoint, blue=1)
    with pytest.raises(BadRequestError, match="live traffic"):
        mirror(client, endpoint, targets=[{"name": "t", "target_deployment_id": endpoint.deployments[0].id}])
    assert list(client.endpoints.shadow_experiments.list(endpoint.id)) == []


def test_a_list_has_targets_only_if_asked(client: Together, endpoint: Endpoint) -> None:
    mirror(client, endpoint, targets=[{"name": "t", "target_deployment_id": endpoint.deployments[1].id}])
    shadows = client.endpoints.shadow_experiments
    assert [len(each.targets) for each in shadows.list(endpoint.id)] == [0]
    assert [len(each.targets) for each in shadows.list(endpoint.id, include_targets=True)] == [1]


def test_a_new_source_needs_the_etag(client: Together, endpoint: Endpoint) -> None:
    made = mirror(client, endpoint)
    source: Any = {"endpoint": {"sampling": {"adaptive_key_based": {"key": "user", "target_qps": 2}}}}
    change: Any = {"endpoint_id": endpoint.id, "update_mask": "source", "source": source}
    with pytest.raises(BadRequestError, match="`etag`"):
        client.endpoints.shadow_experiments.update(made.id, **change)
    sampling = client.endpoints.shadow_experiments.update(made.id, **change, etag=made.etag).source.endpoint.sampling
    assert sampling.uniform is None
    assert sampling.adaptive_key_based == ShadowAdaptiveKeyBasedSamplingResponse(key="user", target_qps=2)


def test_a_change_without_a_mask_is_refused(client: Together, endpoint: Endpoint) -> None:
    made = mirror(client, endpoint)
    with pytest.raises(BadRequestError, match="`updateMask`"):
        client.endpoints.shadow_experiments.update(made.id, endpoint_id=endpoint.id, update_mask="", description="x")


@pytest.mark.parametrize(
    ("sampling", "parameter"),
    [
        ({}, "source.endpoint.sampling"),
        ({"uniform": {"rate": 1}, "key_based": {"key": "k", "rate": 1}}, "source.endpoint.sampling"),
        ({"uniform": {}}, "rate"),
        ({"uniform": {"rate": 2}}, "rate"),
        ({"adaptive_uniform": {}}, "targetQps"),
    ],
)
def test_a_source_names_what_is_wrong(client: Together, endpoint: Endpoint, sampling: Any, parameter: str) -> None:
    with pytest.raises(BadRequestError, match=f"`{parameter}`"):
        mirror(client, endpoint, source={"endpoint": {"sampling": sampling}})


def test_targets_come_in_pages_and_have_names_of_their_own(client: Together, endpoint: Endpoint) -> None:
    blue, green = endpoint.deployments
    first = {"name": "one", "target_deployment_id": blue.id}
    made = mirror(client, endpoint, targets=[first, {"name": "two", "target_deployment_id": green.id}])
    targets = client.endpoints.shadow_experiments.targets
    assert [each.name for each in targets.list(endpoint.id, made.id, limit=1)] == ["one", "two"]
    with pytest.raises(ConflictError, match="name"):
        targets.create(endpoint_id=endpoint.id, experiment_id=made.id, name="two", target_deployment_id=green.id)
