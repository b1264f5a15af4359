"""Whether memory stays flat over a million calls: `python -m tests.benchmarks --endurance`.

The last quarter of the calls is compared with the first, by what the process holds and by how many objects there are.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic_core import from_json

from together_di import AsyncTogether, Together

from .peers import CHAT, KEY
from .serving import served

#: How many calls a full run makes.
EMBEDDED_CALLS = 1_000_000
LOOPBACK_CALLS = 100_000

#: By how much memory may differ from the first quarter to the last.
TOLERANCE = 0.02

#: How often memory is looked at in a run.
LOOKS = 40
#: Calls that load models, open the connection and fill what is kept for later calls.
WARM_UP = 500
#: Enough for each of the 16,384 places to be taken, wherever chance puts a string.
STRINGS = 300_000

HEADING = (
    f"{'endurance':16}{'calls':>10}{'time':>8}{'memory: first quarter':>23}{'last':>9}{'change':>9}{'objects':>10}"
)

#: Makes so many calls.
Calls = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Course:
    """How memory went while calls were made.

    Attributes:
        name: Which calls.
        calls: How many.
        resident: The bytes of memory that the process had, from the first look to the last.
        objects: How many blocks of memory Python's objects had then.
        seconds: How long it took.
    """

    name: str
    calls: int
    resident: list[int] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def change(self) -> float:
        """Of the memory, from the first quarter to the last, as a share of it."""
        first, last = quarters(self.resident)
        return last / first - 1

    @property
    def objects_per_call(self) -> float:
        """How many more objects each call leaves, from the middle of the first quarter to that of the last."""
        first, last = quarters(self.objects)
        return (last - first) / (self.calls * 3 / 4)

    def row(self) -> str:
        """A line of the table."""
        first, last = (f"{value / 2**20:.2f} MB" for value in quarters(self.resident))
        return (
            f"{self.name:16}{self.calls:>10,}{sum(self.seconds):>6.0f} s{first:>23}{last:>9}"
            f"{self.change:>+9.2%}{self.objects_per_call:>+10.4f}"
        )


def quarters(values: list[int]) -> tuple[float, float]:
    """The medians of the first and the last quarter."""
    count = len(values) // 4
    return statistics.median(values[:count]), statistics.median(values[-count:])


def resident() -> int:
    """The bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def endure(name: str, make_calls: Calls, calls: int) -> Course:
    """Make so many calls, and watch the memory."""
    make_calls(WARM_UP)
    fill_the_cache_of_strings()
    gc.collect()
    gc.freeze()  # what is there by now need not be searched at each look
    try:
        course = Course(name, calls)
        for _ in range(LOOKS):
            look(course, make_calls)
        return course
    finally:
        gc.unfreeze()


def look(course: Course, make_calls: Calls) -> None:
    """Make the next calls, and see what is left of them."""
    started = time.perf_counter()
    make_calls(course.calls // LOOKS)
    course.seconds.append(time.perf_counter() - started)
    gc.collect()
    course.resident.append(resident())
    course.objects.append(sys.getallocatedblocks())


def fill_the_cache_of_strings() -> None:
    """Have pydantic-core keep as many short strings of JSON as it ever does; ids would fill it only by and by."""
    from_json(json.dumps([f"a short string {number}" for number in range(STRINGS)]))


def sync_calls(client: Together) -> Calls:
    """Chat completions, one after the other."""

    def make(calls: int) -> None:
        for _ in range(calls):
            client.chat.completions.create(**CHAT)

    return make


def async_calls(client: AsyncTogether, runner: asyncio.Runner) -> Calls:
    """The same in one event loop."""

    async def main(calls: int) -> None:
        for _ in range(calls):
            await client.chat.completions.create(**CHAT)

    return lambda calls: runner.run(main(calls))


def embedded_course(calls: int) -> Course:
    """With `Together`, answered by the emulator in this process."""
    with Together(transport="embedded") as client:
        return endure("embedded", sync_calls(client), calls)


def async_embedded_course(calls: int) -> Course:
    """With `AsyncTogether`, answered by the emulator in this process."""
    with asyncio.Runner() as runner:
        client = AsyncTogether(transport="embedded")
        return endure("async-embedded", async_calls(client, runner), calls)


def loopback_course(calls: int) -> Course:
    """With `Together`, over the loopback."""
    with served() as address, Together(api_key=KEY, base_url=f"{address}/call") as client:
        return endure("loopback", sync_calls(client), calls)


def async_loopback_course(calls: int) -> Course:
    """With `AsyncTogether`, over the loopback."""
    with served() as address, asyncio.Runner() as runner:
        client = AsyncTogether(api_key=KEY, base_url=f"{address}/call")
        try:
            return endure("async-loopback", async_calls(client, runner), calls)
        finally:
            runner.run(client.aclose())


COURSES: list[tuple[Callable[[int], Course], int]] = [
    (embedded_course, EMBEDDED_CALLS),
    (async_embedded_course, EMBEDDED_CALLS),
    (loopback_course, LOOPBACK_CALLS),
    (async_loopback_course, LOOPBACK_CALLS),
]


def report(share: float) -> str | None:
    """Print the course of every kind of calls, and give what is wrong."""
    print(HEADING)
    grown: list[str] = []
    for course_of, calls in COURSES:
        course = course_of(int(calls * share))
        print(course.row(), flush=True)
        if course.change > TOLERANCE:
            grown.append(course.name)
    return f"Memory grew by more than {TOLERANCE:.0%}: {', '.join(grown)}" if grown else None
