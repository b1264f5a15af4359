"""What importing the package may cost, next to the two libraries it stands on. Run by CI by its name."""

from __future__ import annotations

from .measure import FLOOR, OURS
from .startup import IMPORTS, in_fresh_process

#: The cost of `from together_di import Together` as a multiple of that of `import httpx, pydantic`.
BUDGET = 1.2
ROUNDS = 7


def test_importing_costs_little_more_than_httpx_and_pydantic() -> None:
    """The best of several fresh processes each, taken in turns: noise only ever adds time."""
    floor, ours = in_fresh_process(IMPORTS[FLOOR]), in_fresh_process(IMPORTS[OURS])
    rounds = [(floor(), ours()) for _ in range(ROUNDS)]
    least, cost = (min(costs) for costs in zip(*rounds, strict=True))
    assert cost <= BUDGET * least, (
        f"{cost * 1000:.0f} ms, {cost / least:.2f} times the {least * 1000:.0f} ms of the floor"
    )
