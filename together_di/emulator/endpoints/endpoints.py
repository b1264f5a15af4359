"""`/v2/projects/{project_id}/endpoints`: names under which deployments answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..account import ORGANIZATION_ID
from ..collection import Entries, Entry, Field, choice
from ..exchange import JsonObject, Reply, Request, invalid
from ..parameters import Parameters, wrong_type
from .things import Versioned, part, refused, sifted

if TYPE_CHECKING:
    from threading import Lock

    from . import Kinds

ENDPOINTS = "/v2/projects/{project_id}/endpoints"

_NAMES = ("id", "autoscaling", "createdAt", "desiredReplicas", "hardware", "model", "modelId", "name")


class Endpoints(Versioned):
    """The endpoints of all projects."""

    def __init__(self, lock: Lock, all_kinds: Kinds) -> None:
        fields = {
            "name": Field(_qualified, required=True),
            "visibility": Field(choice("VISIBILITY_PRIVATE", "VISIBILITY_INTERNAL")),
            "trafficSplit": Field(self._split),
        }
        super().__init__(lock, ENDPOINTS, "endpoint", fields, all_kinds.log)
        self._all = all_kinds

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """An endpoint without deployments."""
        fixed = {"projectId": request.path_values["project_id"], "endpointType": "ENDPOINT_TYPE_DEDICATED"}
        return {"visibility": "VISIBILITY_PRIVATE", "trafficSplit": [], **fixed, **super().made(request, parameters)}

    def shown(self, entry: Entry) -> Entry:
        """An endpoint with what belongs to it."""
        deployments = self._all.deployments
        own = [deployments.shown(each) for each in deployments.belonging_to({"endpoint_id": str(entry["id"])})]
        active = self._all.rollouts.active(str(entry["id"]))
        extra: Entry = {} if active is None else {"activeRolloutId": active["id"]}
        return {**entry, **extra, "deployments": [_summary(each) for each in own]}

    def list(self, request: Request) -> Reply:
        """A page of a project's endpoints."""
        return self.page(request, sifted(request, self.belonging_to(dict(request.path_values))))

    def list_organization(self, request: Request) -> Reply:
        """A page of the endpoints that an organization's projects share."""
        shared = [entry for entry in self.belonging_to({}) if entry["visibility"] == "VISIBILITY_INTERNAL"]
        return self.page(
            request, sifted(request, shared if request.path_values["organization_id"] == ORGANIZATION_ID else [])
        )

    def list_events(self, request: Request) -> Reply:
        """A page of what happened to an endpoint."""
        self.find(request)
        return self.log.list(request)

    def check_deletion(self, entry: Entry) -> None:
        """Refuse while there are deployments."""
        if self._all.deployments.belonging_to({"endpoint_id": str(entry["id"])}):
            raise refused(f"The endpoint {entry['id']} has deployments: delete them first.")

    def weights(self, endpoint_id: str) -> dict[str, float]:
        """The traffic split: deployments and the weight of each of their replicas."""
        entry = self._entries[endpoint_id]
        split = cast("list[JsonObject]", entry["trafficSplit"])
        return {str(each["deploymentId"]): cast("float", each["weight"]) for each in split}

    def split(self, request: Request, endpoint_id: str, weights: dict[str, float]) -> None:
        """Split the traffic anew."""
        split = [{"deploymentId": name, "weight": weight} for name, weight in weights.items()]
        self.change(request, self._entries[endpoint_id], {"trafficSplit": split})

    def _split(self, request: Request, parameters: Parameters, name: str) -> Entries:
        known = {
            each["id"]
            for each in self._all.deployments.belonging_to({"endpoint_id": request.path_values.get("id", "")})
        }
        split: Entries = []
        for index, item in enumerate(parameters.items(name)):
            if not isinstance(item, dict):
                raise wrong_type(f"{name}.{index}", "an object", item)
            member = Parameters(item)
            if member.text("deploymentId") not in known:
                message = f"`{name}` names {item['deploymentId']!r}, which is no deployment of this endpoint."
                raise invalid(name, message)
            member.required("weight")
            split.append({"deploymentId": item["deploymentId"], "weight": member.number("weight", minimum=0)})
        return split


def _qualified(request: Request, parameters: Parameters, name: str) -> str:
    project = request.path_values["project_id"]
    return f"{project.removeprefix('proj-')}/{parameters.text(name).rpartition('/')[2]}"


def _summary(deployment: Entry) -> Entry:
    status = part(deployment, "status")
    names = (*_NAMES, "estimatedEffectiveTrafficShare", "trafficMode")
    more = {"state": status["state"], "readyReplicas": status["readyReplicas"]}
    return {**{name: deployment[name] for name in names}, **more}
