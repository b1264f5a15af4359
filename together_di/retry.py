"""Whether and when a failed attempt is made again: one pure decision for sync and async.

`Retry-After` follows RFC 9110, 10.2.3; `retry-after-ms` and `x-should-retry` are what the API's servers send besides.
The back-off is exponential with full jitter.
"""

from __future__ import annotations

import email.utils
import random
import time
from dataclasses import dataclass
from typing import NamedTuple

from .errors import APIConnectionError, APIError, APIStatusError
from .headers import Headers

#: Statuses that may pass: the request timed out, met a lock, or came too fast. Every 5xx counts as well.
RETRIED_STATUSES = frozenset({408, 409, 429})


class RetryPolicy(NamedTuple):
    """How long is waited before a failed call is sent again, in seconds.

    Attributes:
        initial_delay: Upper limit of the first wait; it doubles with each attempt.
        max_delay: Upper limit of any wait that the server did not ask for.
        after_limit: What a longer `Retry-After` is cut down to.
        budget: How many retries a client may make in a row that do not help. Each successful call gives one back, and
            one that the server asked for (`Retry-After`) costs nothing. It is for the day on which the API is down: not
            every call of every thread should then come three times.
    """

    initial_delay: float = 0.5
    max_delay: float = 8.0
    after_limit: float = 60.0
    budget: int = 500


DEFAULT_POLICY = RetryPolicy()


class RetryBudget:
    """What is used up of a client's `RetryPolicy.budget`.

    It is counted without a lock: a retry more or less makes no difference, and calls need not wait for one another.
    """

    __slots__ = ("spent",)

    def __init__(self) -> None:
        self.spent = 0

    def succeed(self) -> None:
        """A call was answered."""
        if self.spent > 0:
            self.spent -= 1

    def take(self, error: APIError, limit: int) -> bool:
        """Whether there may be another attempt after `error`."""
        if isinstance(error, APIStatusError) and retry_after(error.response.headers) is not None:
            return True
        if self.spent >= limit:
            return False
        self.spent += 1
        return True


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known when an attempt has failed.

    Attributes:
        number: 0 for the first attempt.
        max_retries: How many more there may be, counted from the first.
        error: Why it failed.
        policy: How long to wait.
    """

    number: int
    max_retries: int
    error: APIError
    policy: RetryPolicy = DEFAULT_POLICY


def delay_before_retry(attempt: Attempt) -> float | None:
    """Seconds to wait before the next attempt, or `None` if there must not be one."""
    error = attempt.error
    if attempt.number >= attempt.max_retries or not _may_pass(error):
        return None
    if isinstance(error, APIConnectionError):
        if error.unanswered and attempt.number == 0:
            return 0.0
    elif isinstance(error, APIStatusError) and (asked := retry_after(error.response.headers)) is not None:
        return min(asked, attempt.policy.after_limit)
    policy = attempt.policy
    # The exponent is bounded because 2.0**1024 overflows.
    longest = min(policy.max_delay, policy.initial_delay * 2.0 ** min(attempt.number, 16))
    return random.random() * longest  # noqa: S311 - jitter


def _may_pass(error: APIError) -> bool:
    if isinstance(error, APIConnectionError):
        return not error.permanent
    if not isinstance(error, APIStatusError):
        return False
    told = error.response.headers.get("x-should-retry")
    if told in {"true", "false"}:
        return told == "true"
    return error.status_code in RETRIED_STATUSES or error.status_code >= 500


def retry_after(headers: Headers) -> float | None:
    """Seconds the server asks to wait: in milliseconds, in seconds, or as a date; `None` if it says nothing usable."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    date = email.utils.parsedate_tz(text)
    try:
        return None if date is None else max(0.0, email.utils.mktime_tz(date) - time.time())
    except (ValueError, OverflowError):  # a year that no clock knows
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
