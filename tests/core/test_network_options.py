"""Limits of the pool, time limits of single parts and the retry policy, as settings."""

from __future__ import annotations

from typing import Any

import pytest

from together_di import ConfigurationError, InternalServerError, RateLimitError, Timeout, Together, TogetherClient

from .support.http_server import HTTPServer, answer, chunked, raw
from .support.sides import OpenSide, both_sides, chat, completion, stream_chat

GOOD = answer(completion())


@pytest.mark.parametrize(
    ("options", "at_once", "opened"),
    [
        ({"max_keepalive_connections": 1}, 2, 3),  # two at once, then one that was kept and a new one
        ({"max_connections": 120}, 120, 120),
    ],
    ids=["as the settings say", "as many as there may be at all"],
)
def test_idle_connections_are_kept(options: Any, at_once: int, opened: int) -> None:
    stream = raw(chunked(b"data: [DONE]\n\n"))
    with HTTPServer(default=stream) as server, Together(api_key="k", base_url=server.url, **options) as client:
        for _ in range(2):
            streams = [stream_chat(client) for _ in range(at_once)]
            for one in streams:
                assert list(one) == []
    assert server.connections == opened


@both_sides
def test_the_longest_wait_between_attempts_is_a_setting(open_side: OpenSide, waits: list[float]) -> None:
    broken = answer({"error": {}}, status=500)
    with (
        HTTPServer(default=broken) as server,
        open_side(server.url, max_retries=5, retry_initial_delay=100, retry_max_delay=0.25) as side,
        pytest.raises(InternalServerError),
    ):
        side.call(chat)
    assert len(waits) == 5
    assert max(waits) <= 0.25


@both_sides
def test_what_the_server_asks_for_is_cut_down_to_the_setting(open_side: OpenSide, waits: list[float]) -> None:
    busy = answer({"error": {}}, status=429, retry_after="30")
    with (
        HTTPServer(default=busy) as server,
        open_side(server.url, max_retries=1, retry_after_limit=2) as side,
        pytest.raises(RateLimitError),
    ):
        side.call(chat)
    assert waits == [2]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"timeout_connect": 3}, Timeout(60, connect=3)),
        ({"timeout": 20, "timeout_connect": 3}, Timeout(20, connect=3)),
        ({"timeout": None, "timeout_read": "9"}, Timeout(None, read=9)),
        ({"timeout": Timeout(1, pool=2), "timeout_write": 4}, Timeout(1, pool=2, write=4)),
        ({"timeout_pool": 1.5}, Timeout(60, connect=5, pool=1.5)),
    ],
)
def test_a_part_of_the_time_limit_is_set_on_its_own(options: dict[str, Any], expected: Timeout) -> None:
    assert TogetherClient.resolve(transport="embedded", **options).timeout == expected


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"max_connections": 0}, "argument max_connections=0 is not a number of connections; write 1, 2, 3"),
        ({"keepalive_expiry": "never"}, "argument keepalive_expiry='never' is not a number of seconds"),
        ({"proxy": "proxy.internal"}, "argument proxy is not the URL of a proxy; write for example http://"),
        ({"proxy": "http://ann:hunter2@:x"}, "argument proxy is not the URL of a proxy"),
        ({"secret_ttl": -1}, "argument secret_ttl=-1 must be a positive number of seconds"),
        (
            {"blocking_calls": "rais"},
            r"argument blocking_calls='rais' is not a way to treat blocking calls \(did you mean 'raise'\?\)",
        ),
        ({"default_query": "a=1"}, "argument default_query='a=1' must be a dict"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_before_anything_is_sent(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        Together(api_key="k", **options)
    assert "hunter2" not in str(caught.value)
