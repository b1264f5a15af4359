"""Whether a failed attempt is made again, and when."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from together_di import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    BadRequestError,
)
from together_di.errors import status_error
from together_di.headers import Headers
from together_di.retry import DEFAULT_POLICY, Attempt, delay_before_retry, retry_after
from together_di.wire import Response

from .support.recorder import Recorder


def refused(status: int, **headers: str) -> APIStatusError:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return status_error(Response(status, raw, content=b""))


def delay(error: APIError, *, number: int = 0, max_retries: int = 2) -> float | None:
    return delay_before_retry(Attempt(number, max_retries, error))


def asked(value: str, name: str = "retry-after") -> float | None:
    return retry_after(Headers([(name.encode(), value.encode("latin-1"))]))


# Whether


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert delay(refused(status)) is not None


@pytest.mark.parametrize("status", [300, 304, 400, 401, 402, 403, 404, 405, 413, 418, 422, 451])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    assert delay(refused(status)) is None


@pytest.mark.parametrize("status", [400, 401, 404])
def test_the_server_may_ask_for_another_attempt(status: int) -> None:
    assert delay(refused(status, x_should_retry="true")) is not None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_server_may_forbid_another_attempt(status: int) -> None:
    assert delay(refused(status, x_should_retry="false", retry_after="1")) is None


@pytest.mark.parametrize("word", ["", "maybe", "1"])
def test_what_the_server_says_unclearly_does_not_count(word: str) -> None:
    assert delay(refused(400, x_should_retry=word)) is None
    assert delay(refused(500, x_should_retry=word)) is not None


@pytest.mark.parametrize("error", [APIConnectionError(), APITimeoutError()])
def test_a_broken_connection_is_tried_again(error: APIConnectionError) -> None:
    assert delay(error) is not None


def test_what_fails_the_same_way_each_time_is_not_tried_again() -> None:
    error = APIConnectionError()
    error.permanent = True
    assert delay(error) is None


@pytest.mark.parametrize("error", [APIError("an error event"), APIResponseValidationError(Response(200, []))])
def test_an_answer_that_makes_no_sense_is_not_asked_for_again(error: APIError) -> None:
    assert delay(error) is None


def test_no_retries_means_one_attempt() -> None:
    assert delay(refused(503), max_retries=0) is None


@pytest.mark.parametrize(("number", "again"), [(0, True), (1, True), (2, False), (3, False)])
def test_the_number_of_retries_is_counted_from_the_first_attempt(number: int, again: bool) -> None:
    assert (delay(refused(503), number=number, max_retries=2) is not None) is again


# When


def test_a_connection_that_had_gone_idle_is_replaced_at_once() -> None:
    error = APIConnectionError()
    error.unanswered = True
    assert delay(error, number=0) == 0


@pytest.mark.parametrize("number", [1, 2, 40])
def test_only_the_first_replacement_is_made_at_once(number: int) -> None:
    error = APIConnectionError()
    error.unanswered = True
    found = [delay(error, number=number, max_retries=99) for _ in range(20)]
    assert any(found)


@given(number=st.integers(0, 5000))
@settings(deadline=None, database=None, derandomize=True)
def test_the_wait_lies_between_nothing_and_a_limit_that_doubles(number: int) -> None:
    found = delay(refused(503), number=number, max_retries=10_000)
    assert found is not None
    assert 0 <= found <= min(DEFAULT_POLICY.max_delay, DEFAULT_POLICY.initial_delay * 2 ** min(number, 10))


def test_two_clients_that_failed_together_do_not_come_back_together() -> None:
    assert len({delay(refused(503)) for _ in range(20)}) > 1


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("3", 3), (" 3 ", 3), ("1.5", 1.5)])
def test_the_server_may_say_after_how_many_seconds(value: str, seconds: float) -> None:
    assert delay(refused(429, retry_after=value)) == seconds


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("250", 0.25), ("1500", 1.5)])
def test_milliseconds_win_over_seconds(value: str, seconds: float) -> None:
    assert delay(refused(429, retry_after_ms=value, retry_after="30")) == seconds


@pytest.mark.parametrize("value", ["", "-1", "inf", "soon"])
def test_unusable_milliseconds_do_not_hide_the_seconds(value: str) -> None:
    assert delay(refused(429, retry_after_ms=value, retry_after="30")) == 30


def test_the_server_may_name_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    date = email.utils.formatdate(1_000_000_007, usegmt=True)
    assert delay(refused(503, retry_after=date)) == 7


@pytest.mark.parametrize("date", ["Sun, 09 Sep 2001 01:46:47 GMT", "Sun Sep  9 01:46:47 2001"])
def test_a_date_in_any_form_of_the_rfc_is_read_as_utc(monkeypatch: pytest.MonkeyPatch, date: str) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    time.tzset()
    try:
        assert asked(date) == 7
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_a_date_in_the_past_means_at_once() -> None:
    assert delay(refused(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")) == 0


@pytest.mark.parametrize("value", ["61", "86400", "1e300", "Thu, 31 Dec 2099 23:59:59 GMT"])
def test_a_long_wait_is_cut_down(value: str) -> None:
    assert delay(refused(429, retry_after=value)) == DEFAULT_POLICY.after_limit


def test_a_long_wait_in_milliseconds_is_cut_down() -> None:
    assert delay(refused(429, retry_after_ms="99999999")) == DEFAULT_POLICY.after_limit


@pytest.mark.parametrize("value", ["", "-5", "inf", "-inf", "nan", "1e400", "soon", "0x10", "Wed", "1, 2"])
def test_what_the_server_says_unusably_leaves_the_usual_wait(value: str) -> None:
    found = delay(refused(429, retry_after=value))
    assert asked(value) is None
    assert found is not None
    assert 0 <= found <= DEFAULT_POLICY.initial_delay


def test_a_date_beyond_the_calendar_does_not_hide_the_error() -> None:
    found = delay(refused(429, retry_after="Wed, 21 Oct 99999 07:28:00 GMT"))
    assert found is not None
    assert found <= DEFAULT_POLICY.after_limit


@given(st.text(st.characters(max_codepoint=255), max_size=40))
@settings(deadline=None, database=None, derandomize=True)
def test_no_text_a_server_sends_makes_it_raise(value: str) -> None:
    found = delay(refused(429, retry_after=value, retry_after_ms=value))
    assert found is not None
    assert 0 <= found <= DEFAULT_POLICY.after_limit


# In a call


Ways = pytest.mark.parametrize("call", [Recorder.call, Recorder.acall])


@Ways
def test_a_call_goes_on_until_it_succeeds(call: Any) -> None:
    recorder = Recorder(503, 429)
    call(recorder)
    assert len(recorder.requests) == 3


@Ways
def test_a_call_gives_up_with_the_last_error(call: Any) -> None:
    recorder = Recorder(429, 500, 503)
    with pytest.raises(APIStatusError) as caught:
        call(recorder)
    assert (caught.value.status_code, len(recorder.requests)) == (503, 3)


@Ways
def test_without_retries_a_call_is_one_request(call: Any) -> None:
    recorder = Recorder(503)
    with pytest.raises(APIStatusError):
        call(recorder, max_retries=0)
    assert len(recorder.requests) == 1


@Ways
def test_a_bad_request_is_sent_once(call: Any) -> None:
    recorder = Recorder(400)
    with pytest.raises(BadRequestError):
        call(recorder)
    assert len(recorder.requests) == 1


@Ways
def test_all_attempts_of_a_call_are_the_same_request(call: Any) -> None:
    recorder = Recorder(503, 503)
    call(recorder)
    assert len({request.headers["idempotency-key"] for request in recorder.requests}) == 1
    assert len({request.content for request in recorder.requests}) == 1


@Ways
def test_each_call_has_an_idempotency_key_of_its_own(call: Any) -> None:
    recorder = Recorder()
    call(recorder)
    call(recorder)
    first, second = (request.headers["idempotency-key"] for request in recorder.requests)
    assert first != second


@Ways
def test_a_connection_that_breaks_is_tried_again(call: Any) -> None:
    recorder = Recorder()
    answer = recorder.__call__

    class Flaky(Recorder):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            response = answer(request)
            if len(recorder.requests) == 1:
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
            return response

    call(Flaky())
    assert len(recorder.requests) == 2
