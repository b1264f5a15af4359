"""Clients to whom anything may be answered.

The transport is a stand-in: a socket would let through some hundred answers in a second, and fuzzing needs thousands.
What real sockets do to an answer is tried in `tests/faults`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from together_di import APIError, AsyncTogether, Together
from together_di.config import TogetherClient
from together_di.wire import Body, Request, Response

from ..core.support.sides import KEY


@dataclass
class Answer:
    """What a server sends, as the network cuts it.

    Attributes:
        pieces: The body.
        status: The HTTP status.
        headers: The header fields.
        is_let_go: Whether the connection has been given back.
    """

    pieces: list[bytes]
    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    is_let_go: bool = False

    def let_go(self) -> None:
        """Note that the connection has been given back."""
        self.is_let_go = True

    async def alet_go(self) -> None:
        """The same, awaited."""
        self.is_let_go = True


class _Awaited(AsyncIterator[bytes]):
    """Pieces, awaited."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


def _hurry() -> None:
    """The rest comes at once."""


class Network:
    """Answers everything with `answer`."""

    def __init__(self) -> None:
        self.answer = Answer([])

    def send(self, request: Request) -> Response:
        """The answer."""
        answer = self.answer
        body = Body(chunks=iter(answer.pieces), close=answer.let_go, drop=answer.let_go, hurry=_hurry)
        return Response(answer.status, answer.headers, request, body=body)

    def close(self) -> None:
        """Nothing: there is no connection."""


class AsyncNetwork(Network):
    """The same for `AsyncTogether`."""

    async def send(self, request: Request) -> Response:  # type: ignore[override]
        """The answer."""
        answer = self.answer
        body = Body(achunks=_Awaited(answer.pieces), aclose=answer.alet_go, drop=answer.let_go, hurry=_hurry)
        return Response(answer.status, answer.headers, request, body=body)

    async def aclose(self) -> None:
        """Nothing: there is no connection."""


def _config() -> TogetherClient:
    return TogetherClient.resolve(api_key=SecretStr(KEY), max_retries=0)


def open_client(network: Network) -> Together:
    """A client that is answered by `network`, and asks once."""
    return Together.from_config(_config(), network)


def open_async_client(network: AsyncNetwork) -> AsyncTogether:
    """The same, awaited."""
    return AsyncTogether.from_config(_config(), network)


def outcome(ask: Callable[[], Any]) -> Any:
    """What a method gives: its result, or a typed error, which must not show the key; any other error is a failure."""
    try:
        return ask()
    except APIError as error:
        check_no_key(error)
        return error


def check_no_key(error: APIError) -> None:
    """An error shows no key, whatever the server sends back."""
    shown: list[Any] = [str(error), error.body]
    while shown:
        item = shown.pop()
        if isinstance(item, str):
            assert KEY not in item
        elif isinstance(item, dict | list):
            shown += [*item, *item.values()] if isinstance(item, dict) else item


def without_key(value: Any) -> Any:
    """What an error shows of a value of JSON."""
    if isinstance(value, dict):
        return {without_key(name): without_key(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_key(item) for item in value]
    return value.replace(KEY, "***") if isinstance(value, str) else value
