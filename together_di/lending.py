"""What a client lends to its calls: the transport, until it is closed.

Closing goes in three steps. No new call is let in; those that run, and the answers that are still being read, are
waited for, but no longer than the time they are given; what is left then ends with a `ClientClosedError`.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from ._fork import register
from ._loops import Loop, current_task, is_running, running_loop, soon
from .errors import ClientClosedError
from .headers import RawHeaders
from .retry import RetryBudget
from .transport import AsyncTransport, SyncTransport
from .wire import Body, Response

TransportT = TypeVar("TransportT", bound=SyncTransport | AsyncTransport)

CLOSED = "This client has been closed, and takes no more calls: build a new one."
CUT = (
    "The client was closed while this call ran, and the time it had left to finish (drain_timeout) is over. Whether "
    "the API has acted on the request is not known."
)
_FRAMING = {b"content-length", b"transfer-encoding"}
FOREIGN = "This answer belongs to the process that was forked: read it there."


class Lease:
    """One call that runs, or one answer that is still being read.

    Attributes:
        thread: The thread that made it, or reads the answer.
        task: Gives the task that reads the answer, if that is awaited.
        loop: The event loop of that task.
        problem: Why it must not go on, once that is so.
        body: What is still to be read. It is held here, so that it is not garbage together with its reader: a generator
            that is collected closes its connection, and whoever the collector interrupts may hold the lock for that.
        is_foreign: Whether it belongs to the process this one was forked from.
    """

    __slots__ = ("_leases", "_shared", "_wake", "body", "is_foreign", "loop", "problem", "task", "thread")

    def __init__(self, shared: SharedTransport[Any], leases: set[Lease]) -> None:
        # The transport is not collected before the last answer that comes through it has been read.
        self._shared: SharedTransport[Any] | None = shared
        self._leases = leases
        self._wake: Callable[[], object] | None = None
        self.thread = threading.get_ident()
        # Weakly: the task holds its result, which may be the very stream that is forgotten here.
        self.task: Callable[[], object] = _no_task
        self.loop: Loop | None = None
        self.problem: str | None = None
        self.body: Body | None = None
        self.is_foreign = False

    def hold(self, response: Response) -> None:
        """Go on until `response` has been read, or given up; if it has been read already, end."""
        if response.is_closed:
            self.end()
            return
        response.lease, self.body = self, response._body
        if response.request is not None:
            response.request.until = None  # the caller reads it when it likes

    def is_read_here(self) -> None:
        """The answer is read by this thread."""
        self.thread = threading.get_ident()

    def is_awaited_here(self) -> None:
        """The answer is read by this task."""
        self.thread, self.task, self.loop = threading.get_ident(), weakref.ref(current_task()), running_loop()

    @property
    def can_end(self) -> bool:
        """Whether it can end by itself: not if the task that would read on has ended, or its event loop has stopped."""
        if self.loop is None:
            return True
        task: Any = self.task()
        return task is not None and not (hasattr(task, "done") and task.done()) and is_running(self.loop)

    def check(self) -> None:
        """Refuse to go on once the time is over.

        Raises:
            ClientClosedError: It is.
        """
        if self.problem is not None:
            raise ClientClosedError(self.problem)

    def check_whole(self, raw_headers: RawHeaders) -> None:
        """Refuse a body that was cut off, and cannot be told from a whole one: it says nowhere how long it is.

        Raises:
            ClientClosedError: That is so.
        """
        if self.problem is not None and not _FRAMING & {name.lower() for name, _ in raw_headers}:
            self.check()

    def end(self) -> None:
        """Nothing more is needed; doing it twice does no harm."""
        shared, self._shared, self.body = self._shared, None, None
        self._leases.discard(self)
        if shared is not None and shared.is_closed:
            shared.notify()

    def cut(self, problem: str) -> None:
        """Have it end with a `ClientClosedError`, as soon as it looks; from any thread."""
        self.problem = problem
        if self._wake is not None:
            self._wake()

    def pause(self, seconds: float) -> None:
        """Block for as long, unless it is cut."""
        woken = threading.Event()
        self._wake = woken.set
        if self.problem is None:
            woken.wait(seconds)
        self._wake = None
        self.check()

    async def apause(self, seconds: float) -> None:
        """Wait for as long, unless it is cut; in trio as well."""
        import anyio

        with anyio.move_on_after(seconds) as scope:
            self._wake = _waker(scope)
            if self.problem is None:
                await anyio.sleep_forever()
        self._wake = None
        self.check()


def _no_task() -> None:
    """The task of a lease that has none."""


def _waker(scope: Any) -> Callable[[], object]:
    loop = running_loop()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended, and all that waited in it
            soon(loop, scope.cancel)

    return wake


class SharedTransport(Generic[TransportT]):
    """A transport used by a client and its copies; closed by its owner, or when nobody refers to it any more.

    Attributes:
        transport: The transport.
        is_closed: Whether it takes no more calls; those that run may go on for a while.
        budget: What is used up of the budget for retries.
    """

    def __init__(self, transport: TransportT) -> None:
        self.transport = transport
        self.is_closed = False
        self.budget = RetryBudget()
        self._leases: set[Lease] = set()
        self._until = float("inf")
        self._is_cut = False
        self._ended = threading.Condition()
        # Also runs when the interpreter exits.
        self._finalizer = weakref.finalize(self, _let_go, transport, self._leases)
        register(self)

    def after_fork(self) -> None:
        """The calls that run are the parent's."""
        for lease in self._leases:
            lease.problem, lease.is_foreign = FOREIGN, True
        self._leases.clear()
        self._ended = threading.Condition()

    def lend(self) -> Lease:
        """Let a call in.

        Raises:
            ClientClosedError: It has been closed.
        """
        lease = Lease(self, self._leases)
        # In this order: whoever closes it between the two sees this call, or is seen by it.
        self._leases.add(lease)
        if self.is_closed:
            lease.end()
            raise ClientClosedError(CLOSED)
        return lease

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self._leases

    def notify(self) -> None:
        """A call has ended, and somebody may wait for that."""
        with self._ended:
            self._ended.notify_all()

    def stop(self, seconds: float) -> None:
        """Let no more calls in; those that run have this many seconds left, or less if that was said before."""
        self.is_closed = True
        self._until = min(self._until, time.monotonic() + seconds)

    def close(self, thread: int | None = None) -> None:
        """Wait until all calls have ended or their time is over, and close the transport; twice does no harm.

        Args:
            thread: The thread that is kept waiting, if it is not this one: what it began cannot go on meanwhile.
        """
        waiting = thread or threading.get_ident()
        self._wait(lambda: not any(lease.thread != waiting and lease.can_end for lease in list(self._leases)))
        self._cut()
        self._finish()

    def _wait(self, is_free: Callable[[], bool]) -> None:
        with self._ended:
            self._ended.wait_for(lambda: self._is_cut or is_free(), max(0.0, self._until - time.monotonic()))

    def _cut(self) -> None:
        self._is_cut = True
        for lease in list(self._leases):
            lease.cut(CUT)
        self.notify()

    def _finish(self) -> None:
        if self._finalizer.detach() is not None:
            self.transport.close()

    async def aclose(self: SharedTransport[AsyncTransport]) -> None:
        """The same from inside an event loop, which goes on meanwhile."""
        waiting = current_task()

        def is_free() -> bool:
            return not any(lease.task() is not waiting and lease.can_end for lease in list(self._leases))

        try:
            if not is_free():
                await in_thread(self._wait, is_free)
            self._cut()
            if self._finalizer.alive:
                await self.transport.aclose()
        finally:  # cancelled as well
            self._cut()
            self._finish()


async def in_thread(function: Callable[..., object], *args: object) -> None:
    """Run `function` in a worker thread, which is left to itself when this is cancelled."""
    import anyio
    import anyio.to_thread

    # A limit of its own: the usual worker threads may all be busy with what is waited for.
    await anyio.to_thread.run_sync(function, *args, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))


def _let_go(transport: SyncTransport | AsyncTransport, leases: set[Lease]) -> None:
    """Nobody refers to it any more, or the interpreter exits.

    In the latter case calls may still run in daemon threads. These end with the process, without a word; to close
    their connections would make each of them complain.
    """
    here = threading.get_ident()
    if all(lease.thread == here for lease in list(leases)):  # a copy, made in one step: those threads change it
        transport.close()
