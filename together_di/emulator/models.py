"""The models: the plain list, the supported ones, and those a project registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .account import ORGANIZATION_ID
from .catalogue import CATALOGUE, CREATED_AT
from .collection import Entry, Field, FieldCollection, choice, optional_text, page, text
from .exchange import Reply, Request, invalid, json_reply, not_found

if TYPE_CHECKING:
    from threading import Lock

    from .parameters import Parameters

_WEIGHTS = {
    "model": "WEIGHTS_TYPE_DEFAULT",
    "models": "WEIGHTS_TYPE_DEFAULT",
    "adapter": "WEIGHTS_TYPE_ADAPTER",
    "adapters": "WEIGHTS_TYPE_ADAPTER",
}


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


class ProjectModels(FieldCollection):
    """The models that projects registered, in memory."""

    def __init__(self, lock: Lock) -> None:
        fields = {
            "baseModelId": Field(text, required=True, fixed=True),
            "name": Field(_own_name, required=True),
            "type": Field(_weights, required=True, fixed=True),
            "description": Field(optional_text),
            "visibility": Field(choice("VISIBILITY_PRIVATE", "VISIBILITY_INTERNAL")),
        }
        super().__init__(lock, "/v2/projects/{project_id}/models", "model", fields)

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """A model as it was registered."""
        given = super().made(request, parameters)
        base = given["baseModelId"]
        return {
            "organizationId": ORGANIZATION_ID,
            "projectId": request.path_values["project_id"],
            "visibility": "VISIBILITY_PRIVATE",
            "weights": {"type": given.pop("type")},
            "baseModel": next((model.name for model in CATALOGUE if model.as_supported()["baseModelId"] == base), base),
            **given,
        }

    def list(self, request: Request) -> Reply:
        """Return a page of a project's models."""
        visibility = request.query.get("visibility")
        entries = self.belonging_to(dict(request.path_values))
        return page(request, [entry for entry in entries if visibility in {None, entry["visibility"]}])

    def list_organization(self, request: Request) -> Reply:
        """Return a page of the models that an organization's projects share."""
        wanted = (request.path_values["organization_id"], "VISIBILITY_INTERNAL")
        entries = self.belonging_to({})
        return page(request, [entry for entry in entries if (entry["organizationId"], entry["visibility"]) == wanted])

    def files(self, request: Request) -> Reply:
        """Return the files of a model: none, since registering one uploads nothing."""
        self.find(request)
        return json_reply({"object": "list", "data": [], "totalSizeBytes": "0"})

    def revisions(self, request: Request) -> Reply:
        """Return the one revision that registering a model makes."""
        entry = self.find(request)
        revision: Entry = {
            "revisionId": f"rev-{entry['id']}",
            "createdAt": CREATED_AT,
            "validationStatus": "REVISION_VALIDATION_STATUS_SUCCESS",
            "validationErrors": [],
        }
        return json_reply({"object": "list", "data": [revision]})


def _own_name(_request: Request, parameters: Parameters, name: str) -> str:
    return parameters.text(name).rpartition("/")[2]


def _weights(_request: Request, parameters: Parameters, name: str) -> str:
    kind = parameters.text(name)
    if kind not in _WEIGHTS:
        raise invalid(name, f"`{name}` is {kind!r}: use model or adapter.")
    return _WEIGHTS[kind]


def _listed(entry: Entry, name: str) -> list[object]:
    values = entry[name]
    return [*values] if isinstance(values, list) else []  # pyright: ignore[reportUnknownVariableType]
