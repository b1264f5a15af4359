"""Things that get on while they are waited for: one state further each time they are read, whatever the clock says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .collection import Collection, Entry
from .exchange import Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Lock

    from .collection import Maker


class Moving(Collection):
    """A collection whose things move when they are retrieved.

    Args:
        lock: Held while something changes.
        path: As for a collection.
        kind: As for a collection.
        make: As for a collection.
        move: Gives what has changed in a thing at its next read; nothing once it has come to rest. It is called with
            the lock held.
    """

    def __init__(
        self, lock: Lock, path: str, kind: str, make: Maker | None, move: Callable[[Entry, Request], Entry]
    ) -> None:
        super().__init__(lock, path, kind, make)
        self._move = move

    def retrieve(self, request: Request) -> Reply:
        """One, after it has moved."""
        entry = self.find(request)
        with self.lock:
            entry.update(self._move(entry, request))
            return json_reply(entry)
