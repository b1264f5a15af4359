"""A blocking call in an event loop stops all that runs there: it is allowed, warned of or refused."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest

from together_di import BlockingCallError, BlockingCallWarning, Together

from .support.sides import chat


async def call(client: Any) -> Any:
    return chat(client)


def test_by_default_it_is_allowed() -> None:
    assert asyncio.run(call(Together(transport="embedded"))).choices


def test_it_is_warned_of_where_it_stands_and_goes_on() -> None:
    client = Together(transport="embedded", blocking_calls="warn")
    with pytest.warns(
        BlockingCallWarning, match=r"Use AsyncTogether \(in a web framework, get_async_together\)"
    ) as caught:
        assert asyncio.run(call(client)).choices
    assert caught[0].filename.endswith("sides.py")


def test_it_is_refused_before_anything_is_sent() -> None:
    client = Together(transport="embedded", blocking_calls="raise")
    with pytest.raises(BlockingCallError, match=r"asyncio\.to_thread"):
        asyncio.run(call(client))


@pytest.mark.parametrize("policy", ["warn", "raise"])
def test_outside_of_an_event_loop_and_in_a_worker_thread_of_one_nothing_is_said(policy: str) -> None:
    client = Together(transport="embedded", blocking_calls=policy)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert chat(client).choices
        assert asyncio.run(asyncio.to_thread(chat, client)).choices
