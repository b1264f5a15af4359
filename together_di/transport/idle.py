"""Which connections of a pool are idle.

httpcore's own pools go through every connection for each request, and again for each that waits, which with some
hundred concurrent calls takes longer than the calls. Here a request gets the connection that was given back last, the
one most likely to be still open, and looks at no other. httpcore makes the connections, and speaks HTTP on them.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Generic, Protocol, TypeVar

from ..address import Origin
from ..network import Network


class Connection(Protocol):
    """What is asked of a connection of httpcore."""

    def is_idle(self) -> bool:
        """Whether it waits for a request."""
        ...

    def is_closed(self) -> bool:
        """Whether it was closed, or could not be opened."""
        ...

    def has_expired(self) -> bool:
        """Whether it was idle for too long, or the other side has closed it."""
        ...


C = TypeVar("C", bound=Connection)


class Idle(Generic[C]):
    """The idle connections, by origin; each step is one atomic operation, so that threads need no lock.

    Attributes:
        open: Every connection, idle or lent.
    """

    def __init__(self, settings: Network) -> None:
        self.open: set[C] = set()
        self._settings = settings
        self._by_origin: dict[Origin, deque[C]] = {}
        self._next_look = time.monotonic() + settings.keepalive_expiry

    def take(self, origin: Origin, ended: list[C]) -> C | None:
        """The connection given back last; those of no use any more are added to `ended`, for the caller to close."""
        if time.monotonic() > self._next_look:
            self._look_at_all(ended)
        idle = self._by_origin.get(origin)
        while (connection := _pop(idle)) is not None:
            if not connection.has_expired():
                return connection
            ended.append(connection)
        if len(self.open) >= self._settings.max_connections:
            self._make_room(ended)
        return None

    def keep(self, origin: Origin, connection: C) -> bool:
        """Keep a connection for the next request; `False` if it is of no use, and to be closed."""
        if connection.is_closed() or not connection.is_idle():
            return False
        idle = self._by_origin.get(origin)
        if idle is None:
            idle = self._by_origin.setdefault(origin, deque())
        if sum(map(len, self._by_origin.values())) >= self._settings.most_idle:
            return False
        idle.append(connection)
        return True

    def _look_at_all(self, ended: list[C]) -> None:
        # So that none which the other side has closed stays for as long as there are newer ones.
        self._next_look = time.monotonic() + self._settings.keepalive_expiry
        for idle in list(self._by_origin.values()):
            kept: list[C] = []
            while (connection := _pop(idle)) is not None:
                (ended if connection.has_expired() else kept).append(connection)
            idle.extendleft(kept)

    def _make_room(self, ended: list[C]) -> None:
        """One to another host is closed for a new one."""
        for idle in list(self._by_origin.values()):
            if (connection := _pop(idle)) is not None:
                ended.append(connection)
                return


def _pop(idle: deque[C] | None) -> C | None:
    try:
        return idle.pop() if idle else None
    except IndexError:  # another thread was faster
        return None
