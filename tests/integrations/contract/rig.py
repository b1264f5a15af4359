"""What the contract suite needs of a framework: `django.py`, `fastapi.py` and `flask.py` here have it, as `RIG`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from together_di import AsyncTogether, Together

#: The arguments of every call that a route makes.
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


class Answer(NamedTuple):
    """What a route answered."""

    status: int
    text: str


class App(Protocol):
    """An app of the framework, set up as our README says, with three routes.

    - `/sync`: a view that blocks makes a chat completion of `CHAT` with the client of `get_together()`, and answers its
      text.
    - `/async`: the same in an `async def` view, with `get_async_together()`.
    - `/stream`: relays the stream of such a completion as server-sent events.

    As a context manager it starts up, as under a server, and shuts down.
    """

    @property
    def client(self) -> Together:
        """What `get_together()` gives in the views."""
        ...

    @property
    def async_client(self) -> AsyncTogether:
        """What `get_async_together()` gives in the views."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def get(self, path: str) -> Answer:
        """Ask for `path`. Several threads may; a view that raises gives 500."""
        ...

    def read_one_event(self, path: str) -> bytes:
        """Ask for `path`, read the first event of the answer, and go away as a browser does."""
        ...

    def override(self, fake: Together | AsyncTogether) -> AbstractContextManager[object]:
        """Have the views get `fake` instead of the client of its kind; also before the app has started."""
        ...

    def set_up_again(self) -> None:
        """Set our package up for this app once more, as by mistake; may raise one of `Rig.mistakes`."""
        ...

    def close(self) -> None:
        """What the framework's way of shutting down does to the clients; more than once."""
        ...


class Rig(Protocol):
    """A framework."""

    #: What our package raises when it is used wrongly.
    mistakes: tuple[type[Exception], ...]
    #: What the message says that was left out, when it is used before it is set up.
    set_up: str

    def make_apps(self, *options: Mapping[str, Any]) -> Sequence[App]:
        """An app with each of these options, all in this process, none started.

        A framework that has one app for a process gives a client of another name for each.
        """
        ...

    def use_before_set_up(self) -> None:
        """Ask for a client where our package was not set up; raises one of `mistakes`."""
        ...
