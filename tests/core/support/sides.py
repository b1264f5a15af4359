"""The sync and the async client behind one face, so that a test of both is written once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

import pytest

from together_di import AsyncTogether, Together

KEY = "key-for-tests-0123456789"
#: Arguments of a chat completion.
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

Ask = Callable[[Any], Any]

#: For tests of either class that make no call.
Clients = pytest.mark.parametrize("kind", [Together, AsyncTogether])


def completion(text: str = "Hello") -> dict[str, Any]:
    """The body of a chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"id": "c-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def chat(client: Any) -> Any:
    """Make a chat completion."""
    return client.chat.completions.create(**CHAT)


def stream_chat(client: Any) -> Any:
    """Make a streamed chat completion."""
    return client.chat.completions.create(stream=True, **CHAT)


def list_files(client: Any) -> Any:
    """Make a `GET`."""
    return client.files.list()


class Side(Protocol):
    """A client, and how its methods are called."""

    name: str
    client: Any

    def call(self, ask: Ask) -> Any:
        """What the method called by `ask` gives, awaited if need be."""
        ...

    def collect(self, ask: Ask, into: list[Any]) -> None:
        """Append each item of a stream or of a list to `into`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SyncSide:
    """`Together`."""

    name = "sync"

    def __init__(self, base_url: str, **options: Any) -> None:
        options = {"api_key": KEY, "base_url": base_url, **options}
        self.client: Any = Together(**options)

    def call(self, ask: Ask) -> Any:
        return ask(self.client)

    def collect(self, ask: Ask, into: list[Any]) -> None:
        for item in self.call(ask):
            into.append(item)  # noqa: PERF402 - what came before an error counts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()


class AsyncSide:
    """`AsyncTogether`, always in the same event loop."""

    name = "async"

    def __init__(self, base_url: str, **options: Any) -> None:
        self._runner = asyncio.Runner()
        options = {"api_key": KEY, "base_url": base_url, **options}
        self.client: Any = AsyncTogether(**options)

    def call(self, ask: Ask) -> Any:
        async def main() -> Any:
            result = ask(self.client)
            return await result if inspect.isawaitable(result) else result

        return self._runner.run(main())

    def collect(self, ask: Ask, into: list[Any]) -> None:
        async def main() -> None:
            items = ask(self.client)
            async for item in await items if inspect.isawaitable(items) else items:
                into.append(item)  # noqa: PERF401 - what came before an error counts

        self._runner.run(main())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self.client.aclose())
        self._runner.close()


class AiohttpSide(AsyncSide):
    """`AsyncTogether` over aiohttp."""

    name = "aiohttp"

    def __init__(self, base_url: str, **options: Any) -> None:
        super().__init__(base_url, **{"transport": "aiohttp", **options})


OpenSide = Callable[..., Side]

#: Each client, over each transport it has.
SIDES: dict[str, OpenSide] = {"sync": SyncSide, "async": AsyncSide, "aiohttp": AiohttpSide}

#: Runs a test once with each of them.
both_sides = pytest.mark.parametrize("open_side", SIDES.values(), ids=SIDES.keys())

#: Runs a test of `AsyncTogether` once over each transport.
each_transport = pytest.mark.usefixtures("each_transport")
