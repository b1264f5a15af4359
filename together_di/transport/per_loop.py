"""What belongs to one event loop, and ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

from .._fork import inherited, register
from .._loops import Loop, running_loop, soon
from ..errors import APIConnectionError
from .sync_network import NO_MORE


def await_soon(loop: Loop, function: Callable[[], Coroutine[Any, Any, None]], tasks: set[asyncio.Task[None]]) -> None:
    """Have `function` awaited in `loop`, from any thread; not if that has ended.

    Args:
        loop: The event loop.
        function: What is awaited.
        tasks: Holds the task of asyncio while it runs: a loop itself refers to its tasks only weakly.
    """

    def start() -> None:
        if isinstance(loop, asyncio.AbstractEventLoop):
            tasks.add(task := loop.create_task(function()))
            task.add_done_callback(tasks.discard)
        else:
            import trio

            trio.lowlevel.spawn_system_task(function)

    with suppress(RuntimeError):  # the loop has ended, and its connections with it
        soon(loop, start)


class InLoop:
    """The connections of one event loop, closed when that loop shuts down."""

    def __init__(self) -> None:
        self.loop = running_loop()
        self._gone: Callable[[], object] = bool
        self._is_ending = False
        # A loop closes the async generators that were started in it before it ends (`loop.shutdown_asyncgens`, which
        # `asyncio.run` and every server call). This one, started and left waiting, closes the connections at that
        # moment: the last at which it can be done in an orderly way.
        self._watch = self._until_the_loop_ends()

    async def start(self, gone: Callable[[], object]) -> None:
        """Begin to watch for the end of the loop; `gone` is called when it comes."""
        self._gone = gone
        await anext(self._watch)

    async def _until_the_loop_ends(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self._end_once()

    async def _end_once(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            self._gone()
            await self.end()

    async def aclose(self) -> None:
        """Close the connections, from inside the loop, unless that is being done already."""
        if self._is_ending:
            return
        # Not within the generator: a loop that shuts down meanwhile closes it, and complains of one that runs.
        await self._end_once()
        await self._watch.aclose()  # type: ignore[attr-defined]  # an async generator, typed as what it yields

    def close_from_outside(self) -> None:
        """Close the connections, from a place that is not in the loop."""
        loop = self.loop
        if not isinstance(loop, asyncio.AbstractEventLoop):
            return  # trio closes its generators, and with them these connections, before a run ends
        if loop.is_running():
            loop.call_soon_threadsafe(lambda: loop.create_task(self.aclose()))
            return
        self._gone()
        self.abandon()

    @property
    def is_dead(self) -> bool:
        """Whether the loop has ended without closing its generators."""
        return isinstance(self.loop, asyncio.AbstractEventLoop) and self.loop.is_closed()

    async def end(self) -> None:
        """Close the connections in an orderly way; those that wait for one get an error."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Close the connections of a loop that no longer runs, silently."""
        raise NotImplementedError

    def forget(self) -> None:
        """Leave the connections to the parent, in a forked child."""
        raise NotImplementedError


I = TypeVar("I", bound=InLoop)  # noqa: E741 - in the loop


class PerLoop(Generic[I]):
    """Connections for each event loop that asks for them; a forked child starts with none."""

    def __init__(self, open_in_loop: Callable[[], I]) -> None:
        self._open = open_in_loop
        self._is_closed = False
        self.by_loop: dict[Loop, I] = {}
        register(self)

    def after_fork(self) -> None:
        """Leave the parent's connections to the parent."""
        for there in self.by_loop.values():
            there.forget()
            inherited.append(there)
        self.by_loop = {}

    async def enter(self) -> I:
        """The connections for the loop that runs here, which has none yet.

        Raises:
            APIConnectionError: The transport has been closed.
        """
        for there in list(self.by_loop.values()):
            if there.is_dead:
                there.close_from_outside()
        if self._is_closed:
            raise APIConnectionError(f"There is no connection any more: {NO_MORE}.")
        here = self._open()
        loop, by_loop = here.loop, self.by_loop
        by_loop[loop] = here
        await here.start(lambda: by_loop.pop(loop, None))
        return here

    async def aclose(self) -> None:
        """Close the connections of this loop, have every other loop close its own, and open no more."""
        self._is_closed = True
        here = self.by_loop.get(running_loop())
        if here is not None:
            await here.aclose()
        self.close()

    def close(self) -> None:
        """Close the connections of every loop, from outside of them, and open no more."""
        self._is_closed = True
        for there in list(self.by_loop.values()):
            there.close_from_outside()
