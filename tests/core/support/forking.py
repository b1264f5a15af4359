"""Work in a forked child."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable

from .http_server import PATIENCE


def in_child(work: Callable[[], object]) -> None:
    """Run `work` in a forked child and wait for it; a child that hangs is killed.

    Raises:
        AssertionError: It failed, or hung.
    """
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads: the very thing that is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:
            print(f"In the child: {error!r}", file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    watchdog = threading.Timer(PATIENCE, os.kill, (child, signal.SIGKILL))
    watchdog.start()
    _, status = os.waitpid(child, 0)
    watchdog.cancel()
    watchdog.join()
    assert os.waitstatus_to_exitcode(status) == 0
