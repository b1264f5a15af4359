"""A fake for every client of the process, whoever built it and when."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn
from unittest.mock import patch

from .. import config, engine, waiting
from ..attempts import Attempts
from ..credentials import Credential
from ..errors import APIError, MissingAPIKeyError
from ..lending import SharedTransport
from ..sources import Found
from ..transport.embedded import AsyncEmbeddedTransport, EmbeddedTransport
from ..wire import Request
from .fake import FakeTogether
from .transport import AsyncScriptedTransport, ScriptedTransport

#: Transports that reach no network.
_INSIDE = (ScriptedTransport, AsyncScriptedTransport, EmbeddedTransport, AsyncEmbeddedTransport)
_LOOPBACK = ("127.", "::1", "localhost")

Send = Callable[[Request], Any]


class NetworkBlockedError(AssertionError):
    """A client tried to reach the network in a test session where none may.

    It is no `TogetherError`, so that code which handles failures of the API does not handle this one.
    """


@contextmanager
def intercepted(fake: FakeTogether | None = None) -> Generator[FakeTogether]:
    """Have every client of the process answered by `fake`, also those that were built before; other fakes stay.

        >>> from together_di import Together
        >>> from together_di.testing import intercepted
        >>> with intercepted() as fake:
        ...     _ = fake.embeddings.create.returns([[1.0, 2.0]])
        ...     Together().embeddings.create(model="m", input="a").data[0].embedding
        [1.0, 2.0]

    Meanwhile no key is needed, none is asked for and no secret store is read. Retries do not wait, and time goes by a
    thousand times faster for `batches.wait` and the like.

    Args:
        fake: What answers; left out, a new one.
    """
    fake = fake or FakeTogether()
    sync, twin = ScriptedTransport(fake.script), AsyncScriptedTransport(fake.script)

    def send_through(transport: Any) -> Send | None:
        if isinstance(transport, (ScriptedTransport, AsyncScriptedTransport)):
            return None
        return twin.send if hasattr(transport, "aclose") else sync.send

    with ExitStack() as stack:
        stack.enter_context(diverted(send_through))
        stack.enter_context(patch.object(engine, "Attempts", _KeylessAttempts))
        stack.enter_context(patch.object(config, "credential_for", _credential_for))
        stack.enter_context(patch.object(waiting, "pace", waiting.FAKE_PACE))
        yield fake


@contextmanager
def network_blocked() -> Generator[None]:
    """Have every client refuse to send to another machine; fakes and the emulator answer."""

    def send_through(transport: Any) -> Send | None:
        return None if isinstance(transport, _INSIDE) else functools.partial(_send_nearby, transport)

    with diverted(send_through):
        yield


def _send_nearby(transport: Any, request: Request) -> Any:
    if request.origin.host.startswith(_LOOPBACK):
        return transport.send(request)
    raise NetworkBlockedError(
        f"{request.method} {request.url}: the network is blocked in this session (--together-block-network). Use the "
        "fixture fake_together or together_emulator, or a FakeTogether."
    )


class _Diverted:
    """Sends elsewhere, and closes what is really there."""

    def __init__(self, transport: Any, send: Send) -> None:
        self._transport = transport
        self.send = send

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@contextmanager
def diverted(send_through: Callable[[Any], Send | None]) -> Generator[None]:
    """Have every client send through what `send_through` gives for its transport; if that is `None`, as ever.

    A property of the class wins over what each instance holds. So clients that are there already are diverted, too,
    and the engine need not know of this.
    """

    def get(shared: SharedTransport[Any]) -> Any:
        transport = vars(shared)["transport"]
        send = send_through(transport)
        return transport if send is None else _Diverted(transport, send)

    def keep(shared: SharedTransport[Any], transport: Any) -> None:
        vars(shared)["transport"] = transport

    with patch.object(SharedTransport, "transport", property(get, keep), create=True):
        yield


class _KeylessAttempts(Attempts):
    """No request carries a key, so that none is asked for; and nobody waits before the next attempt."""

    @property
    def may_carry_key(self) -> bool:
        return False

    def delay(self, problem: APIError) -> float:
        return super().delay(problem) * 0


_find_credential = config.credential_for


def _credential_for(found: Found, values: Mapping[str, Any]) -> Credential:
    """What was found; if nothing was, the complaint is left for a call that needs a key, after the interception."""
    try:
        return _find_credential(found, values)
    except MissingAPIKeyError as error:
        return Credential(functools.partial(_complain, str(error), error.places), "nowhere; a test answers")


def _complain(message: str, places: tuple[str, ...]) -> NoReturn:
    raise MissingAPIKeyError(message, places=places)
