"""One `AsyncTogether` in a thousand event loops, one after the other: nothing of a run outlives it."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from together_di import AsyncTogether

from ..benchmarks.serving import served
from .support.sides import CHAT, KEY, each_transport

RUNS = 1000

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def client(each_transport: None) -> Generator[AsyncTogether]:
    """A client of a server in a process of its own, whose descriptors and memory are not ours."""
    with served() as address:
        client = AsyncTogether(api_key=KEY, base_url=f"{address}/call")
        yield client
        client.close_nowait()


def run(client: AsyncTogether, times: int) -> tuple[int, int]:
    """How many descriptors there are after so many runs, and how many blocks of memory."""

    async def main() -> None:
        await client.chat.completions.create(**CHAT)

    for _ in range(times):
        # Asyncio's debug mode would log whatever a slow machine holds up, and pytest keeps what is logged.
        asyncio.run(main(), debug=False)
    gc.collect()
    return len(list(DESCRIPTORS.iterdir())), sys.getallocatedblocks()


@each_transport
@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="This system has no /proc/self/fd")
def test_a_thousand_runs_keep_no_descriptor_and_no_memory(client: AsyncTogether) -> None:
    """Python keeps some memory for later, less and less; whatever each run kept would be a block or more."""
    descriptors, blocks = run(client, RUNS // 2)
    descriptors_in_the_end, blocks_in_the_end = run(client, RUNS // 2)
    assert descriptors_in_the_end <= descriptors
    assert blocks_in_the_end - blocks < RUNS // 2
