"""What endpoints, deployments and so on have in common: a version, a thing they belong to, and a log."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, cast

from ..collection import Entries, Entry, FieldCollection, cut
from ..exchange import ApiError, JsonObject, Reply, Request, invalid, json_reply
from ..generation import EPOCH
from ..parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Lock

    from ..collection import Field
    from .log import Log

LARGEST_PAGE = 500

_COMPARISONS = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_CONDITION = re.compile(r'(\w+)\s*(!=|<=|>=|[:=<>])\s*(?:"([^"]*)"|(\S+))')
_TIMES = {"created_at": "createdAt", "updated_at": "updatedAt"}


def moment(request: Request) -> str:
    """When a request came: no clock, each request is a second later than the one before."""
    return datetime.fromtimestamp(EPOCH + request.number, UTC).isoformat()


def refused(message: str) -> ApiError:
    """A 400 for what is right in itself, but not as things are now."""
    return ApiError(400, message, code="failed_precondition")


class Versioned(FieldCollection):
    """Things that have an `etag` and belong to one of `parent`, if there is one."""

    def __init__(
        self, lock: Lock, path: str, kind: str, fields: Mapping[str, Field], log: Log, parent: Versioned | None = None
    ) -> None:
        super().__init__(lock, path, kind, fields)
        self.log = log
        self.parent = parent

    def parent_of(self, request: Request) -> Entry | None:
        """What the path names before this kind of thing."""
        if self.parent is None:
            return None
        values = {name: value for name, value in request.path_values.items() if name != "id"}
        _, identifier = values.popitem()
        return self.parent.find(replace(request, path_values={**values, "id": identifier}))

    def find(self, request: Request) -> Entry:
        """The one that the path names."""
        self.parent_of(request)
        return super().find(request)

    def create(self, request: Request) -> Reply:
        """Make one."""
        entry = self.new(request)
        self.add(entry, dict(request.path_values))
        self.added(request, entry)
        return json_reply(self.shown(entry))

    def added(self, request: Request, entry: Entry) -> None:
        """Do what follows from there being a new one."""
        self.log.record(request, self.kind, "created", entry)

    def new(self, request: Request) -> Entry:
        """What the body describes, not kept yet."""
        self.parent_of(request)
        now = moment(request)
        entry: Entry = {"id": request.identifier(self.kind.replace(" ", "-")), "etag": "1"}
        entry |= {"createdAt": now, "updatedAt": now, **self.made(request, Parameters.parse(request.body))}
        self.check_name(request, entry)
        return entry

    def check_name(self, request: Request, entry: Entry) -> None:
        """Refuse a name that another one has."""
        owner = {name: value for name, value in request.path_values.items() if name != "id"}
        taken = {other["name"] for other in self.belonging_to(owner) if "name" in other and other["id"] != entry["id"]}
        if entry.get("name") in taken:
            message = f"There is a {self.kind} with the name {entry['name']!r} already: choose another `name`."
            raise ApiError(409, message, param="name", code="already_exists")

    def shown(self, entry: Entry) -> Entry:
        """What is told of one."""
        return entry

    def move(self, request: Request, entry: Entry) -> None:
        """Let time pass; called whenever one is read."""

    def list(self, request: Request) -> Reply:
        """A page of those that are there."""
        self.parent_of(request)
        return self.page(request, self.belonging_to(dict(request.path_values)))

    def page(self, request: Request, entries: Entries, show: Callable[[Entry], Entry] | None = None) -> Reply:
        """A page of these."""
        there, cursor = cut(request, entries, largest=LARGEST_PAGE)
        return json_reply({"object": "list", "data": [*map(show or self.shown, there)], "next_cursor": cursor})

    def retrieve(self, request: Request) -> Reply:
        """One, a moment later."""
        entry = self.find(request)
        self.move(request, entry)
        return json_reply(self.shown(entry))

    def update(self, request: Request) -> Reply:
        """Change one, if it is still what the caller has read."""
        entry = self.find(request)
        parameters = Parameters.parse(request.body)
        self.check_etag(entry, parameters.optional_text("etag"))
        changes = self.changes(request, parameters)
        self.check_name(request, {**entry, **changes})
        self.change(request, entry, changes)
        self.log.record(request, self.kind, "updated", entry, paths=[*changes])
        return json_reply(self.shown(entry))

    def change(self, request: Request, entry: Entry, changes: Entry) -> None:
        """Make a new version."""
        with self.lock:
            entry.update(changes, etag=str(int(str(entry["etag"])) + 1), updatedAt=moment(request))

    def delete(self, request: Request) -> Reply:
        """Forget one, if it is still what the caller has read."""
        entry = self.find(request)
        self.check_etag(entry, request.query.get("etag", ""))
        self.check_deletion(entry)
        self.forget(entry)
        self.log.record(request, self.kind, "deleted", entry)
        return json_reply({})

    def check_deletion(self, entry: Entry) -> None:
        """Refuse to delete what is needed."""

    def check_etag(self, entry: Entry, given: str) -> None:
        """Refuse an `etag` of an older version."""
        if given and given != entry["etag"]:
            message = f"The {self.kind} {entry['id']} has changed: its etag is {entry['etag']!r}. Read it again."
            raise ApiError(409, message, param="etag", code="aborted")


def part(entry: Entry, name: str) -> JsonObject:
    """An object within a thing."""
    return cast("JsonObject", entry[name])


def sifted(request: Request, entries: Entries) -> Entries:
    """The entries that `filter` lets through, in the order of `orderBy`."""
    conditions = request.query.get("filter", "").split(" AND ") if request.query.get("filter") else []
    kept = [entry for entry in entries if all(_holds(entry, condition) for condition in conditions)]
    field, _, direction = request.query.get("orderBy", "created_at").partition(" ")
    if field not in _TIMES or direction not in {"", "asc", "desc"}:
        raise invalid("orderBy", f"`orderBy` is {request.query['orderBy']!r}: use created_at or updated_at, then desc.")
    return sorted(kept, key=lambda entry: str(entry[_TIMES[field]]), reverse=direction == "desc")


def _holds(entry: Entry, condition: str) -> bool:
    found = _CONDITION.fullmatch(condition.strip())
    status = part(entry, "status") if "status" in entry else {}
    known = {**status, **entry, **{name: entry[field] for name, field in _TIMES.items()}}
    value = known.get(found[1]) if found and found[1] in {"name", "model", "state", *_TIMES} else None
    if found is None or value is None:
        message = f'`filter` has {condition!r}: the emulator knows name:part, name="x" and the like, joined by AND.'
        raise invalid("filter", message)
    wanted = found[3] or found[4]
    if found[2] == ":":
        return wanted.strip("*") in str(value)
    compare = _COMPARISONS[found[2]]
    if found[1] in _TIMES:
        return bool(compare(datetime.fromisoformat(str(value)), time_of(wanted, "filter")))
    return bool(compare(str(value), wanted))


def time_of(value: str, name: str) -> datetime:
    """A time as a parameter gives it; without an offset it is UTC."""
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        time = None
    # Far from the ends of the calendar, so that one can count from it.
    if time is None or not 1970 <= time.year <= 9000:
        raise invalid(name, f"`{name}` has {value!r}: write a time such as 2026-01-01T00:00:00Z.")
    return time if time.tzinfo else time.replace(tzinfo=UTC)
