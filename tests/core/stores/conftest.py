"""For all tests of secret stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .ports import wait_for_readers


@pytest.fixture(autouse=True)
def no_reader_is_left() -> Iterator[None]:
    """A thread that was given up on ends with its test."""
    yield
    wait_for_readers()
