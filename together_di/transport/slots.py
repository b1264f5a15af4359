"""As many at once as there may be connections; the others wait in line."""

from __future__ import annotations

import threading
from collections import deque

import httpcore

from .sync_network import NO_MORE


class ThreadSlots:
    """Like `threading.Semaphore`, with an end."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._is_closed = False
        # It may be given back by the garbage collector, in a thread that is in here: so the lock is re-entrant.
        self._changed = threading.Condition()

    def take(self, seconds: float | None) -> None:
        """Wait for a free one, but no longer than this.

        Raises:
            httpcore.PoolTimeout: None became free in time.
            httpcore.ConnectError: It has been closed.
        """
        with self._changed:
            in_time = self._free > 0 or self._changed.wait_for(lambda: self._free > 0 or self._is_closed, seconds)
            if self._is_closed:
                raise httpcore.ConnectError(NO_MORE)
            if not in_time:
                raise httpcore.PoolTimeout
            self._free -= 1

    def give_back(self) -> None:
        """Let the next one in."""
        with self._changed:
            self._free += 1
            self._changed.notify()

    def close(self) -> None:
        """Send away those that wait, and those that come."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class _Turn:
    """A task in line."""

    def __init__(self) -> None:
        import anyio

        self.called = anyio.Event()


class Slots:
    """The same for the tasks of one event loop, asyncio's or trio's."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._is_closed = False
        self._waiting: deque[_Turn] = deque()

    async def take(self, seconds: float | None) -> None:
        """Wait for a free one, but no longer than this.

        Raises:
            httpcore.PoolTimeout: None became free in time.
            httpcore.ConnectError: It was closed meanwhile.
        """
        if self._free:
            self._free -= 1
            return
        import anyio

        turn = _Turn()
        self._waiting.append(turn)
        try:
            with anyio.fail_after(seconds):
                await turn.called.wait()
        except BaseException as error:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not self._is_closed:
                self.give_back()  # its turn came at the very moment it went away
            if isinstance(error, TimeoutError):
                raise httpcore.PoolTimeout from None
            raise
        if self._is_closed:
            raise httpcore.ConnectError(NO_MORE)

    def give_back(self) -> None:
        """Let the next one in."""
        if self._waiting:
            self._waiting.popleft().called.set()
        else:
            self._free += 1

    def close(self) -> None:
        """Send away those that wait."""
        self._is_closed = True
        while self._waiting:
            self._waiting.popleft().called.set()
