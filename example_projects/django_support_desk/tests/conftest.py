"""What the tests share. `fake_together`, the API of a test, comes with together-di."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from together_di.testing import FakeTogether

if TYPE_CHECKING:
    from .visitors import Visitor


@pytest.fixture(params=["asgi", "wsgi"])
def visitor(request: pytest.FixtureRequest, db: None, fake_together: FakeTogether) -> Visitor:
    """A visitor with a conversation of their own, under either kind of server."""
    from .visitors import AsyncVisitor, WSGIVisitor  # here, because pytest reads this file before Django is set up

    return AsyncVisitor() if request.param == "asgi" else WSGIVisitor()
