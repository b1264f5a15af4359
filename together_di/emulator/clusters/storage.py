"""`/v1/compute/clusters/storage/volumes`: volumes that clusters share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..account import PROJECT_ID
from ..exchange import Reply, Request, invalid, json_reply
from ..parameters import Parameters
from ..routing import Route
from ..shelf import Shelf, Thing, conflict
from .regions import check_region

if TYPE_CHECKING:
    from ..collection import Entry

VOLUMES = "/v1/compute/clusters/storage/volumes"


@dataclass(slots=True)
class SharedVolume(Thing):
    """A volume; `bound_to` is the cluster that uses it."""

    size: int
    project: str
    stays: bool
    status: str = "provisioning"
    bound_to: str = ""

    def entry(self) -> Entry:
        """As the API shows it."""
        return {
            "volume_id": self.id,
            "volume_name": self.name,
            "size_tib": self.size,
            "status": "bound" if self.bound_to else self.status,
        }


class Storage:
    """The volumes."""

    def __init__(self) -> None:
        self.shelf: Shelf[SharedVolume] = Shelf("volume", VOLUMES)

    def routes(self) -> list[Route]:
        """Their routes."""
        one = f"{VOLUMES}/{{id}}"
        return [
            Route("POST", VOLUMES, self.create),
            Route("GET", VOLUMES, self.list),
            Route("PUT", VOLUMES, self.update),
            Route("GET", one, self.retrieve),
            Route("DELETE", one, self.delete),
        ]

    def create(self, request: Request) -> Reply:
        """Make a volume."""
        return json_reply(self.make(request, Parameters.parse(request.body)).entry())

    def make(self, request: Request, parameters: Parameters) -> SharedVolume:
        """A new volume."""
        check_region(parameters)
        name = self.shelf.claim(parameters.text("volume_name"), param="volume_name")
        size = parameters.integer("size_tib", minimum=1)
        if size is None:
            raise invalid("size_tib", "`size_tib` is required: add it to the request body.", code="missing_required")
        project = parameters.optional_text("project_id") or PROJECT_ID
        stays = parameters.flag("is_lifecycle_independent")
        return self.shelf.add(SharedVolume(request.identifier("vol"), name, size, project, stays))

    def list(self, request: Request) -> Reply:
        """Those of a project, or all."""
        project = request.query.get("projectId")
        volumes = [volume.entry() for volume in self.shelf.all() if project in {None, volume.project}]
        return json_reply({"volumes": volumes})

    def retrieve(self, request: Request) -> Reply:
        """One; when it is looked at, it is there."""
        volume = self.shelf.find(request)
        volume.status = "available"
        return json_reply(volume.entry())

    def update(self, request: Request) -> Reply:
        """Make one larger."""
        parameters = Parameters.parse(request.body)
        volume = self.named(parameters)
        volume.size = parameters.integer("size_tib", minimum=volume.size) or volume.size
        return json_reply(volume.entry())

    def named(self, parameters: Parameters) -> SharedVolume:
        """The volume that `volume_id` names.

        Raises:
            ApiError: 400, it is not there.
        """
        identifier = parameters.text("volume_id")
        volume = self.shelf.known(identifier)
        if volume is None:
            raise invalid("volume_id", f"`volume_id` is {identifier!r}: GET {VOLUMES} lists those there are.")
        return volume

    def delete(self, request: Request) -> Reply:
        """Delete one that no cluster uses."""
        volume = self.shelf.find(request)
        if volume.bound_to:
            raise conflict(f"The volume {volume.name!r} is used by {volume.bound_to}: delete the cluster first.")
        self.shelf.remove(volume)
        return json_reply({"success": True})

    def release(self, cluster: str) -> None:
        """Let go of what a cluster that is deleted has used; what was not to stay goes, too."""
        for volume in self.shelf.all():
            if volume.bound_to == cluster:
                volume.bound_to = ""
                if not volume.stays:
                    self.shelf.remove(volume)
