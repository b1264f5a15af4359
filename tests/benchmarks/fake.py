"""What the testing kit costs: a faked call, and a fake for each test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from together_di import Together
from together_di.testing import FakeTogether, intercepted

from .measure import FLOOR, OURS, Case, Contender, timed

MESSAGES: Any = [{"role": "user", "content": "Hi"}]
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Bonjour"}}],
}


def mocked_call() -> Callable[[], object]:
    """What faking httpx itself costs, the next best way: no errors, no retries, no types, no record."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER)))
    body = {"model": "m", "messages": MESSAGES}
    return lambda: client.post("https://api.together.ai/v1/chat/completions", json=body).json()


def faked_call() -> Callable[[], object]:
    """A scripted chat call, its arguments recorded."""
    fake = FakeTogether()
    fake.chat.completions.create.returns("Bonjour")
    return lambda: fake.chat.completions.create(model="m", messages=MESSAGES)


def intercepted_test() -> None:
    """All that the fixture does for a test that makes no call."""
    with intercepted():
        pass


def cases() -> list[Case]:
    """The floor of the first is httpx's own mock, of the second building one client."""
    calls = [Contender(FLOOR, timed(mocked_call(), 500)), Contender(OURS, timed(faked_call(), 500))]
    tests = [
        Contender(FLOOR, timed(lambda: Together(transport="embedded"), 100)),
        Contender(OURS, timed(intercepted_test, 100)),
    ]
    return [Case("faked-call", "s", calls), Case("faked-test", "s", tests)]
