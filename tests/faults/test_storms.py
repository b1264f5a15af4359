"""Servers that refuse again and again, in every way there is to say when to come back; and clocks that jump."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import pytest

from together_di import InternalServerError, RateLimitError
from together_di.retry import DEFAULT_POLICY

from ..core.support.http_server import HTTPServer, answer
from ..core.support.sides import OpenSide, chat, completion, stream_chat

GOOD = answer(completion())
ERROR = {"error": {"message": "Too many", "type": "rate_limit"}}
USUAL = (0.0, DEFAULT_POLICY.initial_delay)

FORMS: dict[str, tuple[dict[str, str], tuple[float, float]]] = {
    "seconds": ({"retry_after": "7"}, (7, 7)),
    "a fraction": ({"retry_after": "0.25"}, (0.25, 0.25)),
    "none at all": ({}, USUAL),
    "zero": ({"retry_after": "0"}, (0, 0)),
    "a date": ({"retry_after": email.utils.formatdate(2_000_000_007, usegmt=True)}, (7, 7)),
    "a past date": ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, (0, 0)),
    "a date beyond the calendar": ({"retry_after": "Wed, 21 Oct 99999 07:28:00 GMT"}, (0, 60)),
    "negative": ({"retry_after": "-3"}, USUAL),
    "nonsense": ({"retry_after": "soon"}, USUAL),
    "no number": ({"retry_after": "nan"}, USUAL),
    "huge": ({"retry_after": "86400"}, (60, 60)),
    "infinite": ({"retry_after": "inf"}, USUAL),
    "milliseconds": ({"retry_after_ms": "250"}, (0.25, 0.25)),
    "milliseconds and seconds": ({"retry_after_ms": "250", "retry_after": "7"}, (0.25, 0.25)),
    "nonsense and seconds": ({"retry_after_ms": "soon", "retry_after": "7"}, (7, 7)),
}


@pytest.mark.parametrize(("headers", "between"), FORMS.values(), ids=FORMS.keys())
def test_a_refused_call_comes_back_when_it_is_told_to(
    open_side: OpenSide,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    between: tuple[float, float],
) -> None:
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    with HTTPServer(answer(ERROR, 429, **headers), GOOD) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
    assert [between[0] <= wait <= between[1] for wait in waits] == [True]
    assert (server.connections, len(server.requests), len(server.idempotency_keys)) == (1, 2, 1)


@pytest.mark.parametrize("ask", [chat, stream_chat], ids=["plain", "stream"])
def test_a_storm_ends_with_the_last_refusal(open_side: OpenSide, waits: list[float], ask: Any) -> None:
    storm = answer(ERROR, 429, retry_after="1")
    with (
        HTTPServer(default=storm) as server,
        open_side(server.url, max_retries=4) as side,
        pytest.raises(RateLimitError, match="Too many"),
    ):
        side.call(ask)
    assert (len(server.requests), waits) == (5, [1, 1, 1, 1])


# The budget


def test_retries_in_vain_use_up_the_budget_and_then_calls_are_sent_once(
    open_side: OpenSide, waits: list[float]
) -> None:
    with HTTPServer(default=answer(ERROR, 503)) as server, open_side(server.url, retry_budget=5) as side:
        for _ in range(9):
            with pytest.raises(InternalServerError):
                side.call(chat)
        with pytest.raises(InternalServerError) as caught:
            side.call(chat)
    assert len(server.requests) == 10 + 5
    assert "retry_budget" in "".join(caught.value.__notes__)


def test_a_copy_shares_the_budget(open_side: OpenSide, waits: list[float]) -> None:
    with HTTPServer(default=answer(ERROR, 503)) as server, open_side(server.url, retry_budget=3) as side:
        for _ in range(4):
            with pytest.raises(InternalServerError):
                side.call(lambda client: chat(client.with_options(timeout=5)))
    assert len(server.requests) == 4 + 3


def test_each_call_that_succeeds_gives_a_retry_back(open_side: OpenSide, waits: list[float]) -> None:
    with HTTPServer(default=answer(ERROR, 503)) as server, open_side(server.url, retry_budget=2) as side:
        with pytest.raises(InternalServerError):
            side.call(chat)
        server.script += [GOOD, answer(ERROR, 503), GOOD]
        side.call(chat)
        assert side.call(chat).id == "c-1"
    assert len(server.requests) == 3 + 1 + 2


def test_retries_that_the_server_asked_for_cost_nothing(open_side: OpenSide, waits: list[float]) -> None:
    storm = answer(ERROR, 429, retry_after="1")
    with HTTPServer(default=storm) as server, open_side(server.url, retry_budget=1) as side:
        for _ in range(3):
            with pytest.raises(RateLimitError):
                side.call(chat)
    assert len(server.requests) == 9


# Clocks


@pytest.mark.parametrize("jump", [86400.0, -86400.0], ids=["forward", "back"])
def test_a_clock_that_jumps_makes_no_call_fail_and_no_wait_too_long(
    open_side: OpenSide, waits: list[float], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    clock = [2_000_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])

    def refuse(peer: Any) -> None:
        date = email.utils.formatdate(clock[0] + 5, usegmt=True)
        clock[0] += jump
        answer(ERROR, 503, retry_after=date)(peer)

    with HTTPServer(GOOD, refuse, GOOD) as server, open_side(server.url, deadline=3600) as side:
        side.call(chat)
        assert side.call(chat).id == "c-1"
    assert [0 <= wait <= 60 for wait in waits] == [True]
    assert server.connections == 1
