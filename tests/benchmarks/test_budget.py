"""What may cost how much, next to what it stands on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from . import fake
from .container import cases
from .measure import FLOOR, OURS, Case
from .startup import IMPORTS, in_fresh_process

#: The cost of `from together_di import Together` as a multiple of that of `import httpx, pydantic`.
BUDGET = 0.8
ROUNDS = 15

#: A faked chat call as a share of one that httpx's own mock answers: 150 of some 200 microseconds.
CALL_BUDGET = 0.75
#: An empty test with the fixture as a multiple of one without it, for which pytest takes most of a millisecond.
TEST_BUDGET = 2.2
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(200))
class TestAll:
    def test_plain(self, number):
        pass

    def test_faked(self, number, fake_together):
        pass
"""
#: Runs both kinds in turns, and prints what one of each takes at its best, set-up and clean-up included.
CLOCK = """
import statistics, time
import pytest

costs = {}

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.callspec.params["number"])

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    started = time.perf_counter()
    result = yield
    costs.setdefault(item.originalname, []).append(time.perf_counter() - started)
    return result

def pytest_sessionfinish():
    print("\\ncosts:", *(statistics.quantiles(costs[name], n=10)[0] for name in ("test_plain", "test_faked")))
"""


def best(*costs: Callable[[], float]) -> list[float]:
    """The best of several rounds each, taken in turns: noise only ever adds time, and it hits all of them alike."""
    rounds = [[cost() for cost in costs] for _ in range(ROUNDS)]
    return [min(one) for one in zip(*rounds, strict=True)]


def best_of(case: Case) -> list[float]:
    """The same, of all contenders."""
    return best(*(contender.cost for contender in case.contenders))


def test_importing_costs_less_than_httpx_and_pydantic() -> None:
    least, cost = best(in_fresh_process(IMPORTS[FLOOR]), in_fresh_process(IMPORTS[OURS]))
    assert cost <= BUDGET * least, (
        f"{cost * 1000:.0f} ms, {cost / least:.2f} times the {least * 1000:.0f} ms of the floor"
    )


def test_asking_for_a_client_that_is_built_costs_less_than_a_microsecond_more_than_a_singleton() -> None:
    floor, ours = best_of(cases()[0])
    assert ours - floor < 1e-6, f"{ours * 1e9:.0f} ns, of which {floor * 1e9:.0f} are dependency-injector's"


def test_finding_out_a_configuration_costs_little_more_than_looking_at_its_places() -> None:
    floor, ours = best_of(cases()[1])
    assert ours < 5 * floor, f"{ours * 1e6:.0f} us, {ours / floor:.1f} times the {floor * 1e6:.0f} us of the floor"


def test_a_faked_chat_call_costs_less_than_one_that_httpx_mocks() -> None:
    floor, ours = best_of(fake.cases()[0])
    assert ours <= CALL_BUDGET * floor, f"{ours * 1e6:.0f} us, {ours / floor:.2f} times the {floor * 1e6:.0f} of httpx"


def test_a_fake_takes_little_more_time_than_an_empty_test(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CLOCK)
    (tmp_path / "test_all.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--rootdir", "."]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=120)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("costs: "))
    floor, ours = map(float, line.split()[1:])
    assert ours <= TEST_BUDGET * floor, (
        f"{ours * 1e6:.0f} us, {ours / floor:.2f} times the {floor * 1e6:.0f} us of a test without a fake"
    )
