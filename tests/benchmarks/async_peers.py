"""The contenders of awaited calls and streams; see `peers`.

`aiohttp` is the floor: `aiohttp.ClientSession`, and pydantic-core on the bytes.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp
import httpx
import httpx2
import openai
import together
from pydantic_core import to_json

from together_di import AsyncTogether

from .measure import FLOOR, OURS
from .peers import (
    HEADERS,
    JSON_HEADERS,
    KEY,
    LIMITS,
    OFFICIAL,
    STREAMED,
    TIMEOUT,
    TRANSPORT,
    chat_url,
    chunk_of,
    model_of,
    split,
)

AIOHTTP = "aiohttp"
OURS_AIOHTTP = "ours+aiohttp"
OFFICIAL_AIOHTTP = "together+aiohttp"


@dataclass(frozen=True, slots=True)
class AsyncPeer:
    """What `peers.Peer` is, and how it is closed."""

    name: str
    chat: Callable[[str, dict[str, Any]], Awaitable[object]]
    stream: Callable[[str], Awaitable[AsyncIterable[object]]]
    close: Callable[[], Awaitable[object]]


#: Rounds lie further apart than the five seconds for which httpx keeps an idle connection: all keep it for so many.
KEPT = 120.0
#: How many connections httpx and the official SDK open and keep unless told otherwise, and how many OpenAI's does.
HTTPX_POOL = (100, 20)
OPENAI_POOL = (1000, 100)


class Where(NamedTuple):
    """The address of the server, and how many connections a client may open and keep; None leaves its own default."""

    address: str
    connections: int | None = None

    def limits(self, default: tuple[int, int], kind: Any = httpx.Limits) -> dict[str, Any]:
        """The argument of a client of httpx, or of another that has its `Limits`."""
        most, kept = (self.connections, self.connections) if self.connections else default
        return {"limits": kind(max_connections=most, max_keepalive_connections=kept, keepalive_expiry=KEPT)}


def _awaitable(chunks: Callable[[str], AsyncIterator[object]]) -> Callable[[str], Awaitable[AsyncIterator[object]]]:
    """Called as an SDK is, which gives its stream after the head of the answer."""

    async def stream(scenario: str) -> AsyncIterator[object]:
        return chunks(scenario)

    return stream


def raw_aiohttp(where: Where) -> AsyncPeer:
    """aiohttp, and pydantic-core on the bytes."""

    @functools.cache
    def session() -> aiohttp.ClientSession:
        """It can only be made inside an event loop."""
        connector = aiohttp.TCPConnector(limit=where.connections or 100, keepalive_timeout=KEPT)
        return aiohttp.ClientSession(headers=JSON_HEADERS, connector=connector)

    async def chat(scenario: str, body: dict[str, Any]) -> object:
        async with session().post(chat_url(where.address, scenario), data=to_json(body)) as response:
            return model_of(await response.read())

    async def chunks(scenario: str) -> AsyncIterator[object]:
        rest = b""
        async with session().post(chat_url(where.address, scenario), data=to_json(STREAMED)) as response:
            async for data in response.content.iter_any():
                events, rest = split(rest + data)
                for event in events:
                    yield chunk_of(event)

    async def close() -> None:
        await session().close()

    return AsyncPeer(AIOHTTP, chat, _awaitable(chunks), close)


def bare(where: Where) -> AsyncPeer:
    """`httpx.AsyncHTTPTransport`, and pydantic-core on the bytes."""
    transport = httpx.AsyncHTTPTransport(**where.limits(HTTPX_POOL))

    async def send(scenario: str, body: dict[str, Any]) -> httpx.Response:
        url = chat_url(where.address, scenario)
        request = httpx.Request("POST", url, headers=JSON_HEADERS, content=to_json(body), extensions=LIMITS)
        return await transport.handle_async_request(request)

    async def chat(scenario: str, body: dict[str, Any]) -> object:
        return model_of(await (await send(scenario, body)).aread())

    async def chunks(scenario: str) -> AsyncIterator[object]:
        rest = b""
        async for data in (await send(scenario, STREAMED)).aiter_bytes():
            events, rest = split(rest + data)
            for event in events:
                yield chunk_of(event)

    return AsyncPeer(TRANSPORT, chat, _awaitable(chunks), transport.aclose)


def plain(where: Where) -> AsyncPeer:
    """`httpx.AsyncClient`, and dictionaries."""
    return _plain(FLOOR, where, httpx.AsyncClient(headers=HEADERS, timeout=TIMEOUT, **where.limits(HTTPX_POOL)))


def plain2(where: Where) -> AsyncPeer:
    """`httpx2.AsyncClient`, and dictionaries."""
    return _plain(
        "httpx2", where, httpx2.AsyncClient(headers=HEADERS, timeout=60.0, **where.limits(HTTPX_POOL, httpx2.Limits))
    )


def _plain(name: str, where: Where, client: Any) -> AsyncPeer:
    async def chat(scenario: str, body: dict[str, Any]) -> object:
        return (await client.post(chat_url(where.address, scenario), json=body)).json()

    async def chunks(scenario: str) -> AsyncIterator[object]:
        async with client.stream("POST", chat_url(where.address, scenario), json=STREAMED) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line[6:])

    return AsyncPeer(name, chat, _awaitable(chunks), client.aclose)


def _sdk(name: str, opened: Callable[[str], Any]) -> AsyncPeer:
    clients: dict[str, Any] = {}

    def client(scenario: str) -> Any:
        if scenario not in clients:
            clients[scenario] = opened(scenario)
        return clients[scenario]

    async def chat(scenario: str, body: dict[str, Any]) -> object:
        return await client(scenario).chat.completions.create(**body)

    async def stream(scenario: str) -> Any:
        return await client(scenario).chat.completions.create(**STREAMED)

    async def close() -> None:
        for each in clients.values():
            await each.close()

    return AsyncPeer(name, chat, stream, close)


def ours(where: Where, name: str = OURS, **options: Any) -> AsyncPeer:
    """This package."""
    options |= {"keepalive_expiry": KEPT}
    if where.connections:
        options |= {"max_connections": where.connections, "max_keepalive_connections": where.connections}
    return _sdk(name, lambda scenario: AsyncTogether(api_key=KEY, base_url=f"{where.address}/{scenario}", **options))


def ours_over_aiohttp(where: Where) -> AsyncPeer:
    """This package, over aiohttp."""
    return ours(where, OURS_AIOHTTP, transport="aiohttp")


def official(where: Where) -> AsyncPeer:
    """The official SDK."""
    return _official(OFFICIAL, where, together.DefaultAsyncHttpxClient)


def official_over_aiohttp(where: Where) -> AsyncPeer:
    """The official SDK with its extra for aiohttp."""
    return _official(OFFICIAL_AIOHTTP, where, together.DefaultAioHttpClient)


def _official(name: str, where: Where, kind: Any) -> AsyncPeer:
    def opened(scenario: str) -> together.AsyncTogether:
        client = kind(**where.limits(HTTPX_POOL))
        return together.AsyncTogether(api_key=KEY, base_url=f"{where.address}/{scenario}/v1", http_client=client)

    return _sdk(name, opened)


def other(where: Where) -> AsyncPeer:
    """OpenAI's SDK."""

    def opened(scenario: str) -> openai.AsyncOpenAI:
        client = openai.DefaultAsyncHttpxClient(**where.limits(OPENAI_POOL, httpx2.Limits))
        return openai.AsyncOpenAI(api_key=KEY, base_url=f"{where.address}/{scenario}/v1", http_client=client)

    return _sdk("openai", opened)


ASYNC = [raw_aiohttp, ours, ours_over_aiohttp, bare, plain, plain2, official, other]
if importlib.util.find_spec("httpx_aiohttp"):
    ASYNC.append(official_over_aiohttp)
