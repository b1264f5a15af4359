"""Things that have a name of the caller's besides their id, and move on when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from .exchange import ApiError, Json, Request, invalid, not_found
from .generation import EPOCH
from .parameters import wrong_type

if TYPE_CHECKING:
    from .exchange import JsonObject


@dataclass(slots=True)
class Thing:
    """What can be found by either."""

    id: str
    name: str


T = TypeVar("T", bound=Thing)


class Shelf(Generic[T]):
    """All of one kind.

    Args:
        kind: What one is called, in errors.
        listed_at: Where those that are there can be seen.
    """

    def __init__(self, kind: str, listed_at: str) -> None:
        self._kind = kind
        self._listed_at = listed_at
        self._things: dict[str, T] = {}

    def add(self, thing: T) -> T:
        """Keep one."""
        self._things[thing.id] = thing
        return thing

    def remove(self, thing: T) -> None:
        """Keep one no more."""
        del self._things[thing.id]

    def all(self) -> list[T]:
        """Those there are, oldest first."""
        return list(self._things.values())

    def known(self, identifier: object) -> T | None:
        """The one with this id or name, if it is there."""
        return next((thing for thing in self._things.values() if identifier in {thing.id, thing.name}), None)

    def find(self, request: Request) -> T:
        """The one that the path names.

        Raises:
            ApiError: 404, it is not there.
        """
        identifier = request.path_values["id"]
        thing = self.known(identifier)
        if thing is None:
            raise not_found(self._kind, identifier, f"GET {self._listed_at} lists those there are.")
        return thing

    def claim(self, name: str, *, param: str = "name", holder: T | None = None) -> str:
        """The name, if nobody but `holder` has it.

        Raises:
            ApiError: 400, another one has.
        """
        other = self.known(name)
        if other is not None and other is not holder:
            raise invalid(param, f"`{param}` is {name!r}, which another {self._kind} has: use another one.")
        return name


def moment(minutes: int) -> str:
    """A time in the emulator's world, which does not depend on the clock."""
    return f"{datetime.fromtimestamp(EPOCH, UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def conflict(message: str) -> ApiError:
    """Return a 409: what is asked for does not go together with how things are."""
    return ApiError(409, message, code="conflict")


def json_object(name: str, value: Json) -> JsonObject:
    """A value that has to be an object.

    Raises:
        ApiError: 400, it is something else.
    """
    if not isinstance(value, dict):
        raise wrong_type(name, "an object", value)
    return value


def whole_number(request: Request, name: str, default: int) -> int:
    """A number in the URL.

    Raises:
        ApiError: 400, it is something else.
    """
    given = request.query.get(name)
    if not given:
        return default
    if not given.isascii() or not given.isdigit():
        raise invalid(name, f"`{name}` is {given!r}: use a whole number.")
    return int(given[:9])
