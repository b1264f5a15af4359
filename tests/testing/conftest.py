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


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for a session, which has no key and takes warnings for errors."""
    for name in ("PYTEST_ADDOPTS", "CI"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeini("[pytest]\naddopts = -W error --strict-markers -p no:cacheprovider -p no:asyncio\n")
    return pytester
