"""The attempts of one call: which request comes next, and after how long."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from urllib.parse import urljoin

from .address import parse_url
from .config import TogetherClient
from .errors import APIError, AuthenticationError, status_error
from .headers import is_secret_header
from .request import Call
from .retry import Attempt, RetryBudget, delay_before_retry
from .wire import Request, Response

logger = logging.getLogger("together_di")

MAX_REDIRECTS = 10


class Attempts:
    """The state of one call over its attempts: which request is next, and how long to wait before it."""

    def __init__(self, call: Call, config: TogetherClient, budget: RetryBudget) -> None:
        # A copy, because each attempt writes its key into it, and a call may be made again (`replace` is slower).
        first = call.request
        self.request = Request(
            first.method, first.origin, first.target, first.raw_headers, first.content, first.timeout, first.deadline
        )
        if first.deadline is not None:
            self.request.until = time.monotonic() + first.deadline
        self._call = call
        self._home = call.request.origin
        self._max_retries = config.max_retries
        self._policy = config.retry
        self._budget = budget
        self._failed = 0
        self._redirects = 0
        self._renewed = False
        self._started = time.perf_counter()

    @property
    def may_carry_key(self) -> bool:
        """Whether the next request goes where the key belongs."""
        return self._call.send_key and self.request.origin == self._home

    def accept(self, response: Response) -> bool:
        """Whether `response` ends the call; if not, the next request follows its redirect.

        Raises:
            APIStatusError: The API refused.
        """
        self._log(response.status_code)
        if response.is_success or response.status_code in self._call.accept:
            if self._budget.spent:
                self._budget.succeed()
            return True
        target = redirect_target(self.request, response, keyless=not self._call.send_key)
        if target is None or self._redirects >= MAX_REDIRECTS:
            raise status_error(response)
        self._redirects += 1
        self.request = target
        return False

    def may_renew(self, problem: APIError) -> bool:
        """Whether the API refused the key, and this is the first time: another may be there by now."""
        if not isinstance(problem, AuthenticationError) or self._renewed:
            return False
        self._renewed = True
        return self.may_carry_key

    def delay(self, problem: APIError) -> float:
        """Seconds to wait before the next attempt.

        Raises:
            APIError: There is no next attempt: `problem` itself.
        """
        seconds = delay_before_retry(Attempt(self._failed, self._max_retries, problem, self._policy))
        if seconds is None:
            raise problem
        request = self.request
        if request.until is not None and time.monotonic() + seconds >= request.until:
            problem.add_note(f"There was no time for another attempt: the deadline is {request.deadline:g} s.")
            raise problem
        if not self._budget.take(problem, self._policy.budget):
            problem.add_note(
                f"It was not tried again, because the last {self._policy.budget} retries of this client did not help "
                "(retry_budget); calls that succeed give it new ones."
            )
            raise problem
        self._failed += 1
        logger.info("%s; attempt %d follows in %.2f s", problem, self._failed + 1, seconds)
        return seconds

    def _log(self, status: int) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            took = (time.perf_counter() - self._started) * 1000
            logger.debug("%s %s -> %d after %.0f ms", self.request.method, self.request.url, status, took)


def redirect_target(request: Request, response: Response, *, keyless: bool = False) -> Request | None:
    """The request that follows a redirect; `None` if there is none, or following it would not be the same request.

    Only `GET` is followed to any host, and only 307 and 308 keep another verb and its body, on the same host. A call
    that is `keyless` goes to a store, which may know a better host for the body, but not one without encryption.
    """
    location = response.headers.get("location")
    if response.status_code not in {301, 302, 303, 307, 308} or not location:
        return None
    try:
        address = parse_url(urljoin(request.url, location))
    except ValueError:
        address = None
    if address is None:
        return None
    origin, target = address
    elsewhere = keyless and origin.scheme in {"https", request.origin.scheme}
    same_verb = response.status_code in {307, 308} and (elsewhere or origin == request.origin)
    if request.method != "GET" and not same_verb:
        return None
    headers = request.raw_headers
    if origin != request.origin:
        # Whatever else is a credential stays at home, as the key does.
        headers = [item for item in headers if not is_secret_header(item[0].decode("latin-1"))]
    return replace(request, origin=origin, target=target, raw_headers=headers)
