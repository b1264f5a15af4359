"""What must not cross a `fork`: locks another thread held at that moment, and connections of the parent."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class ForkAware(Protocol):
    """Anything with process-bound state."""

    def after_fork(self) -> None:
        """Forget that state, in the child, without touching what it refers to."""
        ...


#: What a forked child got from its parent. Kept, so that the garbage collector never touches the parent's connections.
inherited: list[object] = []

_registered: weakref.WeakSet[ForkAware] = weakref.WeakSet()


def register(thing: ForkAware) -> None:
    """Have `thing.after_fork()` called in every child process, for as long as `thing` lives."""
    _registered.add(thing)


class ForkSafeLock:
    """A re-entrant lock that is free in a forked child, whoever held it in the parent."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        register(self)

    def after_fork(self) -> None:
        """Start anew with a free lock."""
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()


def _reset_child() -> None:
    for thing in list(_registered):
        thing.after_fork()


if hasattr(os, "register_at_fork"):  # everywhere but on Windows, which does not fork
    os.register_at_fork(after_in_child=_reset_child)
