"""`/v1/deployments/storage/volumes`: files that containers read; new content makes a new version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..exchange import Reply, Request, invalid, json_reply, not_found
from ..parameters import Parameters
from ..routing import Route
from ..shelf import Shelf, Thing, conflict, moment

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..collection import Entry
    from ..exchange import JsonObject

VOLUMES = "/v1/deployments/storage/volumes"
#: What a version is at the next read.
_NEXT = {"pending": "syncing", "syncing": "ready", "ready": "ready"}


@dataclass(slots=True)
class Version:
    """The content of a volume at one time; `mounted_by` are the deployments that use it."""

    number: int
    content: JsonObject
    status: str = "pending"
    mounted_by: list[str] = field(default_factory=list[str])

    def entry(self) -> Entry:
        """As the history shows it."""
        return {
            "version": self.number,
            "content": self.content,
            "status": self.status,
            "mounted_by": self.mounted_by,
        }

    def full(self) -> Entry:
        """As the volume shows it: with the files, once they are there."""
        name = f"{self.content.get('source_prefix', '')}model.safetensors"
        files = [{"name": name, "size": 1024, "last_modified": moment(0)}]
        return {"content": {**self.content, "files": files if self.status == "ready" else []}, "status": self.status}


@dataclass(slots=True)
class Volume(Thing):
    """A volume."""

    versions: list[Version]

    @property
    def current(self) -> Version:
        """The newest version."""
        return self.versions[-1]

    def version(self, number: object) -> Version | None:
        """The version with a number."""
        return next((version for version in self.versions if version.number == number), None)

    def mounted_by(self, deployment: str) -> int | None:
        """The number of the version that a deployment reads."""
        return next((version.number for version in self.versions if deployment in version.mounted_by), None)

    def entry(self, shown: Version | None = None) -> Entry:
        """As the API shows it, with the content of `shown` or of the current version."""
        shown = shown or self.current
        return {
            "object": "volume",
            "id": self.id,
            "name": self.name,
            "type": "readOnly",
            "current_version": self.current.number,
            **shown.full(),
            "mounted_by": shown.mounted_by,
            "version_history": {str(past.number): past.entry() for past in self.versions[:-1]},
            "created_at": moment(0),
            "updated_at": moment(len(self.versions) - 1),
        }


class Volumes:
    """The volumes."""

    def __init__(self) -> None:
        self.shelf: Shelf[Volume] = Shelf("volume", VOLUMES)

    def routes(self) -> list[Route]:
        """Their routes."""
        one = f"{VOLUMES}/{{id}}"
        return [
            Route("POST", VOLUMES, self.create),
            Route("GET", VOLUMES, self.list),
            Route("GET", one, self.retrieve),
            Route("PATCH", one, self.update),
            Route("DELETE", one, self.delete),
        ]

    def create(self, request: Request) -> Reply:
        """Make a volume."""
        parameters = Parameters.parse(request.body)
        parameters.text("type")
        parameters.choice("type", {"readOnly"}, "")
        name = self.shelf.claim(parameters.text("name"))
        volume = Volume(request.identifier("volume"), name, [Version(1, _content(parameters))])
        return json_reply(self.shelf.add(volume).entry())

    def list(self, _request: Request) -> Reply:
        """All of them."""
        return json_reply({"object": "list", "data": [volume.entry() for volume in self.shelf.all()]})

    def retrieve(self, request: Request) -> Reply:
        """One, its current version further on than when it was read last, or as a version was."""
        volume, wanted = self.shelf.find(request), request.query.get("version", "")
        volume.current.status = _NEXT[volume.current.status]
        if not wanted:
            return json_reply(volume.entry())
        version = next((version for version in volume.versions if str(version.number) == wanted), None)
        if version is None:
            raise not_found("version", wanted, f"The volume's current one is {volume.current.number}.")
        return json_reply(volume.entry(version))

    def update(self, request: Request) -> Reply:
        """Change one."""
        volume, parameters = self.shelf.find(request), Parameters.parse(request.body)
        parameters.choice("type", {"readOnly"}, "readOnly")
        if parameters.has("name"):
            volume.name = self.shelf.claim(parameters.text("name"), holder=volume)
        if parameters.has("content"):
            volume.versions.append(Version(volume.current.number + 1, _content(parameters)))
        return json_reply(volume.entry())

    def delete(self, request: Request) -> Reply:
        """Delete one that no container reads."""
        volume = self.shelf.find(request)
        users = sorted({user for version in volume.versions for user in version.mounted_by})
        if users:
            raise conflict(f"The volume {volume.name!r} is mounted by {', '.join(users)}: change these first.")
        self.shelf.remove(volume)
        return json_reply({})

    def mount(self, deployment: str, mounts: Collection[tuple[str, int]]) -> None:
        """Note what a deployment reads from now on."""
        for volume in self.shelf.all():
            for version in volume.versions:
                if deployment in version.mounted_by:
                    version.mounted_by.remove(deployment)
                if (volume.id, version.number) in mounts:
                    version.mounted_by.append(deployment)


def _content(parameters: Parameters) -> JsonObject:
    parameters.required("content")
    content = parameters.mapping("content")
    inner = Parameters(content)
    inner.choice("type", {"files"}, "files")
    if inner.has("origin") == inner.has("source_prefix"):
        raise invalid("content", "`content` needs either `source_prefix` or `origin`.")
    return {"type": "files", **content}
