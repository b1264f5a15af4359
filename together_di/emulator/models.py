"""The models: the plain list, the supported ones, and those a project registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from .account import ORGANIZATION_ID
from .catalogue import CATALOGUE, CREATED_AT
from .collection import page
from .exchange import Reply, Request, invalid, json_reply, not_found
from .parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Lock

_Entry: TypeAlias = dict[str, object]

_VISIBILITIES = frozenset({"VISIBILITY_PRIVATE", "VISIBILITY_INTERNAL"})
_WEIGHTS = {
    "model": "WEIGHTS_TYPE_DEFAULT",
    "models": "WEIGHTS_TYPE_DEFAULT",
    "adapter": "WEIGHTS_TYPE_ADAPTER",
    "adapters": "WEIGHTS_TYPE_ADAPTER",
}
_MUTABLE = ("name", "description", "visibility")


def list_models(request: Request) -> Reply:
    """Return all models as a plain array; none of them runs on dedicated hardware."""
    if request.query.get("dedicated", "").lower() == "true":
        return json_reply([])
    return json_reply([model.as_info() for model in CATALOGUE])


def list_supported_models(request: Request) -> Reply:
    """Return a page of the catalogue."""
    entries = [model.as_supported() for model in CATALOGUE]
    modality, product = request.query.get("modality"), request.query.get("product")
    search = request.query.get("search", "").lower()
    kept = [
        entry
        for entry in entries
        if modality in {None, *_listed(entry, "inputModalities"), *_listed(entry, "outputModalities")}
        and product in {None, *_listed(entry, "products")}
        and search in f"{entry['name']} {entry['displayName']}".lower()
    ]
    return page(request, kept)


def retrieve_supported_model(request: Request) -> Reply:
    """Return one model of the catalogue, by its id or its name."""
    identifier = request.path_values["id"]
    for model in CATALOGUE:
        if identifier in {model.identifier, model.name}:
            return json_reply(model.as_supported())
    raise not_found("model", identifier, "GET /v2/supported-models lists those there are.")


class ProjectModels:
    """The models that projects registered, in memory."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._registered: dict[str, _Entry] = {}

    def create(self, request: Request) -> Reply:
        """Register a model."""
        parameters = Parameters.parse(request.body)
        base, name, kind = (parameters.text(field) for field in ("baseModelId", "name", "type"))
        if kind not in _WEIGHTS:
            raise invalid("type", f"`type` is {kind!r}: use model or adapter.")
        known = next((model.name for model in CATALOGUE if model.as_supported()["baseModelId"] == base), base)
        entry: _Entry = {
            "id": request.identifier("model"),
            "name": name.rpartition("/")[2],
            "organizationId": ORGANIZATION_ID,
            "projectId": request.path_values["project_id"],
            "visibility": "VISIBILITY_PRIVATE",
            "weights": {"type": _WEIGHTS[kind]},
            "baseModel": known,
            "baseModelId": base,
            "description": parameters.optional_text("description"),
        }
        with self._lock:
            self._registered[str(entry["id"])] = entry
        return json_reply(entry)

    def list(self, request: Request) -> Reply:
        """Return a page of a project's models."""
        project, visibility = request.path_values["project_id"], request.query.get("visibility")
        return self._list_where(
            request, lambda entry: entry["projectId"] == project and visibility in {None, entry["visibility"]}
        )

    def list_organization(self, request: Request) -> Reply:
        """Return a page of the models that an organization's projects share."""
        organization = request.path_values["organization_id"]
        return self._list_where(
            request,
            lambda entry: entry["organizationId"] == organization and entry["visibility"] == "VISIBILITY_INTERNAL",
        )

    def retrieve(self, request: Request) -> Reply:
        """Return one model."""
        return json_reply(self._find(request))

    def update(self, request: Request) -> Reply:
        """Change the fields in the update mask, or those in the body."""
        entry = self._find(request)
        parameters = Parameters.parse(request.body)
        mask = [name for name in request.query.get("updateMask", "").split(",") if name]
        unknown = [name for name in mask if name not in _MUTABLE]
        if unknown:
            raise invalid("updateMask", f"`updateMask` names {unknown[0]!r}: use {', '.join(_MUTABLE)}.")
        parameters.choice("visibility", _VISIBILITIES, "VISIBILITY_PRIVATE")
        changes = {name: parameters.optional_text(name) for name in mask or _MUTABLE if parameters.has(name)}
        with self._lock:
            entry.update(changes)
        return json_reply(entry)

    def delete(self, request: Request) -> Reply:
        """Forget one model."""
        entry = self._find(request)
        with self._lock:
            self._registered.pop(str(entry["id"]), None)
        return json_reply({})

    def files(self, request: Request) -> Reply:
        """Return the files of a model: none, since registering one uploads nothing."""
        self._find(request)
        return json_reply({"object": "list", "data": [], "totalSizeBytes": "0"})

    def revisions(self, request: Request) -> Reply:
        """Return the one revision that registering a model makes."""
        entry = self._find(request)
        revision: _Entry = {
            "revisionId": f"rev-{entry['id']}",
            "createdAt": CREATED_AT,
            "validationStatus": "REVISION_VALIDATION_STATUS_SUCCESS",
            "validationErrors": [],
        }
        return json_reply({"object": "list", "data": [revision]})

    def _list_where(self, request: Request, keeps: Callable[[_Entry], bool]) -> Reply:
        with self._lock:
            entries = [entry for entry in self._registered.values() if keeps(entry)]
        return page(request, entries)

    def _find(self, request: Request) -> _Entry:
        identifier = request.path_values["id"]
        entry = self._registered.get(identifier)
        if entry is None or entry["projectId"] != request.path_values["project_id"]:
            raise not_found("model", identifier, "GET /v2/projects/{project_id}/models lists the project's.")
        return entry


def _listed(entry: _Entry, name: str) -> list[object]:
    values = entry[name]
    return [*values] if isinstance(values, list) else []  # pyright: ignore[reportUnknownVariableType]
