"""What is there without being made: hardware, placement profiles and model configurations; and remote uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..account import ORGANIZATION_ID
from ..catalogue import CATALOGUE, CREATED_AT
from ..collection import Collection, page
from ..exchange import Reply, Request, invalid, json_reply, not_found
from ..routing import Route
from .things import moment

if TYPE_CHECKING:
    from threading import Lock

    from ..collection import Entries, Entry
    from ..parameters import Parameters

_TYPES = "/v2/public/inference-instance-types"
_PROFILES = "/v2/projects/{project_id}/placement-profiles"
_CONFIGS = "/v2/projects/{project_id}/configs"
_UPLOADS = "/v2/projects/{project_id}/models/uploads"
#: A kind of hardware: GPUs, their type, GiB of memory on each, and US cents an hour.
_HARDWARE = {
    "1x-nvidia-h100-80gb": (1, "H100", 80, 399),
    "8x-nvidia-h100-80gb": (8, "H100", 80, 3192),
    "8x-nvidia-b200-180gb": (8, "B200", 180, 5592),
}
_REGIONS = {"us-first": ["us-central", "eu-north"], "eu-only": ["eu-north"]}
_UPLOAD_STATES = ("PENDING", "RUNNING", "SUCCEEDED")


def catalogue_routes(lock: Lock) -> list[Route]:
    """The routes of them all."""
    uploads = RemoteUploads(lock)
    return [
        Route("GET", _TYPES, lambda _request: json_reply({"object": "list", "data": _instance_types()})),
        Route("GET", f"{_TYPES}/{{id}}", lambda request: _one(request, "hardware", _instance_types(), _TYPES)),
        Route("GET", _PROFILES, lambda request: page(request, _profiles(request))),
        Route("GET", f"{_PROFILES}/{{id}}", lambda request: _one(request, "profile", _profiles(request), _PROFILES)),
        Route("GET", _CONFIGS, _list_configs),
        Route("GET", f"{_CONFIGS}/{{id}}", lambda request: _one(request, "config", _configs(), _CONFIGS)),
        *uploads.routes("create list retrieve"),
        Route("GET", f"{_UPLOADS}/{{id}}/events", uploads.events),
    ]


def _one(request: Request, kind: str, entries: Entries, path: str) -> Reply:
    identifier = request.path_values["id"]
    for entry in entries:
        if entry["id"] == identifier:
            return json_reply(entry)
    raise not_found(kind, identifier, f"GET {path} lists those there are.")


def _instance_types() -> Entries:
    return [
        {
            "id": name,
            "name": f"{count}x {gpu}",
            "description": f"{count} NVIDIA {gpu} with {memory} GiB each",
            "gpuCount": count,
            "gpuType": gpu,
            "gpuMemoryGib": memory,
            "priceCentsPerHour": cents,
            "regions": [{"name": "us-central", "headroom": {"relation": "RELATION_GTE", "value": 10}}],
        }
        for name, (count, gpu, memory, cents) in _HARDWARE.items()
    ]


def _profiles(request: Request) -> Entries:
    belongs = {"organizationId": ORGANIZATION_ID, "projectId": request.path_values["project_id"]}
    return [{"id": name, "name": name, "preferredRegions": regions, **belongs} for name, regions in _REGIONS.items()]


def _config(model: str) -> Entry:
    reference = f"projects/proj-together/models/{model}"
    certification = {
        "certificationType": "CERTIFICATION_TYPE_CERTIFIED",
        "certifiedAt": CREATED_AT,
        "certifiedBy": "emulator",
        "model": reference,
        "modelRevisionId": f"rev-{model}",
        "target": "CERTIFICATION_TARGET_MRE",
    }
    return {
        "id": f"cr-{model}",
        "projectId": "proj-together",
        "referenceModel": reference,
        "referenceModelId": model,
        "selectors": [{"key": "gpu_type", "value": "H100"}, {"key": "gpu_count", "value": "1"}],
        "certifications": [certification],
    }


def _configs() -> Entries:
    return [_config(str(model.as_supported()["baseModelId"])) for model in CATALOGUE]


def _list_configs(request: Request) -> Reply:
    """A page of the configurations, or of those for one model."""
    by_name, by_id = request.query.get("referenceModel", ""), request.query.get("referenceModelId", "")
    model = by_name.rpartition("/")[2]
    if by_name and by_id and model != by_id:
        raise invalid("referenceModelId", f"`referenceModelId` is {by_id!r}, but `referenceModel` is {by_name!r}.")
    wanted = model or by_id
    return page(request, [entry for entry in _configs() if wanted in {"", entry["referenceModelId"]}])


class RemoteUploads(Collection):
    """Files on their way to models; each look finds them further."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(lock, _UPLOADS, "remote upload", self._made)

    def _made(self, request: Request, parameters: Parameters) -> Entry:
        url = parameters.text("remoteUrl")
        if not url.startswith("https://"):
            raise invalid("remoteUrl", "`remoteUrl` has to begin with https://: a repository, or a signed URL.")
        parameters.optional_text("token")  # checked, never kept
        return {
            "projectId": request.path_values["project_id"],
            "modelId": parameters.text("modelId"),
            "remoteUrl": url,
            "status": "REMOTE_UPLOAD_STATUS_PENDING",
            "createdAt": moment(request),
            "updatedAt": moment(request),
            "restartCount": 0,
            "maxRestarts": 3,
        }

    def retrieve(self, request: Request) -> Reply:
        """An upload, a moment later."""
        entry = self.find(request)
        with self.lock:
            following = _UPLOAD_STATES[_state(entry) + 1 :][:1]
            if following:
                entry.update(status=f"REMOTE_UPLOAD_STATUS_{following[0]}", updatedAt=moment(request))
        return json_reply(entry)

    def events(self, request: Request) -> Reply:
        """A page of what happened up to now."""
        entry = self.find(request)
        events: Entries = [
            {
                "id": f"{entry['id']}-{number}",
                "createdAt": entry["createdAt"],
                "level": "LEVEL_INFO",
                "message": f"The upload is {state.lower()}.",
                "type": f"upload.{state.lower()}",
            }
            for number, state in enumerate(_UPLOAD_STATES[: _state(entry) + 1], 1)
        ]
        return page(request, events)


def _state(entry: Entry) -> int:
    return _UPLOAD_STATES.index(str(entry["status"]).removeprefix("REMOTE_UPLOAD_STATUS_"))
