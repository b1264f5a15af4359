"""Rollouts: traffic that moves from one deployment of an endpoint to another, a step with each look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from ..collection import Entry, Field
from ..exchange import Reply, Request, invalid, json_reply
from ..parameters import Parameters
from ..routing import Route
from .endpoints import ENDPOINTS
from .experiments import objects
from .things import Versioned, moment, part, refused

if TYPE_CHECKING:
    from threading import Lock

    from ..exchange import JsonObject
    from . import Kinds

ROLLOUTS = f"{ENDPOINTS}/{{endpoint_id}}/rollouts"

#: The strategies, and the percentages they go through unless steps are given.
_STEPS = {"canary": (5, 25, 50, 100), "rolling": (25, 50, 75, 100), "blueGreen": (100,)}
_STRATEGIES = {"canary": "CANARY", "rolling": "ROLLING", "blueGreen": "BLUE_GREEN"}
_STRATEGY = "ROLLOUT_STRATEGY_TYPE_"
#: From which states an action is possible, and to which it leads.
_ACTIONS = {
    "start": (("PENDING",), "RUNNING"),
    "pause": (("RUNNING", "STABILIZING"), "PAUSING"),
    "resume": (("PAUSING", "PAUSED"), "RUNNING"),
    "promote": (("RUNNING", "PAUSED"), "COMPLETED"),
    "cancel": (("RUNNING", "PAUSING", "PAUSED", "STABILIZING"), "CANCELLING"),
}
_OVER = frozenset({"COMPLETED", "CANCELED"})
_STEP_STATES = {"PAUSED": "PAUSED", "CANCELED": "CANCELED", "COMPLETED": "PASSED"}


@dataclass
class _Course:
    """How far a rollout is."""

    steps: list[int]
    state: str = "PENDING"
    step: int = -1
    details: Entry = field(default_factory=dict[str, object])

    @property
    def is_active(self) -> bool:
        return self.state != "PENDING" and self.state not in _OVER

    @property
    def percent(self) -> int:
        return self.steps[self.step] if self.step >= 0 else 0

    def go_on(self) -> None:
        """What the rollout does by itself until it is looked at again."""
        if self.state == "RUNNING" and self.step + 1 < len(self.steps):
            self.step += 1
        else:
            following = {"RUNNING": "STABILIZING", "STABILIZING": "COMPLETED"}
            following |= {"PAUSING": "PAUSED", "CANCELLING": "CANCELED"}
            self.state = following.get(self.state, self.state)

    def status(self, updated_at: object) -> Entry:
        """The status of each step."""
        steps = [
            {"stepIndex": index, "targetTrafficPercent": percent, "state": f"ROLLOUT_STEP_STATE_{self._state(index)}"}
            for index, percent in enumerate(self.steps)
        ]
        return {"steps": steps, "totalSteps": len(steps), "updatedAt": updated_at}

    def _state(self, index: int) -> str:
        if index == self.step:
            return _STEP_STATES.get(self.state, "RUNNING")
        if index < self.step:
            return "PASSED"
        return "SKIPPED" if self.state in _OVER else "PENDING"


class Rollouts(Versioned):
    """The rollouts of all endpoints."""

    def __init__(self, lock: Lock, all_kinds: Kinds) -> None:
        fields = {
            "sourceDeploymentId": Field(self._deployment, required=True),
            "targetDeploymentId": Field(self._deployment, required=True),
        }
        super().__init__(lock, ROLLOUTS, "rollout", fields, all_kinds.log, all_kinds.endpoints)
        self._all = all_kinds
        self._courses: dict[str, _Course] = {}

    def actions(self) -> list[Route]:
        """The routes of what can be done with a rollout."""
        preview = Route("POST", f"{ROLLOUTS}/preview-defaults", self.preview)
        return [preview, *(self._route(name) for name in _ACTIONS)]

    def _route(self, name: str) -> Route:
        return Route("POST", f"{ROLLOUTS}/{{id}}/{name}", lambda request: self._act(request, name))

    def active(self, endpoint_id: str) -> Entry | None:
        """The rollout of an endpoint that is under way."""
        own = self.belonging_to({"endpoint_id": endpoint_id})
        return next((entry for entry in own if self._course(entry).is_active), None)

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """A rollout that has not begun."""
        deployments = super().made(request, parameters)
        if len(set(deployments.values())) < len(deployments):
            raise invalid("targetDeploymentId", "`targetDeploymentId` is the source: name another deployment.")
        strategy, steps = _plan(parameters)
        return {
            **deployments,
            "endpointId": request.path_values["endpoint_id"],
            "strategy": _STRATEGY + _STRATEGIES[strategy],
            "steps": steps,
        }

    def shown(self, entry: Entry) -> Entry:
        """A rollout and how far it is."""
        course = self._course(entry)
        own = {name: value for name, value in entry.items() if name != "steps"}
        shown = {**own, "state": f"ROLLOUT_STATE_{course.state}", "status": course.status(entry["updatedAt"])}
        if course.state != "PENDING":
            shown |= {"currentStep": course.step, "currentTrafficPercent": course.percent}
        return shown | course.details

    def list(self, request: Request) -> Reply:
        """A page of those of an endpoint."""
        self.parent_of(request)
        entries, wanted = self.belonging_to(dict(request.path_values)), request.query.get("filter")
        if wanted not in {None, "ROLLOUT_FILTER_ACTIVE", "ROLLOUT_FILTER_TERMINAL"}:
            message = f"`filter` is {wanted!r}: use ROLLOUT_FILTER_ACTIVE or ROLLOUT_FILTER_TERMINAL."
            raise invalid("filter", message)
        if wanted == "ROLLOUT_FILTER_ACTIVE":
            entries = [entry for entry in entries if self._course(entry).is_active]
        elif wanted:
            entries = [entry for entry in entries if self._course(entry).state in _OVER]
        return self.page(request, entries)

    def preview(self, request: Request) -> Reply:
        """What a rollout would be, without making it."""
        parameters = Parameters.parse(request.body)
        self.parent_of(request)
        entry = self.made(request, parameters)
        strategy, steps = _plan(parameters)
        deployments = self._all.deployments
        source, target = (deployments.known(str(entry["endpointId"]), str(entry[name]), name) for name in self.fields)
        replicas = deployments.run(source).replicas
        bounds = part(target, "autoscaling")
        final = parameters.integer("finalTargetReplicas", minimum=1) or max(replicas, 1)
        defaults: Entry = {"finalSourceReplicas": 0, "finalTargetReplicas": final, strategy: {}}
        answer = {
            "spec": {**defaults, **parameters.present()},
            "sourceReplicas": replicas,
            "targetReplicas": deployments.run(target).replicas,
            "targetMinReplicas": bounds["minReplicas"],
            "targetMaxReplicas": bounds["maxReplicas"],
            "landingMinReplicas": final,
            "landingMaxReplicas": max(final, int(str(bounds["maxReplicas"]))),
            "estimatedEffectiveSteps": [{"traffic": percent} for percent in steps],
            "warnings": [],
        }
        if why := self._obstacle(entry):
            answer["warnings"] = [{"code": "START_WILL_REJECT", "message": why}]
        return json_reply(answer)

    def check_deletion(self, entry: Entry) -> None:
        """Refuse while it is under way."""
        if self._course(entry).is_active:
            raise refused(f"The rollout {entry['id']} is under way: cancel it, or wait until it is over.")

    def move(self, request: Request, entry: Entry) -> None:
        """Take the next step."""
        course = self._course(entry)
        if course.is_active:
            course.go_on()
            self._follow(request, entry, course)

    def _act(self, request: Request, name: str) -> Reply:
        entry = self.find(request)
        course = self._course(entry)
        parameters = Parameters.parse(request.body or b"{}")
        self.check_etag(entry, parameters.optional_text("etag"))
        reason = parameters.text("reason") if name == "cancel" else parameters.optional_text("reason")
        allowed, state = _ACTIONS[name]
        if course.state not in allowed:
            states = " or ".join(allowed)
            raise refused(f"The rollout {entry['id']} is {course.state}: it has to be {states} to {name} it.")
        if parameters.get("disposition") == "CANCEL_DISPOSITION_REVERT":
            raise refused("`disposition` cannot be CANCEL_DISPOSITION_REVERT any more: cancel, then roll back.")
        self._begin(entry, name, moment(request), reason)
        course.state = state
        self._follow(request, entry, course)
        return json_reply(self.shown(entry))

    def _begin(self, entry: Entry, name: str, now: str, reason: str) -> None:
        course = self._course(entry)
        if name == "start":
            if why := self._obstacle(entry):
                raise refused(why)
            course.step, course.details["startedAt"] = 0, now
        elif name == "promote":
            course.step = len(course.steps) - 1
        course.details.pop("pauseInfo", None)
        if name == "pause":
            course.details["pauseInfo"] = {"pausedAt": now, "reason": reason}

    def _follow(self, request: Request, entry: Entry, course: _Course) -> None:
        """Split the traffic as it is now."""
        if course.state in _OVER:
            course.details["completedAt"] = moment(request)
        endpoint = str(entry["endpointId"])
        source, target = str(entry["sourceDeploymentId"]), str(entry["targetDeploymentId"])
        weights = self._all.endpoints.weights(endpoint)
        both = weights.pop(source, 0.0) + weights.pop(target, 0.0)
        weights |= {source: both * (100 - course.percent) / 100, target: both * course.percent / 100}
        self._all.endpoints.split(request, endpoint, {name: weight for name, weight in weights.items() if weight})
        self.change(request, entry, {})
        self.log.record(request, self.kind, course.state.lower(), entry)

    def _obstacle(self, entry: Entry) -> str:
        """Why a rollout cannot start now."""
        endpoint, source = str(entry["endpointId"]), entry["sourceDeploymentId"]
        there = {each["id"] for each in self._all.deployments.belonging_to({"endpoint_id": endpoint})}
        if gone := {source, entry["targetDeploymentId"]} - there:
            return f"The deployment {gone.pop()} is not there any more."
        if active := self.active(endpoint):
            return f"The rollout {active['id']} of the same endpoint is under way."
        if not self._all.endpoints.weights(endpoint).get(str(source)):
            return f"The deployment {source} gets no traffic: put it into the endpoint's traffic split first."
        return ""

    def _course(self, entry: Entry) -> _Course:
        return self._courses.setdefault(str(entry["id"]), _Course(cast("list[int]", entry["steps"])))

    def _deployment(self, request: Request, parameters: Parameters, name: str) -> str:
        identifier = parameters.text(name)
        self._all.deployments.known(request.path_values["endpoint_id"], identifier, name)
        return identifier


def _plan(parameters: Parameters) -> tuple[str, list[int]]:
    """The strategy and its steps, in percent of the traffic."""
    given = [name for name in _STEPS if parameters.has(name)]
    if len(given) > 1:
        raise invalid(given[1], f"`{given[1]}` came with `{given[0]}`: choose one strategy.")
    strategy = given[0] if given else "rolling"
    if parameters.has("metrics") and strategy != "canary":
        raise invalid("metrics", "`metrics` go with `canary` only.")
    settings: JsonObject = parameters.mapping(strategy)
    steps: list[int] = []
    for step in objects(Parameters(settings), "steps"):
        step.required("traffic")
        steps.append(step.integer("traffic", minimum=1, maximum=100) or 0)
    if steps and (steps != sorted(set(steps)) or steps[-1] != 100):
        raise invalid("canary", f"`canary.steps` are {steps}: they have to grow, up to 100.")
    return strategy, steps or [*_STEPS[strategy]]
