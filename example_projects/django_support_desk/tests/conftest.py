"""What the tests share: the fake API, and a visitor under either kind of server."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from together_di.testing import FakeTogether
from together_di_django import override

from .visitors import AsyncVisitor, Visitor, WSGIVisitor


@pytest.fixture
def fake_together() -> Generator[FakeTogether]:
    """The API: it answers what a test says, and otherwise as the emulator does."""
    fake = FakeTogether()
    with override(fake), override(fake.async_client):
        yield fake


@pytest.fixture(params=[AsyncVisitor, WSGIVisitor], ids=["asgi", "wsgi"])
def visitor(request: pytest.FixtureRequest, db: None, fake_together: FakeTogether) -> Visitor:
    """A visitor with a conversation of their own."""
    made: Visitor = request.param()
    return made
