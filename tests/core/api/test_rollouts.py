"""`client.endpoints.rollouts`, as the emulator answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.core.support.dedicated import deploy, give_traffic, new_project
from together_di import BadRequestError, ConflictError, NotFoundError, Together
from together_di.types.endpoints import Rollout, RolloutDefaultsPreview


@dataclass
class Stage:
    """An endpoint whose traffic goes to the deployment `blue`, and another deployment, `green`."""

    client: Together
    endpoint_id: str
    blue: str
    green: str

    def create(self, **more: Any) -> Rollout:
        arguments: Any = {"source_deployment_id": self.blue, "target_deployment_id": self.green, **more}
        return self.client.endpoints.rollouts.create(self.endpoint_id, **arguments)

    def start(self, **more: Any) -> Rollout:
        return self.act("start", self.create(**more))

    def act(self, name: str, rollout: Rollout, **more: Any) -> Rollout:
        method: Any = getattr(self.client.endpoints.rollouts, name)
        changed: Rollout = method(rollout.id, endpoint_id=self.endpoint_id, **more)
        return changed

    def look(self, rollout: Rollout, times: int = 1) -> Rollout:
        for _ in range(times):
            rollout = self.client.endpoints.rollouts.retrieve(rollout.id, endpoint_id=self.endpoint_id)
        return rollout

    def weights(self) -> dict[str, float]:
        names = {self.blue: "blue", self.green: "green"}
        split = self.client.endpoints.retrieve(self.endpoint_id).traffic_split
        return {names[each.deployment_id]: each.weight for each in split}

    def preview(self, **more: Any) -> RolloutDefaultsPreview:
        return self.client.endpoints.rollouts.preview_defaults(
            self.endpoint_id, source_deployment_id=self.blue, target_deployment_id=self.green, **more
        )


@pytest.fixture
def stage() -> Stage:
    client = new_project()
    endpoint = client.endpoints.create(name="chat")
    blue, green = deploy(client, endpoint, "blue"), deploy(client, endpoint, "green")
    give_traffic(client, endpoint, blue=1)
    return Stage(client, endpoint.id, blue.id, green.id)


def state(rollout: Rollout) -> str:
    return rollout.state.removeprefix("ROLLOUT_STATE_")


def test_a_rollout_waits_to_be_started(stage: Stage) -> None:
    made = stage.create(canary={})
    assert (state(stage.look(made, 3)), made.current_step, made.strategy) == (
        "PENDING", None, "ROLLOUT_STRATEGY_TYPE_CANARY",
    )  # fmt: skip
    assert stage.weights() == {"blue": 1}


def test_traffic_moves_a_step_with_each_look(stage: Stage) -> None:
    rollout = stage.start(canary={"steps": [{"traffic": 25}, {"traffic": 100}]})
    seen: list[tuple[str, int | None, dict[str, float]]] = []
    for _ in range(4):
        seen.append((state(rollout), rollout.current_traffic_percent, stage.weights()))
        rollout = stage.look(rollout)
    assert seen == [
        ("RUNNING", 25, {"blue": 0.75, "green": 0.25}),
        ("RUNNING", 100, {"green": 1}),
        ("STABILIZING", 100, {"green": 1}),
        ("COMPLETED", 100, {"green": 1}),
    ]
    assert rollout.completed_at is not None


def test_steps_tell_how_far_they_are(stage: Stage) -> None:
    rollout = stage.look(stage.start(canary={}))
    steps = [(each.target_traffic_percent, each.state) for each in rollout.status.steps]
    assert steps == [
        (5, "ROLLOUT_STEP_STATE_PASSED"),
        (25, "ROLLOUT_STEP_STATE_RUNNING"),
        (50, "ROLLOUT_STEP_STATE_PENDING"),
        (100, "ROLLOUT_STEP_STATE_PENDING"),
    ]


@pytest.mark.parametrize(("strategy", "percents"), [("rolling", [25, 50, 75, 100]), ("blue_green", [100])])
def test_other_strategies_have_steps_of_their_own(stage: Stage, strategy: str, percents: list[int]) -> None:
    made = stage.create(**{strategy: {}})
    assert made.strategy == f"ROLLOUT_STRATEGY_TYPE_{strategy.upper()}"
    assert [each.target_traffic_percent for each in made.status.steps] == percents


def test_a_paused_rollout_stays_until_it_is_resumed(stage: Stage) -> None:
    rollout = stage.start(canary={})
    pausing = stage.act("pause", rollout, reason="lunch")
    paused = stage.look(pausing, 3)
    assert (state(pausing), state(paused), paused.current_traffic_percent) == ("PAUSING", "PAUSED", 5)
    assert paused.to_dict()["pauseInfo"]["reason"] == "lunch"
    resumed = stage.act("resume", paused)
    assert (state(resumed), resumed.pause_info) == ("RUNNING", None)
    assert stage.look(resumed).current_traffic_percent == 25


def test_promoting_moves_all_traffic_at_once(stage: Stage) -> None:
    promoted = stage.act("promote", stage.start(canary={}))
    assert (state(promoted), promoted.current_traffic_percent) == ("COMPLETED", 100)
    assert stage.weights() == {"green": 1}


def test_cancelling_leaves_the_traffic_as_it_is(stage: Stage) -> None:
    cancelling = stage.act("cancel", stage.start(canary={"steps": [{"traffic": 10}, {"traffic": 100}]}), reason="no")
    canceled = stage.look(cancelling, 3)
    assert (state(cancelling), state(canceled)) == ("CANCELLING", "CANCELED")
    assert stage.weights() == {"blue": 0.9, "green": 0.1}


def test_cancelling_cannot_move_traffic_back(stage: Stage) -> None:
    with pytest.raises(BadRequestError, match="`disposition`"):
        stage.act("cancel", stage.start(), reason="no", disposition="CANCEL_DISPOSITION_REVERT")


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ([], "pause"),
        ([], "resume"),
        ([], "promote"),
        ([], "cancel"),
        (["start"], "start"),
        (["start"], "resume"),
        (["start", "pause"], "pause"),
        (["start", "pause"], "promote"),
        (["start", "promote"], "start"),
        (["start", "promote"], "cancel"),
        (["start", "cancel"], "resume"),
    ],
)
def test_an_action_is_refused_in_a_state_that_does_not_allow_it(stage: Stage, before: list[str], action: str) -> None:
    reasons: dict[str, Any] = {"cancel": {"reason": "no"}}
    rollout = stage.create(canary={})
    for each in before:
        rollout = stage.act(each, rollout, **reasons.get(each, {}))
    with pytest.raises(BadRequestError, match=f"is {state(rollout)}: it has to be .* to {action} it"):
        stage.act(action, rollout, **reasons.get(action, {}))
    (listed,) = stage.client.endpoints.rollouts.list(stage.endpoint_id)
    assert listed == rollout


def test_one_rollout_of_an_endpoint_is_under_way_at_a_time(stage: Stage) -> None:
    first, second = stage.start(canary={}), stage.create(canary={})
    assert stage.client.endpoints.retrieve(stage.endpoint_id).active_rollout_id == first.id
    with pytest.raises(BadRequestError, match=first.id):
        stage.act("start", second)
    stage.act("promote", first)
    assert stage.client.endpoints.retrieve(stage.endpoint_id).active_rollout_id is None


def test_a_rollout_needs_traffic_to_move(stage: Stage) -> None:
    stage.client.endpoints.update(stage.endpoint_id, traffic_split=[])
    with pytest.raises(BadRequestError, match="gets no traffic"):
        stage.start()


def test_a_rollout_needs_both_deployments(stage: Stage) -> None:
    rollout = stage.create()
    stage.client.endpoints.deployments.delete(stage.green, endpoint_id=stage.endpoint_id)
    with pytest.raises(BadRequestError, match=stage.green):
        stage.act("start", rollout)


def test_a_rollout_under_way_is_not_deleted(stage: Stage) -> None:
    rollout = stage.start()
    with pytest.raises(BadRequestError, match="under way"):
        stage.act("delete", rollout)
    stage.act("delete", stage.act("promote", rollout))
    with pytest.raises(NotFoundError, match=rollout.id):
        stage.look(rollout)


def test_an_action_on_an_older_version_is_refused(stage: Stage) -> None:
    rollout = stage.start(canary={})
    stage.look(rollout)
    with pytest.raises(ConflictError, match="etag"):
        stage.act("pause", rollout, etag=rollout.etag)


def test_rollouts_are_listed_by_whether_they_are_over(stage: Stage) -> None:
    over = stage.act("promote", stage.start())
    give_traffic(stage.client, stage.client.endpoints.retrieve(stage.endpoint_id), blue=1)
    active, waiting = stage.start(), stage.create()
    rollouts = stage.client.endpoints.rollouts
    assert [each.id for each in rollouts.list(stage.endpoint_id, limit=2)] == [over.id, active.id, waiting.id]
    assert [each.id for each in rollouts.list(stage.endpoint_id, filter="ROLLOUT_FILTER_ACTIVE")] == [active.id]
    assert [each.id for each in rollouts.list(stage.endpoint_id, filter="ROLLOUT_FILTER_TERMINAL")] == [over.id]


def test_a_preview_fills_in_what_was_left_out_and_makes_nothing(stage: Stage) -> None:
    preview = stage.preview(canary={}, final_target_replicas=2)
    assert (preview.spec.final_source_replicas, preview.spec.final_target_replicas) == (0, 2)
    assert [step.traffic for step in preview.estimated_effective_steps or []] == [5, 25, 50, 100]
    assert preview.warnings == []
    assert list(stage.client.endpoints.rollouts.list(stage.endpoint_id)) == []


def test_a_preview_warns_of_what_would_not_start(stage: Stage) -> None:
    stage.start()
    assert [warning.code for warning in stage.preview().warnings] == ["START_WILL_REJECT"]


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"source_deployment_id": "nowhere"}, "sourceDeploymentId"),
        ({"canary": {}, "rolling": {}}, "rolling"),
        ({"rolling": {}, "metrics": [{"name": "router_latency"}]}, "metrics"),
        ({"canary": {"steps": [{"traffic": 50}, {"traffic": 20}]}}, "canary.steps"),
        ({"canary": {"steps": [{"traffic": 50}]}}, "canary.steps"),
        ({"canary": {"steps": [{"replicas": 2}]}}, "traffic"),
    ],
)
def test_a_rollout_names_what_is_wrong(stage: Stage, wrong: Any, parameter: str) -> None:
    with pytest.raises(BadRequestError, match=f"`{parameter}`"):
        stage.create(**wrong)


def test_a_deployment_is_not_rolled_out_to_itself(stage: Stage) -> None:
    with pytest.raises(BadRequestError, match="`targetDeploymentId`"):
        stage.create(target_deployment_id=stage.blue)
