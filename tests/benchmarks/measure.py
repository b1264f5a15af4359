"""Contenders measured in interleaved rounds: each round runs all of them once, in an order that moves on by one.

So whatever else the machine does in a moment hits all contenders alike, and ratios hold where times do not.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

#: The contender that all others are compared with unless a case says otherwise, and the one this package is.
FLOOR = "httpx"
OURS = "ours"

#: A case ends after so many seconds even if it has more rounds, but not before so many of them.
SECONDS = 6.0
LEAST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Contender:
    """A name, and a function that does the work of one round and gives the cost of one operation."""

    name: str
    cost: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured.

    Attributes:
        name: What one operation is.
        unit: Of the costs: `s` for seconds, `B` for bytes.
        contenders: Who takes part.
        rounds: How many rounds a full run makes at most.
        floor: The contender that does the least anyone could.
    """

    name: str
    unit: str
    contenders: list[Contender]
    rounds: int = 30
    floor: str = FLOOR


@dataclass(frozen=True, slots=True)
class Result:
    """The costs of every round, by contender."""

    case: Case
    costs: dict[str, list[float]]

    def median(self, name: str) -> float:
        """The cost of one operation."""
        return statistics.median(self.costs[name])

    def spread(self, name: str) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        low, _, high = statistics.quantiles(self.costs[name], n=4)
        return (high - low) / 2 / self.median(name)

    def ratio(self, name: str, other: str) -> float:
        """The cost of `name` divided by that of `other`; the median over the rounds."""
        pairs = zip(self.costs[name], self.costs[other], strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


def timed(operation: Callable[[], object], repeat: int = 1, *, each: int = 1) -> Callable[[], float]:
    """The cost of `operation` in seconds, from `repeat` runs in a row, each of which does `each` operations."""

    def cost() -> float:
        started = time.perf_counter()
        for _ in range(repeat):
            operation()
        return (time.perf_counter() - started) / (repeat * each)

    return cost


def run(case: Case, *, quick: bool) -> Result:
    """Measure `case`; a first round that warms everything up does not count."""
    started = time.perf_counter()
    rounds = LEAST_ROUNDS if quick else case.rounds
    costs: dict[str, list[float]] = {contender.name: [] for contender in case.contenders}
    for contender in case.contenders:
        contender.cost()
    for number in range(rounds):
        start = number % len(case.contenders)
        for contender in case.contenders[start:] + case.contenders[:start]:
            gc.collect()
            costs[contender.name].append(contender.cost())
        if number + 1 >= LEAST_ROUNDS and time.perf_counter() - started > SECONDS:
            break
    return Result(case, costs)
