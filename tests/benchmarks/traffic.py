"""Calls, streamed chunks and embeddings, on connections that are open."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

from . import peers
from .measure import Case, Contender, timed
from .server import CHUNKS

#: Calls in one round.
CALLS = 50
ASYNC_CALLS = 96


def sync_cases(address: str) -> list[Case]:
    """With clients that block."""
    everyone = [opened(address) for opened in peers.SYNC]

    def drain(peer: peers.Peer, scenario: str) -> Callable[[], object]:
        return lambda: deque(peer.stream(scenario), maxlen=0)

    def chunks(scenario: str) -> list[Contender]:
        return [Contender(peer.name, timed(drain(peer, scenario), each=CHUNKS)) for peer in everyone]

    return [
        Case("call", "s", [Contender(peer.name, timed(peer.call, CALLS)) for peer in everyone]),
        Case("chunk-large-reads", "s", chunks("large")),
        Case("chunk-own-http-chunk", "s", chunks("chunked")),
        Case("embeddings-128x1024", "s", [Contender(peer.name, timed(peer.embed)) for peer in everyone]),
    ]


def async_cases(address: str, stack: contextlib.ExitStack) -> list[Case]:
    """With clients that are awaited, in an event loop that ends with `stack`."""
    everyone = [opened(address) for opened in peers.ASYNC]
    if importlib.util.find_spec("aiohttp"):
        everyone.append(peers.async_aiohttp(address))
    runner = stack.enter_context(asyncio.Runner())
    for peer in everyone:
        stack.callback(runner.run, _awaited(peer.close))

    def calls(peer: peers.AsyncPeer, concurrency: int) -> Contender:
        return Contender(
            peer.name, timed(lambda: runner.run(_many(peer.call, ASYNC_CALLS, concurrency)), each=ASYNC_CALLS)
        )

    def chunks(scenario: str) -> list[Contender]:
        streams = {peer.name: peer.stream for peer in everyone if peer.stream}
        return [Contender(name, drain(stream, scenario)) for name, stream in streams.items()]

    def drain(stream: Callable[[str], AsyncIterator[object]], scenario: str) -> Callable[[], float]:
        return timed(lambda: runner.run(_drain(stream(scenario))), each=CHUNKS)

    return [
        Case("async-call", "s", [calls(peer, 1) for peer in everyone]),
        Case("async-call-32", "s", [calls(peer, 32) for peer in everyone]),
        Case("async-chunk-large-reads", "s", chunks("large")),
        Case("async-chunk-own-http-chunk", "s", chunks("chunked")),
    ]


def aiohttp_cases(address: str, stack: contextlib.ExitStack) -> list[Case]:
    """The transport "aiohttp" next to aiohttp itself (`transport`), where that is installed."""
    if not importlib.util.find_spec("aiohttp"):
        return []
    everyone = [opened(address) for opened in peers.ASYNC_OVER_AIOHTTP]
    runner = stack.enter_context(asyncio.Runner())
    for peer in everyone:
        stack.callback(runner.run, _awaited(peer.close))

    def calls(concurrency: int, rounds: int) -> Case:
        total = max(ASYNC_CALLS, 2 * concurrency)
        return Case(
            f"aiohttp-call-{concurrency}",
            "s",
            [
                Contender(peer.name, timed(functools.partial(_run, runner, peer.call, total, concurrency), each=total))
                for peer in everyone
            ],
            rounds,
        )

    def chunks(name: str, scenario: str) -> Case:
        streams = {peer.name: peer.stream for peer in everyone if peer.stream}
        return Case(f"aiohttp-chunk-{name}", "s", [Contender(one, drain(streams[one], scenario)) for one in streams])

    def drain(stream: Callable[[str], AsyncIterator[object]], scenario: str) -> Callable[[], float]:
        return timed(lambda: runner.run(_drain(stream(scenario))), each=CHUNKS)

    return [
        calls(1, 30),
        calls(32, 30),
        calls(256, 12),
        calls(1000, 8),
        chunks("large-reads", "large"),
        chunks("own-http-chunk", "chunked"),
    ]


def _run(runner: asyncio.Runner, call: Callable[[], Awaitable[object]], total: int, concurrency: int) -> None:
    runner.run(_many(call, total, concurrency))


async def _many(call: Callable[[], Awaitable[object]], total: int, concurrency: int) -> None:
    async def some() -> None:
        for _ in range(total // concurrency):
            await call()

    await asyncio.gather(*(some() for _ in range(concurrency)))


async def _drain(chunks: AsyncIterator[object]) -> None:
    async for _ in chunks:
        pass


async def _awaited(function: Callable[[], Awaitable[object]]) -> None:
    await function()
