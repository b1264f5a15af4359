"""Calls and streamed chunks, on connections that are open."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable

from . import async_peers, peers
from .async_peers import AIOHTTP, AsyncPeer, Where
from .measure import Case, Contender, timed
from .peers import CHAT, TRANSPORT, Peer
from .server import CHUNKS, events

#: Calls in one round.
CALLS = 50
ASYNC_CALLS = 96
#: Bytes that httpx takes from the network at once, at most.
LARGE_READ = 2**16
CONCURRENCIES = (1, 32, 256, 1000)

#: What splits prepared bytes and hands each event to pydantic-core, without a network.
SPLIT = "split"

#: A pool so wide takes httpx minutes for a thousand calls at once: it scans all connections for each request.
NARROW = (async_peers.raw_aiohttp, async_peers.ours, async_peers.ours_over_aiohttp)


def sync_cases(everyone: list[Peer]) -> list[Case]:
    """With clients that block."""

    def calls(peer: Peer) -> Contender:
        return Contender(peer.name, timed(lambda: peer.chat("call", CHAT), CALLS))

    def chunks(scenario: str) -> list[Contender]:
        return [Contender(peer.name, timed(drain(peer, scenario), each=CHUNKS)) for peer in everyone]

    def drain(peer: Peer, scenario: str) -> Callable[[], object]:
        return lambda: deque(peer.stream(scenario), maxlen=0)

    firsts = [Contender(peer.name, _first(peer.stream)) for peer in everyone]
    return [
        Case("call", "s", [calls(peer) for peer in everyone], floor=TRANSPORT),
        Case("chunk-large-reads", "s", [_splitting(), *chunks("large")], floor=SPLIT),
        Case("chunk-own-http-chunk", "s", chunks("chunked"), floor=TRANSPORT),
        Case("first-chunk", "s", firsts, floor=TRANSPORT),
    ]


def _splitting() -> Contender:
    body = b"".join(events())
    reads = [body[start : start + LARGE_READ] for start in range(0, len(body), LARGE_READ)]

    def chunks() -> None:
        rest = b""
        for data in reads:
            found, rest = peers.split(rest + data)
            deque(map(peers.chunk_of, found), maxlen=0)

    return Contender(SPLIT, timed(chunks, each=CHUNKS))


def _first(stream: Callable[[str], Iterable[object]]) -> Callable[[], float]:
    """The time until the first of two chunks is there, which come in one piece."""

    def cost() -> float:
        taken = 0.0
        for _ in range(CALLS):
            started = time.perf_counter()
            chunks = iter(stream("large-2"))
            next(chunks)
            taken += time.perf_counter() - started
            deque(chunks, maxlen=0)
        return taken / CALLS

    return cost


def async_cases(address: str, stack: contextlib.ExitStack) -> list[Case]:
    """With clients that are awaited, in an event loop that ends with `stack`."""
    runner = stack.enter_context(asyncio.Runner())
    everyone = opened(Where(address), runner, stack)

    def chunks(scenario: str) -> list[Contender]:
        return [Contender(peer.name, drain(peer, scenario)) for peer in everyone]

    def drain(peer: AsyncPeer, scenario: str) -> Callable[[], float]:
        return timed(lambda: runner.run(drained(peer.stream(scenario))), each=CHUNKS)

    def first(peer: AsyncPeer) -> Contender:
        return Contender(peer.name, lambda: runner.run(_first_awaited(peer.stream)))

    return [
        *(concurrent(f"async-call-{number}", number, everyone, runner) for number in CONCURRENCIES),
        *_wide(address, runner, stack),
        Case("async-chunk-large-reads", "s", [_splitting(), *chunks("large")], floor=SPLIT),
        Case("async-chunk-own-http-chunk", "s", chunks("chunked"), floor=AIOHTTP),
        Case("async-first-chunk", "s", [first(peer) for peer in everyone], floor=AIOHTTP),
    ]


def _wide(address: str, runner: asyncio.Runner, stack: contextlib.ExitStack) -> list[Case]:
    """With as many connections as there are calls at once."""
    found = []
    for number in CONCURRENCIES[-2:]:
        everyone = opened(Where(address, number), runner, stack)
        if number > 256:
            everyone = everyone[: len(NARROW)]
        found.append(concurrent(f"async-call-{number}-wide", number, everyone, runner))
    return found


def opened(where: Where, runner: asyncio.Runner, stack: contextlib.ExitStack) -> list[AsyncPeer]:
    """Every peer; they are closed with `stack`."""
    everyone = [peer(where) for peer in async_peers.ASYNC]
    for peer in everyone:
        stack.callback(_close, peer, runner)
    return everyone


def _close(peer: AsyncPeer, runner: asyncio.Runner) -> None:
    runner.run(awaited(peer.close))


def concurrent(name: str, concurrency: int, everyone: list[AsyncPeer], runner: asyncio.Runner) -> Case:
    """So many calls at once, always."""
    total = max(ASYNC_CALLS // concurrency, 1) * concurrency

    def calls(peer: AsyncPeer) -> Callable[[], float]:
        return timed(lambda: runner.run(_many(peer, total, concurrency)), each=total)

    return Case(name, "s", [Contender(peer.name, calls(peer)) for peer in everyone], floor=AIOHTTP)


async def _many(peer: AsyncPeer, total: int, concurrency: int) -> None:
    async def some() -> None:
        for _ in range(total // concurrency):
            await peer.chat("call", CHAT)

    await asyncio.gather(*(some() for _ in range(concurrency)))


async def _first_awaited(stream: Callable[[str], Awaitable[AsyncIterable[object]]]) -> float:
    taken = 0.0
    for _ in range(CALLS):
        started = time.perf_counter()
        chunks = aiter(await stream("large-2"))
        await anext(chunks)
        taken += time.perf_counter() - started
        async for _ in chunks:
            pass
    return taken / CALLS


async def drained(stream: Awaitable[AsyncIterable[object]]) -> None:
    """Take all chunks."""
    async for _ in await stream:
        pass


async def awaited(function: Callable[[], Awaitable[object]]) -> None:
    """A coroutine, where only something awaitable is at hand."""
    await function()
