"""What is fuzzed: each target takes bytes, and fails if something else comes of them than it should."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import together_di
from together_di import APIError, APIResponseValidationError, APIStatusError
from together_di.retry import RETRIED_STATUSES, Attempt, delay_before_retry
from together_di.streaming import EventParser
from together_di.types.chat import ChatCompletion

from ..core.support.events_by_the_standard import Events, reference
from ..core.support.sides import chat, stream_chat
from . import seeds
from .arrays import open_array
from .cutting import Check, cut
from .network import Answer, AsyncNetwork, Network, check_no_key, open_async_client, open_client, outcome, without_key
from .standards import NotJSON, UnclearError, is_kept, json_value


@dataclass(frozen=True)
class Target:
    """One thing to be fuzzed.

    Attributes:
        about: What it holds against what.
        opened: Gives the function that takes the bytes; what it needs is closed with the stack.
        seeds: What to begin with.
        words: What to put in.
        json_share: How many of the changes are made to the JSON in it.
    """

    about: str
    opened: Callable[[ExitStack], Check]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    json_share: float = 0.5


def parsed(pieces: list[bytes]) -> Events:
    """The events in a body."""
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def open_events(_: ExitStack) -> Check:
    """The events are those of the standard, wherever the network cuts."""

    def check(data: bytes) -> None:
        pieces = cut(data)
        whole = b"".join(pieces)
        assert parsed(pieces) == parsed([whole]) == reference(whole)

    return check


def expected_items(events: Events) -> tuple[list[Any], type[APIError] | None, bool]:
    """What a stream of these events gives: the items, the error behind them, and whether there may be still more."""
    items: list[Any] = []
    for name, data in events:
        if data.startswith(b"[DONE]"):
            break
        try:
            value = json_value(data)
        except (NotJSON, UnclearError) as problem:
            if name == "error":
                return items, APIError, False
            return items, APIResponseValidationError, isinstance(problem, UnclearError)
        if name == "error" or (isinstance(value, dict) and value.get("error")):
            return items, APIError, False
        if not isinstance(value, dict):
            return items, APIResponseValidationError, False
        items.append(value)
    return items, None, False


def check_stream(got: list[Any], error: APIError | None, events: Events) -> None:
    """A stream has given what its events say."""
    items, kind, is_open = expected_items(events)
    assert len(got) == len(items) if not is_open else len(got) >= len(items)
    assert all(is_kept(sent, item.to_dict()) for sent, item in zip(items, got, strict=False))
    if not is_open:
        assert isinstance(error, APIError) == (kind is not None)
        assert isinstance(error, APIResponseValidationError) == (kind is APIResponseValidationError)


def read(stream: Any) -> tuple[list[Any], APIError | None]:
    """What a stream gives, and the error behind that."""
    items: list[Any] = []
    error = outcome(lambda: items.extend(stream))
    return items, error


async def aread(stream: Any) -> tuple[list[Any], APIError | None]:
    """The same, awaited."""
    items: list[Any] = []
    try:
        async for item in stream:
            items.append(item)  # noqa: PERF401 - what came before an error counts
    except APIError as error:
        check_no_key(error)
        return items, error
    return items, None


def open_stream(stack: ExitStack) -> Check:
    """A stream gives the chunks that its events hold, or a typed error, both ways, and lets go of its connection."""
    network, async_network = Network(), AsyncNetwork()
    client, async_client = open_client(network), open_async_client(async_network)
    runner = stack.enter_context(asyncio.Runner())
    headers = [(b"content-type", b"text/event-stream")]

    async def aask() -> Any:
        stream = await stream_chat(async_client)
        return *await aread(stream), stream.response

    def check(data: bytes) -> None:
        pieces = cut(data)
        network.answer, async_network.answer = answers = Answer(pieces, 200, headers), Answer(pieces, 200, headers)
        stream = stream_chat(client)
        items, error = read(stream)
        same, async_error, response = runner.run(aask())
        assert (items, type(error), str(error)) == (same, type(async_error), str(async_error))
        assert stream.response.is_closed
        assert response.is_closed
        assert all(answer.is_let_go for answer in answers)
        check_stream(items, error, reference(b"".join(pieces)))

    return check


def open_answer(_: ExitStack) -> Check:
    """An object becomes a model that has all of it; what is none, or does not fit a strict client, is a typed error."""
    network = Network()
    lenient = open_client(network)
    strict = lenient.copy(strict=True)

    def check(data: bytes) -> None:
        network.answer = Answer(cut(data), headers=[(b"content-type", b"application/json")])
        results = [outcome(partial(chat, client)) for client in (lenient, strict)]
        kinds = [type(result) for result in results]
        assert set(kinds) <= {ChatCompletion, APIResponseValidationError}
        if kinds[1] is ChatCompletion:
            assert results[0] == results[1]
        try:
            sent = json_value(b"".join(network.answer.pieces))
        except UnclearError:
            return
        except NotJSON:
            sent = None
        assert (kinds[0] is ChatCompletion) == isinstance(sent, dict)
        assert not isinstance(sent, dict) or is_kept(sent, results[0].to_dict())

    return check


BY_STATUS = {
    400: together_di.BadRequestError,
    401: together_di.AuthenticationError,
    403: together_di.PermissionDeniedError,
    404: together_di.NotFoundError,
    409: together_di.ConflictError,
    422: together_di.UnprocessableEntityError,
    429: together_di.RateLimitError,
}
#: A field name and a field value (RFC 9110, 5).
FIELD = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[!-~\x80-\xff](?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*"
)


def refused(data: bytes) -> Answer:
    """The answer that an input stands for, with a status of 400 or more."""
    message = b"".join(cut(data))
    head, _, body = message.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    status = 400 + (int(first) if first.isdigit() and len(first) == 3 else len(first)) % 400 % 200
    fields = [found.groups() for line in lines if (found := FIELD.fullmatch(line))]
    # The transport decompresses before anything else, and what it cannot is no answer.
    headers = [(name, value) for name, value in fields if name.lower() != b"content-encoding"]
    return Answer([body], status, headers)


def expected_delay(answer: Answer) -> float | None:
    """Seconds that the server asks to wait, where it does so in the plainest form (RFC 9110, 10.2.3)."""
    said = {name.lower(): value for name, value in answer.headers}
    if len(said) < len(answer.headers) or b"retry-after-ms" in said or b"x-should-retry" in said:
        return None
    asked = said.get(b"retry-after", b"")
    passes = answer.status in RETRIED_STATUSES or answer.status >= 500
    return min(float(asked), 60.0) if passes and asked.isdigit() else None


def open_error(_: ExitStack) -> Check:
    """A refusal is the error of its status, with the body as it came, and it is known how long to wait."""
    network = Network()
    client = open_client(network)

    def check(data: bytes) -> None:
        answer = network.answer = refused(data)
        error = outcome(lambda: chat(client))
        status = answer.status
        fallback = together_di.InternalServerError if status >= 500 else APIStatusError
        assert (type(error), error.status_code) == (BY_STATUS.get(status, fallback), status)
        with suppress(NotJSON, UnclearError):
            assert error.body == without_key(json_value(b"".join(answer.pieces)))
        assert (error.request_id is None) == all(name.lower() != b"x-request-id" for name, _ in answer.headers)
        delay = delay_before_retry(Attempt(0, 2, error))
        assert delay is None or 0 <= delay <= 60
        assert expected_delay(answer) in {None, delay}

    return check


TARGETS = {
    "events": Target(str(open_events.__doc__), open_events, seeds.EVENTS, seeds.EVENT_WORDS, 0.0),
    "stream": Target(str(open_stream.__doc__), open_stream, seeds.STREAMS, seeds.EVENT_WORDS + seeds.JSON_WORDS),
    "answer": Target(str(open_answer.__doc__), open_answer, seeds.ANSWERS, seeds.JSON_WORDS),
    "error": Target(str(open_error.__doc__), open_error, seeds.ERRORS, seeds.HEADER_WORDS + seeds.JSON_WORDS),
    "array": Target(str(open_array.__doc__), open_array, seeds.ARRAYS, seeds.ARRAY_WORDS),
}
