"""`/v1/deployments`: containers, ready when they have been read twice; every change of one makes a revision."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..exchange import Reply, Request, invalid, json_reply, not_found
from ..parameters import Parameters
from ..routing import Route
from ..shelf import Shelf, Thing, json_object, moment, whole_number

if TYPE_CHECKING:
    from ..collection import Entry
    from ..exchange import JsonObject
    from .secrets import Secrets
    from .volumes import Volume, Volumes

DEPLOYMENTS = "/v1/deployments"
_GPU_TYPES = ("h100-80gb", "h100-40gb-mig", "h200-140gb", "b200-192gb")
_STEPS = ("Updating", "Scaling", "Ready")
_READY = len(_STEPS) - 1
_DEFAULTS: JsonObject = {
    "args": [],
    "command": [],
    "capacity_type": "stable",
    "cpu": 1,
    "environment_variables": [],
    "gpu_count": 0,
    "health_check_path": "",
    "memory": 1,
    "min_replicas": 1,
    "port": 8080,
    "storage": 10,
    "termination_grace_period_seconds": 300,
    "volumes": [],
}
#: What a revision does not know.
_OUTSIDE = ("name", "description", "model_mounts")


@dataclass(frozen=True, slots=True)
class Revision:
    """What a deployment was told at one time."""

    number: int
    id: str
    settings: JsonObject

    @property
    def image(self) -> str:
        """The image."""
        return str(self.settings["image"])

    @property
    def least(self) -> int:
        """How many replicas there are at least."""
        count = self.settings["min_replicas"]
        return count if isinstance(count, int) else 0

    def shown(self) -> Entry:
        """The settings, with what follows from others."""
        return {"max_replicas": self.least, **self.settings}

    @property
    def versions(self) -> tuple[str, str]:
        """What the image's version may be called: its tag, or the last characters of its digest."""
        return self.image.rpartition(":")[2], self.image[-4:]

    def entry(self) -> Entry:
        """As the API shows it."""
        told = {name: value for name, value in self.shown().items() if name not in _OUTSIDE}
        own = {"object": "revision", "revision_id": self.id, "protocol": "http", "created_at": moment(self.number)}
        return {**told, **own}


@dataclass(slots=True)
class Deployment(Thing):
    """A deployment; `events` say which revision became the one that runs, and why."""

    revisions: list[Revision] = field(default_factory=list[Revision])
    events: list[tuple[str, Revision]] = field(default_factory=list[tuple[str, Revision]])
    step: int = 0

    @property
    def current(self) -> Revision:
        """The revision that runs."""
        return self.events[-1][1]

    def revise(self, settings: JsonObject, action: str) -> None:
        """Run with other settings."""
        number = len(self.revisions) + 1
        self.revisions.append(Revision(number, f"{self.id}-revision-{number}", settings))
        self.activate(self.revisions[-1], action)

    def activate(self, revision: Revision, action: str) -> None:
        """Run a revision."""
        self.events.append((action, revision))
        self.step = 0

    def replicas(self, revision: Revision) -> list[str]:
        """The names of the replicas of a revision."""
        return [f"{revision.id}-replica-{index}" for index in range(revision.least)]

    def entry(self) -> Entry:
        """As the API shows it."""
        replicas, ready = self.replicas(self.current), self.step == _READY
        status = _STEPS[self.step] if replicas or not ready else "ScaledToZero"
        event = {"image": self.current.image, "revision_id": self.current.id}
        event |= {"replica_status": "Running" if ready else "Waiting"}
        return {
            "object": "deployment",
            "id": self.id,
            **self.current.shown(),
            "name": self.name,
            "status": status,
            "desired_replicas": len(replicas),
            "ready_replicas": len(replicas) if ready else 0,
            "replica_events": dict.fromkeys(replicas, event),
            "created_at": moment(0),
            "updated_at": moment(len(self.events) - 1),
        }

    def history(self, before: int) -> list[Entry]:
        """Its events up to a number, newest first."""
        entries: list[Entry] = [
            {
                "object": "revision_event",
                "event_number": number,
                "action": action,
                "activated_at": moment(number - 1),
                "image": revision.image,
                "revision_id": revision.id,
                "revision_number": revision.number,
            }
            for number, (action, revision) in enumerate(self.events[: max(before - 1, 0)], 1)
        ]
        return entries[::-1]

    def revision(self, identifier: str) -> Revision:
        """The revision with a number or id.

        Raises:
            ApiError: 404, it is not there.
        """
        found = next((one for one in self.revisions if identifier in {one.id, str(one.number)}), None)
        if found is None:
            advice = f"GET {DEPLOYMENTS}/{self.name}/revisions lists those there are."
            raise not_found("revision", identifier, advice)
        return found


class Deployments:
    """The deployments."""

    def __init__(self, secrets: Secrets, volumes: Volumes) -> None:
        self._secrets = secrets
        self._volumes = volumes
        self._shelf: Shelf[Deployment] = Shelf("deployment", DEPLOYMENTS)

    def routes(self) -> list[Route]:
        """Their routes."""
        one = f"{DEPLOYMENTS}/{{id}}"
        return [
            Route("POST", DEPLOYMENTS, self.create),
            Route("GET", DEPLOYMENTS, self.list),
            Route("GET", one, self.retrieve),
            Route("PATCH", one, self.update),
            Route("DELETE", one, self.delete),
            Route("GET", f"{one}/revisions", self.list_revisions),
            Route("GET", f"{one}/revisions/{{revision}}", self.retrieve_revision),
            Route("POST", f"{one}/rollback", self.rollback),
            Route("GET", f"{one}/logs", self.logs),
        ]

    def create(self, request: Request) -> Reply:
        """Make a deployment."""
        parameters = Parameters.parse(request.body)
        for name in ("gpu_type", "image"):
            parameters.text(name)
        deployment = Deployment(request.identifier("deployment"), self._name(parameters))
        self._set(deployment, _DEFAULTS | parameters.present(), "create")
        return json_reply(self._shelf.add(deployment).entry())

    def _name(self, parameters: Parameters, holder: Deployment | None = None) -> str:
        name = parameters.text("name")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
            raise invalid("name", "`name` has to be 1 to 100 letters, digits, `_` and `-`.")
        return self._shelf.claim(name, holder=holder)

    def _set(self, deployment: Deployment, settings: JsonObject, action: str) -> None:
        """Check the settings of a new revision, and run it."""
        checked = Parameters(settings)
        checked.choice("gpu_type", _GPU_TYPES, "")
        checked.choice("capacity_type", {"stable", "preemptible"}, "stable")
        checked.number("cpu", minimum=0.1)
        checked.number("memory", maximum=1000)
        checked.integer("port", minimum=1, maximum=65_535)
        checked.integer("storage", maximum=400)
        for name in ("gpu_count", "termination_grace_period_seconds"):
            checked.integer(name, minimum=0)
        for name in ("args", "command"):
            checked.strings(name)
        checked.integer("max_replicas", minimum=checked.integer("min_replicas", minimum=0))
        self._check_variables(checked)
        mounts = self._mounts(checked, deployment)
        settings["volumes"] = [{**mount, "version": version} for mount, _, version in mounts]
        # An empty object ends what was there: `autoscaling={}`.
        deployment.revise({name: value for name, value in settings.items() if value != {} and name != "name"}, action)
        self._volumes.mount(deployment.id, {(volume.id, version) for _, volume, version in mounts})

    def _check_variables(self, settings: Parameters) -> None:
        for index, item in enumerate(settings.items("environment_variables")):
            where = f"environment_variables.{index}"
            variable = Parameters(json_object(where, item))
            variable.text("name")
            if variable.has("value") == variable.has("value_from_secret"):
                raise invalid(where, f"`{where}` needs either `value` or `value_from_secret`.")
            if variable.has("value_from_secret") and not self._secrets.shelf.known(variable.text("value_from_secret")):
                raise invalid(where, f"`{where}` names a secret that is not there: POST /v1/deployments/secrets first.")

    def _mounts(self, settings: Parameters, deployment: Deployment) -> list[tuple[JsonObject, Volume, int]]:
        """What the settings mount: which version they say, the deployment has already, or is the newest."""
        mounts: list[tuple[JsonObject, Volume, int]] = []
        for index, item in enumerate(settings.items("volumes")):
            where = f"volumes.{index}"
            values = json_object(where, item)
            mount = Parameters(values)
            mount.text("mount_path")
            volume = self._volumes.shelf.known(mount.text("name"))
            if volume is None:
                raise invalid(where, f"`{where}` names a volume that is not there: make it first.")
            version = mount.integer("version") or volume.mounted_by(deployment.id) or volume.current.number
            if volume.version(version) is None:
                raise invalid(where, f"`{where}` asks for version {version}: the newest is {volume.current.number}.")
            mounts.append((values, volume, version))
        return mounts

    def list(self, _request: Request) -> Reply:
        """All of them."""
        return json_reply({"object": "list", "data": [deployment.entry() for deployment in self._shelf.all()]})

    def retrieve(self, request: Request) -> Reply:
        """One, further on than when it was read last."""
        deployment = self._shelf.find(request)
        deployment.step = min(deployment.step + 1, _READY)
        return json_reply(deployment.entry())

    def update(self, request: Request) -> Reply:
        """Change one."""
        deployment, parameters = self._shelf.find(request), Parameters.parse(request.body)
        name = self._name(parameters, deployment) if parameters.has("name") else deployment.name
        self._set(deployment, deployment.current.settings | parameters.present(), "update")
        deployment.name = name
        return json_reply(deployment.entry())

    def delete(self, request: Request) -> Reply:
        """Delete one."""
        deployment = self._shelf.find(request)
        self._volumes.mount(deployment.id, set())
        self._shelf.remove(deployment)
        return json_reply({})

    def list_revisions(self, request: Request) -> Reply:
        """Its events, newest first."""
        deployment = self._shelf.find(request)
        history = deployment.history(whole_number(request, "before", len(deployment.events) + 1))
        return json_reply({"object": "list", "data": history[: min(whole_number(request, "limit", 10), 100)]})

    def retrieve_revision(self, request: Request) -> Reply:
        """What it was told at one time."""
        return json_reply(self._shelf.find(request).revision(request.path_values["revision"]).entry())

    def rollback(self, request: Request) -> Reply:
        """Run an earlier revision again."""
        deployment = self._shelf.find(request)
        revision = deployment.revision(Parameters.parse(request.body).text("revision_identifier"))
        mounts = self._mounts(Parameters(revision.settings), deployment)
        deployment.activate(revision, "rollback")
        self._volumes.mount(deployment.id, {(volume.id, version) for _, volume, version in mounts})
        return json_reply(deployment.entry())

    def logs(self, request: Request) -> Reply:
        """What the replicas of all revisions wrote, or of those asked for."""
        deployment, wanted = self._shelf.find(request), request.query
        lines = [
            f"{moment(revision.number)} {replica} {text}"
            for revision in deployment.revisions
            if wanted.get("revision") in {None, revision.id} and wanted.get("version") in {None, *revision.versions}
            for replica in deployment.replicas(revision)
            if wanted.get("replica_id") in {None, replica}
            for text in (f"pulled {revision.image}", "listening")
        ]
        return json_reply({"lines": lines})
