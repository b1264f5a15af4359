"""The health page."""

from __future__ import annotations

from typing import Any

import pytest

from together_di import AuthenticationError
from together_di.testing import FakeTogether

from .visitors import Visitor


def test_it_is_well_while_the_api_takes_our_calls(visitor: Visitor) -> None:
    reply = visitor.get("/health")
    assert (reply.status, reply.json()) == (200, {"ok": True})


def test_it_is_ill_while_the_api_refuses_our_key(
    visitor: Visitor, fake_together: FakeTogether, caplog: pytest.LogCaptureFixture
) -> None:
    whoami: Any = fake_together.whoami
    whoami.raises(AuthenticationError)
    reply = visitor.get("/health")
    assert (reply.status, reply.json()) == (503, {"ok": False})
    assert "refuses the key" in caplog.text
