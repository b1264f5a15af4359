"""What may cost how much, next to what it stands on. Run by CI by its name."""

from __future__ import annotations

from .container import cases
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


def test_asking_for_a_client_that_is_built_costs_less_than_a_microsecond_more_than_a_singleton() -> None:
    asked = cases()[0]
    floor, ours = (min(contender.cost() for _ in range(ROUNDS)) for contender in asked.contenders)
    assert ours - floor < 1e-6, f"{ours * 1e9:.0f} ns, of which {floor * 1e9:.0f} are dependency-injector's"


def test_finding_out_a_configuration_costs_little_more_than_looking_at_its_places() -> None:
    resolved = cases()[1]
    floor, ours = (min(contender.cost() for _ in range(ROUNDS)) for contender in resolved.contenders)
    assert ours < 5 * floor, f"{ours * 1e6:.0f} us, {ours / floor:.1f} times the {floor * 1e6:.0f} us of the floor"
