"""Waiting for a job: it is asked for again and again, less and less often, until it has ended."""

from __future__ import annotations

from collections.abc import Callable, Collection
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import JobTimeoutError
from .steps import Pause, ask

if TYPE_CHECKING:
    from .endpoint import Step
    from .resource import Resource

J = TypeVar("J")
#: The first pause, in seconds.
FIRST_PAUSE = 5.0
#: No pause is longer, unless the first is.
LONGEST_PAUSE = 60.0
_GROWTH = 1.5
#: How fast time goes by for fakes: nobody wants to wait in a test, and a time limit shall still be one.
FAKE_PACE = 1000.0
#: The same for every other client; tests that answer all clients of a process change it.
pace = 1.0
#: A pause is made of pieces, in seconds, so that closing the client ends it.
_PIECE = 0.5


def wait_steps(
    resource: Resource[Any],
    id: str,
    ended: Collection[str],
    *,
    timeout: float | None,
    poll_interval: float,
    on_progress: Callable[[J], object] | None,
) -> Step[J]:
    """The steps of waiting for a job of a namespace that has `retrieve`.

    Args:
        resource: The namespace.
        id: The job.
        ended: The statuses after which nothing changes any more.
        timeout: Seconds after which `JobTimeoutError` is raised; `None` for no limit.
        poll_interval: Seconds before it is asked for the second time; later pauses grow.
        on_progress: Called with the job when it is first seen, and whenever something of it has changed.
    """
    who = f"{resource.name}.wait"
    if poll_interval <= 0:
        raise ValueError(f"{who}(): poll_interval={poll_interval!r} must be more than 0 seconds.")
    fast = pace if resource._engine.script is None else FAKE_PACE
    started, pause, last = monotonic(), poll_interval, None
    while True:
        job = yield from ask(resource, type(resource).retrieve, id)  # type: ignore[attr-defined]  # each has it
        if on_progress is not None and job != last:
            on_progress(job)
        if job.status in ended:
            return job  # type: ignore[no-any-return]
        last, spent = job, (monotonic() - started) * fast
        if timeout is not None and spent >= timeout:
            raise JobTimeoutError(who, id, job, timeout)
        yield from _pauses(resource, (pause if timeout is None else min(pause, timeout - spent)) / fast)
        pause = min(pause * _GROWTH, max(LONGEST_PAUSE, poll_interval))


def _pauses(resource: Resource[Any], seconds: float) -> Step[None]:
    while seconds > 0:
        yield Pause(min(seconds, _PIECE))
        resource._engine.check_open()
        seconds -= _PIECE
