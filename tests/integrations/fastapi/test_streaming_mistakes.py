"""`sse`: what is no stream is refused before the response starts."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from together_di import AsyncTogether, Together
from together_di_fastapi import sse

from ...core.support.sides import CHAT


def test_an_answer_that_is_not_streamed_is_refused() -> None:
    with Together(transport="embedded") as together:
        answer: Any = together.chat.completions.create(**CHAT)
    with pytest.raises(TypeError, match=r"needs the Stream that create\(\.\.\., stream=True\) gives, not a ChatCompl"):
        sse(answer)


def test_a_call_that_is_not_awaited_is_refused_and_python_does_not_warn_of_it_as_well() -> None:
    call: Any = AsyncTogether(transport="embedded").chat.completions.create(stream=True, **CHAT)
    with pytest.raises(TypeError, match=r"not a coroutine\. In an `async def` route, write sse\(await \.\.\.\)"):
        sse(call)
    assert inspect.getcoroutinestate(call) == inspect.CORO_CLOSED
