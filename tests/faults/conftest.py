"""Every fault meets each client over each of its transports, and nothing is left behind or said."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from ..core import conftest as core
from ..core.support import leaks
from ..core.support.sides import KEY, SIDES, OpenSide, Side

waits = core.waits

FOLDER = Path("/proc/self/fd")


@pytest.fixture(params=list(SIDES.values()), ids=list(SIDES))
def open_side(request: pytest.FixtureRequest) -> OpenSide:
    """Opens a client; whatever it raises is searched for its key."""

    def opened(base_url: str, **options: Any) -> Side:
        return searched(request.param(base_url, **{"api_key": leaks.KEY, **options}))

    return opened


def searched(side: Side) -> Side:
    """`side`, whose errors are searched for the key on their way."""
    call, collect = side.call, side.collect
    hidden: Any = side
    hidden.call = lambda ask: _searching(lambda: call(ask))
    hidden.collect = lambda ask, into: _searching(lambda: collect(ask, into))
    return side


def _searching(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        leaks.assert_hidden(error)
        raise


@pytest.fixture(autouse=True)
def nothing_is_left(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No socket, no thread and no word about the key remains of a test."""
    threads, sockets = set(threading.enumerate()), open_sockets()
    with caplog.at_level(logging.DEBUG):
        yield
    gc.collect()
    left = [thread.name for thread in set(threading.enumerate()) - threads if thread.is_alive()]
    assert left == []
    assert open_sockets() - sockets == set()
    logged = [f"{one.getMessage()} {leaks.safe_repr(vars(one))}" for one in caplog.get_records("call")]
    written = "\n".join([*logged, *capfd.readouterr()])
    assert leaks.found_in(written) == []
    assert KEY not in written


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Issues certificates."""
    return trustme.CA()


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA) -> Iterator[str]:
    """A file with what it takes to trust them."""
    with authority.cert_pem.tempfile() as path:
        yield path


def open_sockets() -> set[str]:
    """The sockets of this process, as far as the system shows them."""
    if not FOLDER.is_dir():
        return set()
    names: set[str] = set()
    for link in FOLDER.iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:"):
            names.add(target)
    return names
