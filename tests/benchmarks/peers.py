"""The contenders of calls and streams: each library behind the same few functions.

`transport` is the least one can do with httpx and still get a model: `httpx.HTTPTransport`, and pydantic-core on the
bytes. It validates the models of this package, so that all that differs is the way there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import together
from pydantic_core import to_json

from together_di import AsyncTogether, Together
from together_di.types.chat import ChatCompletion, ChatCompletionChunk
from together_di.types.embeddings import Embedding

from .measure import FLOOR, OURS

MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
CHAT: dict[str, Any] = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "What is a mixture of experts?"},
    ],
    "max_tokens": 200,
    "temperature": 0.7,
}
STREAMED = CHAT | {"stream": True}
EMBED: dict[str, Any] = {"model": "intfloat/multilingual-e5-large-instruct", "input": ["a text"] * 128}
KEY = "0" * 64
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
LIMITS = {"timeout": TIMEOUT.as_dict()}
#: httpx keeps only 20 connections unless told otherwise, and would open new ones all the time at a concurrency of 32.
POOL = httpx.Limits(max_connections=100, max_keepalive_connections=100)


@dataclass(frozen=True, slots=True)
class Peer:
    """A library with one open client.

    Attributes:
        name: Of the contender.
        call: One chat completion.
        stream: The chunks of a streamed one.
        embed: One response with many vectors.
    """

    name: str
    call: Callable[[], object]
    stream: Callable[[str], Iterable[object]]
    embed: Callable[[], object]


@dataclass(frozen=True, slots=True)
class AsyncPeer:
    """The same for an async client."""

    name: str
    call: Callable[[], Awaitable[object]]
    close: Callable[[], Awaitable[object]]
    stream: Callable[[str], AsyncIterator[object]] | None = None


def chat_url(address: str, scenario: str) -> str:
    """Where a chat completion is asked for without an SDK."""
    return f"{address}/{scenario}/v1/chat/completions"


def _data(lines: Iterable[str]) -> Iterator[object]:
    for line in lines:
        if line.startswith("data: {"):
            yield json.loads(line[6:])


def plain(address: str) -> Peer:
    """`httpx.Client`, and dictionaries."""
    client = httpx.Client(headers=HEADERS, timeout=TIMEOUT, limits=POOL)

    def stream(scenario: str) -> Iterator[object]:
        with client.stream("POST", chat_url(address, scenario), json=STREAMED) as response:
            yield from _data(response.iter_lines())

    return Peer(
        FLOOR,
        lambda: client.post(chat_url(address, "call"), json=CHAT).json(),
        stream,
        lambda: client.post(f"{address}/vectors/v1/embeddings", json=EMBED).json(),
    )


def bare(address: str) -> Peer:
    """`httpx.HTTPTransport`, and pydantic-core on the bytes."""
    transport = httpx.HTTPTransport(limits=POOL)

    def send(url: str, body: dict[str, Any]) -> httpx.Response:
        headers = HEADERS | {"Content-Type": "application/json"}
        return transport.handle_request(
            httpx.Request("POST", url, headers=headers, content=to_json(body), extensions=LIMITS)
        )

    def stream(scenario: str) -> Iterator[object]:
        rest = b""
        for data in send(chat_url(address, scenario), STREAMED).iter_bytes():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                if event.startswith(b"data: {"):
                    yield ChatCompletionChunk.__pydantic_validator__.validate_json(event[6:])

    return Peer(
        "transport",
        lambda: ChatCompletion.__pydantic_validator__.validate_json(send(chat_url(address, "call"), CHAT).read()),
        stream,
        lambda: Embedding.__pydantic_validator__.validate_json(send(f"{address}/vectors/v1/embeddings", EMBED).read()),
    )


def _sdk(name: str, client: Callable[[str], Any]) -> Peer:
    """This package and the official one are called in the same way."""
    call, vectors = client("call"), client("vectors")
    streaming = {scenario: client(scenario) for scenario in ("large", "chunked")}
    return Peer(
        name,
        lambda: call.chat.completions.create(**CHAT),
        lambda scenario: streaming[scenario].chat.completions.create(**STREAMED),
        lambda: vectors.embeddings.create(**EMBED),
    )


def ours(address: str) -> Peer:
    """This package."""
    return _sdk(OURS, lambda scenario: Together(api_key=KEY, base_url=f"{address}/{scenario}"))


def official(address: str) -> Peer:
    """The official SDK."""
    return _sdk("together", lambda scenario: together.Together(api_key=KEY, base_url=f"{address}/{scenario}/v1"))


SYNC = (plain, ours, bare, official)


def async_plain(address: str) -> AsyncPeer:
    """`httpx.AsyncClient`, and dictionaries."""
    client = httpx.AsyncClient(headers=HEADERS, timeout=TIMEOUT, limits=POOL)

    async def call() -> object:
        return (await client.post(chat_url(address, "call"), json=CHAT)).json()

    async def stream(scenario: str) -> AsyncIterator[object]:
        async with client.stream("POST", chat_url(address, scenario), json=STREAMED) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line[6:])

    return AsyncPeer(FLOOR, call, client.aclose, stream)


def async_bare(address: str) -> AsyncPeer:
    """`httpx.AsyncHTTPTransport`, and pydantic-core on the bytes."""
    transport = httpx.AsyncHTTPTransport(limits=POOL)
    headers = HEADERS | {"Content-Type": "application/json"}

    async def call() -> object:
        url = chat_url(address, "call")
        response = await transport.handle_async_request(
            httpx.Request("POST", url, headers=headers, content=to_json(CHAT), extensions=LIMITS)
        )
        return ChatCompletion.__pydantic_validator__.validate_json(await response.aread())

    return AsyncPeer("transport", call, transport.aclose)


def _async_sdk(name: str, client: Callable[[str], Any]) -> AsyncPeer:
    clients = {scenario: client(scenario) for scenario in ("call", "large", "chunked")}

    async def stream(scenario: str) -> AsyncIterator[object]:
        async for chunk in await clients[scenario].chat.completions.create(**STREAMED):
            yield chunk

    async def close() -> None:
        for client in clients.values():
            await client.close()

    return AsyncPeer(name, lambda: clients["call"].chat.completions.create(**CHAT), close, stream)


def async_ours(address: str) -> AsyncPeer:
    """This package."""
    return _async_sdk(OURS, lambda scenario: AsyncTogether(api_key=KEY, base_url=f"{address}/{scenario}"))


def async_official(address: str) -> AsyncPeer:
    """The official SDK."""
    return _async_sdk(
        "together", lambda scenario: together.AsyncTogether(api_key=KEY, base_url=f"{address}/{scenario}/v1")
    )


def async_aiohttp(address: str) -> AsyncPeer:
    """aiohttp, and dictionaries; only where it is installed."""
    import aiohttp

    sessions: list[aiohttp.ClientSession] = []

    async def call() -> object:
        if not sessions:
            # A session can only be made inside an event loop.
            sessions.append(aiohttp.ClientSession(headers=HEADERS))
        async with sessions[0].post(chat_url(address, "call"), json=CHAT) as response:
            return await response.json()

    async def close() -> None:
        for session in sessions:
            await session.close()

    return AsyncPeer("aiohttp", call, close)


def async_aiohttp_bare(address: str) -> AsyncPeer:
    """aiohttp, and pydantic-core on the bytes: the floor of the transport "aiohttp"."""
    import aiohttp

    headers = HEADERS | {"Content-Type": "application/json"}
    sessions: list[aiohttp.ClientSession] = []

    def send(scenario: str, body: dict[str, Any]) -> Any:
        if not sessions:
            sessions.append(aiohttp.ClientSession(headers=headers))
        return sessions[0].post(chat_url(address, scenario), data=to_json(body))

    async def call() -> object:
        async with send("call", CHAT) as response:
            return ChatCompletion.__pydantic_validator__.validate_json(await response.read())

    async def stream(scenario: str) -> AsyncIterator[object]:
        rest = b""
        async with send(scenario, STREAMED) as response:
            async for data in response.content.iter_any():
                *events, rest = (rest + data).split(b"\n\n")
                for event in events:
                    if event.startswith(b"data: {"):
                        yield ChatCompletionChunk.__pydantic_validator__.validate_json(event[6:])

    async def close() -> None:
        for session in sessions:
            await session.close()

    return AsyncPeer("transport", call, close, stream)


def async_ours_over_aiohttp(address: str) -> AsyncPeer:
    """This package, over aiohttp."""
    return _async_sdk(
        OURS, lambda scenario: AsyncTogether(api_key=KEY, base_url=f"{address}/{scenario}", transport="aiohttp")
    )


ASYNC = (async_plain, async_ours, async_bare, async_official)
ASYNC_OVER_AIOHTTP = (async_ours_over_aiohttp, async_aiohttp_bare, async_official)
