"""A/B experiments, and shadow experiments with their targets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..collection import Entry, Field, optional_text, text
from ..exchange import Reply, Request, invalid
from ..parameters import Parameters, wrong_type
from .endpoints import ENDPOINTS
from .things import Versioned, moment, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Lock

    from ..collection import Entries
    from ..exchange import JsonObject
    from . import Kinds

_CONTROL, _VARIANT = "AB_EXPERIMENT_MEMBER_ROLE_CONTROL", "AB_EXPERIMENT_MEMBER_ROLE_VARIANT"
_FEWEST_MEMBERS, _MOST_MEMBERS = 2, 20
_MOST_TARGETS = 100
_SAMPLINGS = {
    "uniform": ("rate",),
    "keyBased": ("key", "rate"),
    "adaptiveUniform": ("targetQps",),
    "adaptiveKeyBased": ("key", "targetQps"),
}


def objects(parameters: Parameters, name: str) -> Iterator[Parameters]:
    """The objects in an array."""
    for index, item in enumerate(parameters.items(name)):
        if not isinstance(item, dict):
            raise wrong_type(f"{name}.{index}", "an object", item)
        yield Parameters(item)


class _Experiments(Versioned):
    """Experiments of an endpoint."""

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """An experiment, made by whoever has the key."""
        belongs = {"endpointId": request.path_values["endpoint_id"], "projectId": request.path_values["project_id"]}
        return {"createdBy": "key-emulator", **belongs, **super().made(request, parameters)}


class AbExperiments(_Experiments):
    """The A/B experiments of all endpoints."""

    def __init__(self, lock: Lock, all_kinds: Kinds) -> None:
        fields = {
            "name": Field(text, required=True, fixed=True),
            "members": Field(self._members, required=True),
            "description": Field(optional_text),
        }
        path = f"{ENDPOINTS}/{{endpoint_id}}/abExperiments"
        super().__init__(lock, path, "experiment", fields, all_kinds.log, all_kinds.endpoints)
        self._all = all_kinds

    def _members(self, request: Request, parameters: Parameters, name: str) -> Entries:
        parameters.required(name)
        members: Entries = []
        percents: list[int] = []
        for item in objects(parameters, name):
            deployment = item.text("deploymentId")
            self._all.deployments.known(request.path_values["endpoint_id"], deployment, "deploymentId")
            item.required("percent")
            percents.append(item.integer("percent", minimum=1, maximum=100) or 0)
            role = item.choice("role", (_CONTROL, _VARIANT), "")
            members.append({"deploymentId": deployment, "percent": percents[-1], "role": role})
        if not _FEWEST_MEMBERS <= len(members) <= _MOST_MEMBERS:
            raise invalid(name, f"`{name}` has {len(members)}: give {_FEWEST_MEMBERS} to {_MOST_MEMBERS}.")
        if [member["role"] for member in members].count(_CONTROL) != 1:
            raise invalid(name, f"`{name}` needs exactly one with the role {_CONTROL}.")
        if sum(percents) != 100:
            raise invalid(name, f"`{name}` have {sum(percents)} percent in all: it has to be 100.")
        return members


class ShadowExperiments(_Experiments):
    """The shadow experiments of all endpoints."""

    def __init__(self, lock: Lock, all_kinds: Kinds) -> None:
        fields = {
            "name": Field(text, required=True, fixed=True),
            "source": Field(_source, required=True),
            "description": Field(optional_text),
        }
        path = f"{ENDPOINTS}/{{endpoint_id}}/shadowExperiments"
        super().__init__(lock, path, "shadow experiment", fields, all_kinds.log, all_kinds.endpoints)
        self._all = all_kinds

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """An experiment whose first targets are right, too."""
        targets = [*objects(parameters, "targets")]
        if len(targets) > _MOST_TARGETS:
            raise invalid("targets", f"`targets` has {len(targets)}: give at most {_MOST_TARGETS}.")
        for target in targets:
            self._all.targets.made(request, target)
        return super().made(request, parameters)

    def added(self, request: Request, entry: Entry) -> None:
        """Make the first targets."""
        super().added(request, entry)
        for number, target in enumerate(objects(Parameters.parse(request.body), "targets"), 1):
            self._all.targets.begin(request, str(entry["id"]), target, number)

    def list(self, request: Request) -> Reply:
        """A page of those of an endpoint; their targets only if asked for."""
        self.parent_of(request)
        wanted = request.query.get("includeTargets") == "true"
        entries = self.belonging_to(dict(request.path_values))
        return self.page(request, entries, None if wanted else lambda entry: {**self.shown(entry), "targets": []})

    def shown(self, entry: Entry) -> Entry:
        """An experiment with its targets."""
        targets = self._all.targets.belonging_to({"experiment_id": str(entry["id"])})
        state = f"SHADOW_EXPERIMENT_STATE_{'ACTIVE' if targets else 'INACTIVE'}"
        return {**entry, "targets": targets, "state": state}

    def update(self, request: Request) -> Reply:
        """Change one; what to change has to be said, and a new source needs the `etag`."""
        require_mask(request)
        parameters = Parameters.parse(request.body)
        if "source" in self.changes(request, parameters):
            parameters.text("etag")
        return super().update(request)

    def forget(self, entry: Entry) -> None:
        """Keep one no more, nor its targets."""
        super().forget(entry)
        for target in self._all.targets.belonging_to({"experiment_id": str(entry["id"])}):
            self._all.targets.forget(target)


class Targets(Versioned):
    """The targets of all shadow experiments."""

    def __init__(self, lock: Lock, all_kinds: Kinds) -> None:
        fields = {
            "name": Field(text, required=True),
            "targetDeploymentId": Field(self._deployment, required=True),
            "description": Field(optional_text),
        }
        path = f"{ENDPOINTS}/{{endpoint_id}}/shadowExperiments/{{experiment_id}}/targets"
        super().__init__(lock, path, "target", fields, all_kinds.log, all_kinds.shadow_experiments)
        self._all = all_kinds

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """A target of the experiment in the path, if that is there already."""
        return {"experimentId": request.path_values.get("experiment_id", ""), **super().made(request, parameters)}

    def begin(self, request: Request, experiment: str, parameters: Parameters, number: int) -> None:
        """Make one together with its experiment."""
        path_values = {**request.path_values, "experiment_id": experiment}
        within = replace(request, path_values=path_values)
        now = moment(request)
        entry: Entry = {
            "id": f"{request.identifier('target')}-{number}",
            "etag": "1",
            "createdAt": now,
            "updatedAt": now,
        }
        self.add(entry | self.made(within, parameters), path_values)

    def of_deployment(self, identifier: str) -> bool:
        """Whether a deployment is a target."""
        return any(target["targetDeploymentId"] == identifier for target in self.belonging_to({}))

    def update(self, request: Request) -> Reply:
        """Change one; what to change has to be said."""
        require_mask(request)
        return super().update(request)

    def _deployment(self, request: Request, parameters: Parameters, name: str) -> str:
        endpoint, identifier = request.path_values["endpoint_id"], parameters.text(name)
        self._all.deployments.known(endpoint, identifier, name)
        if self._all.endpoints.weights(endpoint).get(identifier):
            raise refused(f"The deployment {identifier} gets live traffic: it cannot get mirrored requests as well.")
        return identifier


def require_mask(request: Request) -> None:
    """Refuse a change that does not say which fields it is about."""
    if not request.query.get("updateMask"):
        raise invalid("updateMask", "`updateMask` is required: name the fields to change.", code="missing_required")


def _source(_request: Request, parameters: Parameters, name: str) -> JsonObject:
    parameters.required(name)
    source = Parameters(parameters.mapping(name))
    source.required("endpoint")
    sampling = Parameters(source.mapping("endpoint")).mapping("sampling")
    kinds = ", ".join(_SAMPLINGS)
    if len(sampling) != 1 or not sampling.keys() <= _SAMPLINGS.keys():
        raise invalid(name, f"`{name}.endpoint.sampling` has {', '.join(sampling) or 'nothing'}: give one of {kinds}.")
    kind = next(iter(sampling))
    details = Parameters(Parameters(sampling).mapping(kind))
    for field in _SAMPLINGS[kind]:
        details.required(field)
    details.number("rate", minimum=0, maximum=1)
    details.number("targetQps", minimum=0)
    return parameters.mapping(name)
