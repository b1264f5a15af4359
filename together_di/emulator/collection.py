"""Things the API keeps in a list: made, listed in pages, read, changed and deleted, all in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from .exchange import Reply, Request, invalid, json_reply, not_found
from .parameters import Parameters
from .routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Lock

Entry: TypeAlias = dict[str, object]
Entries: TypeAlias = list[Entry]
#: What a new thing is, from the request that makes it; its id is added.
Maker: TypeAlias = "Callable[[Request, Parameters], Entry]"

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


def page(request: Request, entries: Entries) -> Reply:
    """The entries after the cursor, which is the id of the last one seen."""
    limit = _limit(request.query.get("limit"))
    after = request.query.get("after")
    start = 0
    if after:
        found = next((index for index, entry in enumerate(entries) if entry["id"] == after), None)
        if found is None:
            raise invalid("after", f"`after` is {after!r}: use the `next_cursor` of the page before.")
        start = found + 1
    shown = entries[start : start + limit]
    more = start + limit < len(entries)
    return json_reply({"object": "list", "data": shown, "next_cursor": shown[-1]["id"] if more else None})


def _limit(given: str | None) -> int:
    if not given:
        return _DEFAULT_PAGE
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= _LARGEST_PAGE:
        raise invalid("limit", f"`limit` is {given!r}: it has to be an integer from 1 to {_LARGEST_PAGE}.")
    return int(given)
