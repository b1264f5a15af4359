"""Fixtures for the tests of the testing kit."""

from __future__ import annotations

from typing import Any

import pytest

from together_di.testing import FakeTogether


@pytest.fixture
def fake() -> FakeTogether:
    return FakeTogether()


@pytest.fixture
def chat() -> dict[str, Any]:
    """Arguments of a chat completion."""
    return {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
