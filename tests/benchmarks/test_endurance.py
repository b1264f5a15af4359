"""Memory stays flat, in a hundredth of what `python -m tests.benchmarks --endurance` does."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from .endurance import COURSES, TOLERANCE, Course

SHARE = 0.01


@pytest.mark.skipif(sys.platform != "linux", reason="It asks Linux how much memory the process has")
@pytest.mark.parametrize(
    ("course_of", "calls"), COURSES, ids=["sync", "async", "sync over loopback", "async over loopback"]
)
def test_calls_keep_no_memory(course_of: Callable[[int], Course], calls: int) -> None:
    course = course_of(int(calls * SHARE))
    assert course.change <= TOLERANCE, course.row()
    # In so few calls the process would hide what each of them kept; this counts it.
    assert course.objects_per_call < 0.5, course.row()
