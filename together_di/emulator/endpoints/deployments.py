"""Deployments of an endpoint, and the adapters on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..collection import Entry, Field, optional_text, text
from ..exchange import Reply, Request, invalid, json_reply
from ..parameters import Parameters
from .endpoints import ENDPOINTS
from .things import Versioned, part, refused, sifted

if TYPE_CHECKING:
    from threading import Lock

    from ..exchange import JsonObject
    from . import Kinds

HARDWARE = "1x-nvidia-h100-80gb"
REGION = "us-central"
#: How often a new deployment is read until it is ready.
READS_UNTIL_READY = 2
#: How many adapters a deployment takes.
ADAPTER_CAPACITY = 4

_MODEL = re.compile(r"projects/([^/]+)/models/([^/]+)(?:/revisions/([^/]+))?")
_MESSAGES = {
    "PROVISIONING": "The replicas are being started.",
    "SCALING": "Replicas are being added or removed.",
    "READY": "All replicas are ready.",
    "STOPPED": "There are no replicas.",
}


@dataclass
class _Run:
    """How a deployment is."""

    replicas: int
    ready: int = 0
    reads_left: int = READS_UNTIL_READY

    @property
    def state(self) -> str:
        if not self.reads_left:
            return "READY" if self.replicas else "STOPPED"
        return "SCALING" if self.ready else "PROVISIONING"


class Deployments(Versioned):
    """The deployments of all endpoints."""

    def __init__(self, lock: Lock, all_kinds: Kinds) -> None:
        fields = {
            "name": Field(self._qualified, required=True),
            "autoscaling": Field(_autoscaling, required=True),
            "inactiveTimeout": Field(_inactive_timeout),
            "maxConcurrentRequestsPerReplica": Field(text),
            "placement": Field(_placement, fixed=True),
        }
        super().__init__(lock, f"{ENDPOINTS}/{{endpoint_id}}/deployments", "deployment", fields, all_kinds.log,
                         all_kinds.endpoints)  # fmt: skip
        self._all = all_kinds
        self._runs: dict[str, _Run] = {}

    def create(self, request: Request) -> Reply:
        """Make one, or with `validateOnly` say what it would be."""
        if request.query.get("validateOnly") == "true":
            return json_reply(self._with_run(self.new(request)))
        return super().create(request)

    def list(self, request: Request) -> Reply:
        """A page of those of an endpoint."""
        self.parent_of(request)
        shown = [self.shown(entry) for entry in self.belonging_to(dict(request.path_values))]
        return self.page(request, sifted(request, shown), lambda entry: entry)

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """A deployment that is about to start."""
        project = request.path_values["project_id"]
        config = parameters.optional_text("config").rpartition("/")[2] or parameters.optional_text("configId", "cr-1")
        entry = super().made(request, parameters)
        replicas = part(entry, "autoscaling")["minReplicas"]
        return {
            **entry,
            **_model(parameters, project),
            "config": f"projects/{project}/configs/{config}",
            "configId": config,
            "desiredReplicas": replicas,
            "endpointId": request.path_values["endpoint_id"],
            "hardware": HARDWARE,
            "projectId": project,
            "runtimeInfo": {"engineType": "emulator", "functionCallingSupported": True},
        }

    def run(self, entry: Entry) -> _Run:
        """How a deployment is now."""
        return self._runs.setdefault(str(entry["id"]), _run(entry))

    def shown(self, entry: Entry) -> Entry:
        """A deployment with its status and its part of the traffic."""
        endpoint, identifier = str(entry["endpointId"]), str(entry["id"])
        capacity = {
            name: weight * self.run(self._entries[name]).ready
            for name, weight in self._all.endpoints.weights(endpoint).items()
        }
        return {
            **self._with_run(entry),
            "estimatedEffectiveTrafficShare": capacity.get(identifier, 0.0) / (sum(capacity.values()) or 1.0),
            "trafficMode": f"TRAFFIC_MODE_{'SHADOW' if self._all.targets.of_deployment(identifier) else 'LIVE'}",
        }

    def _with_run(self, entry: Entry) -> Entry:
        run = self.run(entry) if str(entry["id"]) in self._entries else _run(entry)
        counts = {"readyReplicas": run.ready, "scheduledReplicas": run.replicas}
        status = {
            "state": f"DEPLOYMENT_STATE_{run.state}",
            "message": _MESSAGES[run.state],
            "details": {"region": [{"region": REGION, **counts}]},
            **counts,
        }
        return {"estimatedEffectiveTrafficShare": 0.0, "trafficMode": "TRAFFIC_MODE_LIVE", **entry, "status": status}

    def move(self, request: Request, entry: Entry) -> None:
        """Bring it nearer to being ready."""
        run = self.run(entry)
        if not run.reads_left:
            return
        run.reads_left -= 1
        if not run.reads_left:
            before, run.ready = run.ready, run.replicas
            details = {"oldReplicas": before, "newReplicas": run.ready}
            self.log.record(request, self.kind, "scaled", entry, **details)

    def change(self, request: Request, entry: Entry, changes: Entry) -> None:
        """Change it, and start or stop replicas if need be."""
        if "autoscaling" in changes:
            changes["autoscaling"] = part(entry, "autoscaling") | part(changes, "autoscaling")
            replicas = part(changes, "autoscaling")["minReplicas"]
            run = self.run(entry)
            if replicas != run.replicas:
                run.replicas, run.reads_left = int(str(replicas)), max(run.reads_left, 1)
                changes["desiredReplicas"] = replicas
        super().change(request, entry, changes)

    def check_deletion(self, entry: Entry) -> None:
        """Refuse while it is in the traffic split."""
        if entry["id"] in self._all.endpoints.weights(str(entry["endpointId"])):
            raise refused(f"The deployment {entry['id']} is in the traffic split of its endpoint: take it out first.")

    def known(self, endpoint_id: str, identifier: str, name: str) -> Entry:
        """The deployment of an endpoint that the parameter `name` gives."""
        entry = self._entries.get(identifier)
        if entry is None or entry["endpointId"] != endpoint_id:
            raise invalid(name, f"`{name}` is {identifier!r}, which is no deployment of this endpoint.")
        return entry

    def _qualified(self, request: Request, parameters: Parameters, name: str) -> str:
        endpoint = self.parent_of(request)
        assert endpoint is not None
        return f"{endpoint['name']}/{parameters.text(name).rpartition('/')[2]}"


def _run(entry: Entry) -> _Run:
    replicas = int(str(entry["desiredReplicas"]))
    return _Run(replicas, reads_left=READS_UNTIL_READY if replicas else 0)


def _model(parameters: Parameters, project: str) -> Entry:
    named = parameters.optional_text("model")
    if not named:
        parameters.required("modelId" if parameters.has("modelId") else "model")
        owner, model, revision = project, parameters.text("modelId"), parameters.optional_text("modelRevisionId")
    elif found := _MODEL.fullmatch(named):
        owner, model, revision = found[1], found[2], found[3]
    else:
        raise invalid("model", f"`model` is {named!r}: write projects/{{project}}/models/{{model}}.")
    revision = revision or f"rev-{model}"
    full = f"projects/{owner}/models/{model}/revisions/{revision}"
    return {"model": full, "modelId": model, "modelRevisionId": revision}


def _autoscaling(_request: Request, parameters: Parameters, name: str) -> JsonObject:
    parameters.required(name)
    given = parameters.mapping(name)
    bounds = Parameters(given)
    least = bounds.integer("minReplicas", minimum=0)
    most = bounds.integer("maxReplicas", minimum=0)
    least = (1 if most is None else min(most, 1)) if least is None else least
    most = least if most is None else most
    if most < least:
        raise invalid(name, f"`{name}` has maxReplicas {most} below minReplicas {least}.")
    return {**given, "minReplicas": least, "maxReplicas": most}


def _inactive_timeout(_request: Request, parameters: Parameters, name: str) -> int | None:
    minutes = parameters.integer(name)
    if minutes and not 30 <= minutes <= 1440:
        raise invalid(name, f"`{name}` is {minutes}: use 0, or 30 to 1440 minutes.")
    return minutes


def _placement(_request: Request, parameters: Parameters, name: str) -> JsonObject:
    given = parameters.mapping(name)
    if set(given) not in ({"inline"}, {"profile"}):
        raise invalid(name, f"`{name}` has {', '.join(given) or 'nothing'}: give either inline or profile.")
    return given


class Adapters(Versioned):
    """The adapters on all deployments."""

    def __init__(self, lock: Lock, all_kinds: Kinds) -> None:
        fields = {
            "adapterModelId": Field(text, required=True, fixed=True),
            "adapterRevisionId": Field(optional_text),
        }
        path = f"{ENDPOINTS}/{{endpoint_id}}/deployments/{{deployment_id}}/adapters"
        super().__init__(lock, path, "adapter", fields, all_kinds.log, all_kinds.deployments)
        self._ready: set[str] = set()

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """An adapter, for which the oldest has to go if there is no room and `force` is set."""
        there = self.belonging_to(dict(request.path_values))
        if len(there) >= ADAPTER_CAPACITY:
            if not parameters.flag("force"):
                raise refused(
                    f"The deployment has {len(there)} adapters, and no room for more: delete one, or `force`."
                )
            self.forget(there[0])
        given = super().made(request, parameters)
        model = f"projects/{request.path_values['project_id']}/models/{given['adapterModelId']}"
        return {"adapterRevisionId": f"rev-{given['adapterModelId']}", **given, "adapterModel": model}

    def shown(self, entry: Entry) -> Entry:
        """An adapter and how it is on the one cluster there is."""
        ready = entry["id"] in self._ready
        status = {
            "adapterModelId": entry["adapterModelId"],
            "clusterId": f"cluster-{REGION}",
            "state": f"ADAPTER_LOAD_STATE_{'READY' if ready else 'LOADING'}",
            "failedPodCount": 0,
            "readyPodCount": int(ready),
            "totalPodCount": 1,
        }
        wanted = {name: entry[name] for name in ("id", "adapterModel", "adapterModelId", "etag")}
        revision = entry["adapterRevisionId"]
        return {
            **wanted,
            "desiredRevisionId": revision,
            "desiredRevision": f"{entry['adapterModel']}/revisions/{revision}",
            "perCluster": [status],
        }

    def move(self, request: Request, entry: Entry) -> None:
        """Load it."""
        if entry["id"] not in self._ready:
            self._ready.add(str(entry["id"]))
            self.log.record(request, self.kind, "ready", entry)

    def change(self, request: Request, entry: Entry, changes: Entry) -> None:
        """Load another revision."""
        super().change(request, entry, changes)
        self._ready.discard(str(entry["id"]))

    def update(self, request: Request) -> Reply:
        """Change one; the `etag` has to come with it."""
        Parameters.parse(request.body).text("etag")
        return super().update(request)

    def delete(self, request: Request) -> Reply:
        """Take one off; the `etag` has to come with it."""
        if not request.query.get("etag"):
            raise invalid("etag", "`etag` is required: add it to the URL.", code="missing_required")
        return super().delete(request)
