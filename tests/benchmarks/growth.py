"""How the cost of one call grows with the number of chunks and with the size of what is read and sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from .async_peers import AIOHTTP, OFFICIAL_AIOHTTP, AsyncPeer, Where
from .measure import FLOOR, OURS, Case, Contender, timed
from .peers import CHAT, OFFICIAL
from .traffic import awaited, drained, opened

PLOTTED = (AIOHTTP, OURS, "ours+aiohttp", FLOOR, OFFICIAL, OFFICIAL_AIOHTTP)
CHUNK_COUNTS = (1, 10, 100, 1000, 10_000)
SIZES = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
ROUNDS = 10

#: One call of a peer at a point of a curve.
Step = Callable[[AsyncPeer, int], Coroutine[Any, Any, object]]


def cases(address: str, stack: contextlib.ExitStack) -> list[Case]:
    """A case for each point; its name ends with the number on the horizontal axis."""
    runner = stack.enter_context(asyncio.Runner())
    everyone = [peer for peer in opened(Where(address), runner, stack) if peer.name in PLOTTED]

    def points(name: str, numbers: tuple[int, ...], step: Step) -> list[Case]:
        return [
            Case(f"{name}-{number}", "s", [run(peer, step, number) for peer in everyone], ROUNDS, AIOHTTP)
            for number in numbers
        ]

    def run(peer: AsyncPeer, step: Step, number: int) -> Contender:
        repeat = 20 if number < 1000 else 2
        return Contender(peer.name, timed(lambda: runner.run(step(peer, number)), repeat))

    return [
        *points("chunks", CHUNK_COUNTS, lambda peer, number: drained(peer.stream(f"large-{number}"))),
        *points("answer", SIZES, lambda peer, number: awaited(lambda: peer.chat(f"answer-{number}", CHAT))),
        *points("body", SIZES, lambda peer, number: awaited(lambda: peer.chat("call", _with_text(number)))),
    ]


def _with_text(length: int) -> dict[str, Any]:
    return CHAT | {"messages": [{"role": "user", "content": "x" * length}]}
