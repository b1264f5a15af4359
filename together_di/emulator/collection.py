"""Things the API keeps in a list: made, listed in pages, read, changed and deleted, all in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .exchange import Reply, Request, invalid, json_reply, not_found
from .parameters import Parameters
from .routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Lock

Entry: TypeAlias = dict[str, object]
Entries: TypeAlias = list[Entry]
#: What a new thing is, from the request that makes it; its id is added.
Maker: TypeAlias = "Callable[[Request, Parameters], Entry]"
#: Reads the field of a name from the body of a request, and refuses what it cannot be.
Reader: TypeAlias = "Callable[[Request, Parameters, str], object]"

_DEFAULT_PAGE = 20
_LARGEST_PAGE = 100


class Collection:
    """One kind of thing, under one path.

    Args:
        lock: Held while something changes.
        path: Where the list is, such as `/v2/projects/{project_id}/endpoints`; a thing belongs to the values in it.
        kind: What one is called, in ids and errors.
        make: Gives a new one; without it, nothing can be created.
    """

    def __init__(self, lock: Lock, path: str, kind: str, make: Maker | None = None) -> None:
        self.lock = lock
        self.path = path
        self.kind = kind
        self._make = make
        self._owners: dict[str, dict[str, str]] = {}
        self._entries: dict[str, Entry] = {}

    def routes(self, verbs: str) -> list[Route]:
        """The routes of the verbs: any of `create list retrieve update delete`."""
        one = f"{self.path}/{{id}}"
        known = {
            "create": Route("POST", self.path, self.create),
            "list": Route("GET", self.path, self.list),
            "retrieve": Route("GET", one, self.retrieve),
            "update": Route("PATCH", one, self.update),
            "delete": Route("DELETE", one, self.delete),
        }
        return [known[verb] for verb in verbs.split()]

    def action(self, name: str, change: Callable[[Entry], Entry]) -> Route:
        """The route of `POST path/{id}/name`, which changes a thing and answers with it."""

        def act(request: Request) -> Reply:
            entry = self.find(request)
            with self.lock:
                entry.update(change(entry))
            return json_reply(entry)

        return Route("POST", f"{self.path}/{{id}}/{name}", act)

    def create(self, request: Request) -> Reply:
        """Make one."""
        assert self._make is not None
        entry = {
            "id": request.identifier(self.kind.replace(" ", "-")),
            **self._make(request, Parameters.parse(request.body)),
        }
        self.add(entry, dict(request.path_values))
        return json_reply(entry)

    def add(self, entry: Entry, owner: dict[str, str]) -> None:
        """Keep one."""
        with self.lock:
            self.keep(entry, owner)

    def keep(self, entry: Entry, owner: dict[str, str]) -> None:
        """Keep one; the lock is held by the caller."""
        self._entries[str(entry["id"])] = entry
        self._owners[str(entry["id"])] = owner

    def list(self, request: Request) -> Reply:
        """A page of those that are there."""
        return page(request, self.belonging_to(dict(request.path_values)))

    def belonging_to(self, owner: dict[str, str]) -> Entries:
        """Those made under a path with these values."""
        with self.lock:
            return [entry for name, entry in self._entries.items() if self._owners[name].items() >= owner.items()]

    def retrieve(self, request: Request) -> Reply:
        """One."""
        return json_reply(self.find(request))

    def update(self, request: Request) -> Reply:
        """Take over the fields of the body that a thing has."""
        entry = self.find(request)
        changes = Parameters.parse(request.body).present()
        with self.lock:
            entry.update({name: value for name, value in changes.items() if name != "id"})
        return json_reply(entry)

    def delete(self, request: Request) -> Reply:
        """Forget one."""
        self.forget(self.find(request))
        return json_reply({})

    def forget(self, entry: Entry) -> None:
        """Keep one no more."""
        with self.lock:
            self._entries.pop(str(entry["id"]), None)

    def find(self, request: Request) -> Entry:
        """The one that the path names.

        Raises:
            ApiError: 404, it is not there.
        """
        values = dict(request.path_values)
        identifier = values.pop("id")
        entry = self._entries.get(identifier)
        if entry is None or not self._owners[identifier].items() >= values.items():
            raise not_found(self.kind, identifier, f"GET {self.path} lists those there are.")
        return entry


class Field(NamedTuple):
    """A field that comes with a request.

    Attributes:
        read: Gives its value, checked.
        required: Whether there has to be one.
        fixed: Whether it cannot be changed later.
    """

    read: Reader
    required: bool = False
    fixed: bool = False


def text(_request: Request, parameters: Parameters, name: str) -> str:
    """Read a string that is not empty."""
    return parameters.text(name)


def optional_text(_request: Request, parameters: Parameters, name: str) -> str:
    """Read a string."""
    return parameters.optional_text(name)


def choice(*words: str) -> Reader:
    """A reader of one of these words."""
    return lambda _request, parameters, name: parameters.choice(name, words, words[0])


class FieldCollection(Collection):
    """Things whose fields are checked, and changed as `updateMask` says."""

    def __init__(self, lock: Lock, path: str, kind: str, fields: Mapping[str, Field]) -> None:
        super().__init__(lock, path, kind, self.made)
        self.fields = fields

    def made(self, request: Request, parameters: Parameters) -> Entry:
        """What a new one is."""
        return {
            name: field.read(request, parameters, name)
            for name, field in self.fields.items()
            if field.required or parameters.has(name)
        }

    def changes(self, request: Request, parameters: Parameters) -> Entry:
        """The fields to change: those in the mask, or all in the body."""
        mutable = [name for name, field in self.fields.items() if not field.fixed]
        mask = [path.partition(".")[0] for path in request.query.get("updateMask", "").split(",") if path]
        for name in mask:
            if name not in mutable:
                raise invalid("updateMask", f"`updateMask` names {name!r}: use {', '.join(mutable)}.")
        present = [name for name in mask or mutable if parameters.has(name)]
        return {name: self.fields[name].read(request, parameters, name) for name in present}

    def update(self, request: Request) -> Reply:
        """Change one."""
        entry = self.find(request)
        changes = self.changes(request, Parameters.parse(request.body))
        with self.lock:
            entry.update(changes)
        return json_reply(entry)


def page(request: Request, entries: Entries) -> Reply:
    """The entries after the cursor, which is the id of the last one seen."""
    shown, next_cursor = cut(request, entries)
    return json_reply({"object": "list", "data": shown, "next_cursor": next_cursor})


def cut(
    request: Request, entries: Entries, *, key: str = "id", largest: int = _LARGEST_PAGE
) -> tuple[Entries, str | None]:
    """The entries on the page a request asks for, and the cursor of the next one: the last one's value under `key`."""
    limit = page_size(request, largest)
    after = request.query.get("after")
    start = 0
    if after:
        found = next((index for index, entry in enumerate(entries) if entry[key] == after), None)
        if found is None:
            raise invalid("after", f"`after` is {after!r}: use the `next_cursor` of the page before.")
        start = found + 1
    shown = entries[start : start + limit]
    more = start + limit < len(entries)
    return shown, str(shown[-1][key]) if more else None


def page_size(request: Request, largest: int = _LARGEST_PAGE) -> int:
    """How many entries a page has."""
    given = request.query.get("limit")
    if not given:
        return _DEFAULT_PAGE
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= largest:
        raise invalid("limit", f"`limit` is {given!r}: it has to be an integer from 1 to {largest}.")
    return int(given)
