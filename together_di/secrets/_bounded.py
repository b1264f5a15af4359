"""A limit for libraries that have none, or only one for each step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from .. import secrets

T = TypeVar("T")


def bounded(ask: Callable[[], T], hint: str = "") -> T:
    """What `ask` gives, if it does so within `PATIENCE` seconds.

    It runs in a thread of its own, which is left to itself when the time is over: nothing can interrupt the search for
    a host name, a program that signs in, or a window that asks for a password.

    Args:
        ask: What may take for ever.
        hint: What may be the reason if it does.

    Raises:
        SecretError: The time is over.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised again where the outcome is asked for
            outcome.set_exception(error)

    # A daemon, as the threads of an executor are not: a process can end while one of these hangs.
    threading.Thread(target=run, name="together-di secret store", daemon=True).start()
    wait([outcome], secrets.PATIENCE)
    if not outcome.done():
        raise secrets.SecretError(f"no answer within {secrets.PATIENCE:g} s{hint}")
    return outcome.result()
