"""Limits for the stores' own libraries: of the time they take, and of what they log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import ContextVar
from typing import TypeVar

from .. import secrets

T = TypeVar("T")

_is_reading: ContextVar[bool] = ContextVar("_is_reading", default=False)


def _may_be_logged(_: logging.LogRecord) -> bool:
    return not _is_reading.get()


def bounded(ask: Callable[[], T], hint: str = "", silent: tuple[str, ...] = ()) -> T:
    """What `ask` gives, if it does so within `PATIENCE` seconds.

    It runs in a thread of its own, which is left to itself when the time is over: nothing can interrupt the search for
    a host name, a program that signs in, or a window that asks for a password.

    Args:
        ask: What may take for ever.
        hint: What may be the reason if it does.
        silent: Loggers that would show the secret; what they log in other threads is none of our business.

    Raises:
        SecretError: The time is over.
    """
    outcome: Future[T] = Future()
    for name in silent:
        logging.getLogger(name).addFilter(_may_be_logged)

    def run() -> None:
        _is_reading.set(True)
        try:
            outcome.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised again where the outcome is asked for
            outcome.set_exception(error)

    # A daemon, as the threads of an executor are not: a process can end while one of these hangs.
    began = time.monotonic()
    threading.Thread(target=run, name="together-di secret store", daemon=True).start()
    wait([outcome], secrets.PATIENCE)
    # The library's own limit may be reached at the same moment; what it then says would be less clear.
    is_late = time.monotonic() - began >= secrets.PATIENCE
    if not outcome.done() or (is_late and outcome.exception() is not None):
        raise secrets.SecretError(f"no answer within {secrets.PATIENCE:g} s{hint}")
    return outcome.result()
