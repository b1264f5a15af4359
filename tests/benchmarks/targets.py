"""What the package has to reach, and whether it does: lines that compare two contenders of one case."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .async_peers import AIOHTTP, OURS_AIOHTTP
from .endurance import TOLERANCE, Course
from .large import ARRAY
from .measure import FLOOR, OURS, Result
from .peers import OFFICIAL, TRANSPORT
from .traffic import SPLIT

HEADING = "\n".join(
    (
        f"| {'what':46} | {'case':26} | {'at least':20} | measured | reached |",
        "|---|---|---|--:|---|",
    )
)
SIGNS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}

#: The results of a run, by the names of the cases.
Results = dict[str, Result]


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio of two costs, and its bound.

    Attributes:
        what: In words.
        case: Where it is measured.
        one: The contender whose cost is divided.
        other: The one it is divided by; without one the cost itself counts.
        sign: How the ratio must stand to the bound: one of `SIGNS`.
        bound: What must be reached.
    """

    what: str
    case: str
    one: str
    other: str
    sign: str
    bound: float

    def row(self, results: Results) -> str:
        """A line of the table."""
        result = results[self.case]
        measured = result.ratio(self.one, self.other) if self.other else result.median(self.one)
        reached = SIGNS[self.sign](measured, self.bound)
        bound = f"{self.sign} {self._written(self.bound)}"
        return _row(self.what, self.case, bound, self._written(measured), reached=reached)

    def _written(self, value: float) -> str:
        if self.other:
            return f"{value:.2f}"
        return f"{value / 1000:.1f} kB" if self.case.endswith("memory") else f"{value * 1e3:.2f} ms"


def _floor(what: str, case: str, other: str, bound: float, one: str = OURS) -> Target:
    return Target(f"{what}, of {other}", case, one, other, "<=", bound)


def _peer(what: str, case: str, bound: float, one: str = OURS) -> Target:
    return Target(f"official SDK / {what}", case, OFFICIAL, one, ">=", bound)


TARGETS = (
    _floor("sync call", "call", TRANSPORT, 1.15),
    Target("sync call, of httpx.Client.post().json()", "call", OURS, FLOOR, "<", 1.0),
    _peer("sync call", "call", 2.6),
    _peer("default transport", "async-call-32", 4),
    _peer("default transport", "async-call-256", 4),
    _peer("default transport", "async-call-1000", 4),
    _peer("default transport, wide pool", "async-call-256-wide", 4),
    _peer("aiohttp transport", "async-call-32", 18, OURS_AIOHTTP),
    _peer("aiohttp transport", "async-call-256", 16, OURS_AIOHTTP),
    _peer("aiohttp transport", "async-call-1000", 13, OURS_AIOHTTP),
    *(
        _floor("aiohttp transport", f"async-call-{number}", AIOHTTP, 1.35, OURS_AIOHTTP)
        for number in (1, 32, 256, 1000)
    ),
    _floor("chunk in large reads", "chunk-large-reads", SPLIT, 1.3),
    _peer("chunk in large reads", "chunk-large-reads", 18),
    _floor("chunk in large reads, async", "async-chunk-large-reads", SPLIT, 1.3),
    _peer("chunk in large reads, async", "async-chunk-large-reads", 18),
    _floor("own HTTP chunk", "chunk-own-http-chunk", TRANSPORT, 1.15),
    _floor("own HTTP chunk, async", "async-chunk-own-http-chunk", TRANSPORT, 1.15),
    _floor("own HTTP chunk, aiohttp", "async-chunk-own-http-chunk", AIOHTTP, 1.15, OURS_AIOHTTP),
    _peer("own HTTP chunk", "chunk-own-http-chunk", 6.5),
    _peer("own HTTP chunk, async", "async-chunk-own-http-chunk", 6.5),
    _peer("own HTTP chunk, aiohttp", "async-chunk-own-http-chunk", 13, OURS_AIOHTTP),
    _floor("first chunk", "first-chunk", TRANSPORT, 1.2),
    _floor("first chunk, async", "async-first-chunk", TRANSPORT, 1.2),
    _floor("first chunk, aiohttp", "async-first-chunk", AIOHTTP, 1.2, OURS_AIOHTTP),
    _peer("embeddings", "embeddings-128x1024", 22),
    _floor("embeddings as numpy", "embeddings-128x1024", "orjson", 1.2, ARRAY),
    _peer("long history", "history-200x2kB", 15),
    _peer("5 MB image", "image-5MB", 2.6),
    Target("import Together, of httpx and pydantic", "import", OURS, FLOOR, "<=", 1.1),
    Target("import Together, of the official SDK", "import", OURS, OFFICIAL, "<=", 0.46),
    Target("first answer, of the official SDK", "first-answer", OURS, OFFICIAL, "<=", 0.42),
    Target("a further client", "further-client", OURS, "", "<", 0.2e-3),
    Target("a further client, its memory", "further-client-memory", OURS, "", "<=", 20_000),
    Target("Depends(get_together), of an empty one", "dependency-fastapi", OURS, FLOOR, "<=", 1.05),
    Target("Depends(get_async_together), of an empty one", "dependency-fastapi", "ours, async", FLOOR, "<=", 1.05),
)


def _row(what: str, case: str, bound: str, measured: str, *, reached: bool) -> str:
    return f"| {what:46} | {case:26} | {bound:20} | {measured:>8} | {'yes' if reached else '**no**':7} |"


def memory_row(course: Course) -> str:
    """The line of what a process holds after many calls."""
    what, bound = f"memory over {course.calls:,} calls", f"<= {TOLERANCE:+.2%}"
    return _row(what, course.name, bound, f"{course.change:+.2%}", reached=course.change <= TOLERANCE)


def rows(results: Results) -> Iterator[str]:
    """A line for each target whose contenders were measured."""
    for target in TARGETS:
        costs = results[target.case].costs if target.case in results else {}
        if {target.one, target.other} - {""} <= costs.keys():
            yield target.row(results)
