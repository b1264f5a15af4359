"""As many at once as there may be connections, in one event loop; the others wait in line."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

import httpcore

from .sync_network import NO_MORE


class Slots:
    """Like `asyncio.Semaphore`, with a time limit, and an end."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, seconds: float | None) -> None:
        """Wait for a free one, but no longer than this.

        Raises:
            httpcore.PoolTimeout: None became free in time.
            httpcore.ConnectError: It was closed meanwhile.
        """
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back()  # its turn came at the very moment it went away
            with suppress(ValueError):
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise httpcore.PoolTimeout from None
            raise

    def give_back(self) -> None:
        """Let the next one in."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def close(self) -> None:
        """Send away those that wait."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(httpcore.ConnectError(NO_MORE))
