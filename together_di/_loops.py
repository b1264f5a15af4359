"""The event loop and the task that run here, asyncio's or trio's; asyncio is imported when needed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from ._text import callers_level
from .errors import BlockingCallError, BlockingCallWarning

if TYPE_CHECKING:
    import asyncio

    import trio

Loop: TypeAlias = "asyncio.AbstractEventLoop | trio.lowlevel.TrioToken"


def running_loop() -> Loop:
    """What stands for the event loop that runs here."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        import trio

        return trio.lowlevel.current_trio_token()


def current_task() -> object:
    """The task that runs here."""
    import asyncio

    try:
        return asyncio.current_task()
    except RuntimeError:
        import trio

        return trio.lowlevel.current_task()


def soon(loop: Loop, function: Callable[[], object]) -> None:
    """Have `function` called in `loop`, from any thread.

    Raises:
        RuntimeError: The loop has ended.
    """
    call: Callable[[Callable[[], object]], object]
    call = getattr(loop, "call_soon_threadsafe", None) or cast("Any", loop).run_sync_soon
    call(function)


def is_running(loop: Loop) -> bool:
    """Whether anything can still happen in `loop`."""
    asked: Callable[[], bool] | None = getattr(loop, "is_running", None)
    if asked is not None:
        return asked()
    try:
        soon(loop, lambda: None)
    except RuntimeError:
        return False
    return True


def check_not_in_loop(policy: str) -> None:
    """Complain of a blocking call if an event loop runs on this thread.

    Raises:
        BlockingCallError: One does, and `policy` is `"raise"`.
    """
    from asyncio import get_running_loop

    try:
        get_running_loop()
    except RuntimeError:
        return
    text = (
        "A blocking call of Together in an event loop stops everything else in that loop until it is answered. Use "
        "AsyncTogether (in a web framework, get_async_together), or asyncio.to_thread."
    )
    if policy == "raise":
        raise BlockingCallError(text)
    warnings.warn(text, BlockingCallWarning, stacklevel=callers_level())
