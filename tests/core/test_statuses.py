"""What a status becomes: a result, an error of its own, or another attempt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from together_di import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)

from .support.http_server import HTTPServer, answer, chunked, message, raw
from .support.sides import OpenSide, both_sides, chat, completion, stream_chat

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()


pytestmark = pytest.mark.usefixtures("waits")


ERROR = {"error": {"message": "Not so.", "type": "some_error", "param": "model", "code": "some_code"}}
STATUSES = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    500: InternalServerError,
    503: InternalServerError,
    418: APIStatusError,
}


@both_sides
@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_a_status_becomes_its_own_error_with_all_the_api_said(
    open_side: OpenSide, status: int, kind: type[APIStatusError]
) -> None:
    refusal = answer(ERROR, status, x_request_id="req-77")
    with HTTPServer(refusal) as server, open_side(server.url, max_retries=0) as side, pytest.raises(kind) as caught:
        side.call(chat)
    error = caught.value
    assert type(error) is kind
    assert (error.status_code, error.request_id) == (status, "req-77")
    assert (error.code, error.param, error.type) == ("some_code", "model", "some_error")
    assert error.body == ERROR
    assert "Not so." in str(error)
    assert "req-77" in str(error)


@both_sides
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"detail":"Invalid API key"}', {"detail": "Invalid API key"}),
        (b'{"error":"plain text"}', {"error": "plain text"}),
        (b"[1]", [1]),
        (b"null", None),
        (b"Bad gateway", "Bad gateway"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_any_body_of_an_error_is_kept(open_side: OpenSide, body: bytes, expected: object) -> None:
    with (
        HTTPServer(raw(message(body, 400))) as server,
        open_side(server.url) as side,
        pytest.raises(BadRequestError) as caught,
    ):
        side.call(chat)
    assert caught.value.body == expected
    assert caught.value.response.content == body


@both_sides
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_mistake_of_the_caller_is_not_sent_again(open_side: OpenSide, status: int) -> None:
    with HTTPServer(answer(ERROR, status)) as server, open_side(server.url) as side, pytest.raises(APIStatusError):
        side.call(chat)
    assert len(server.requests) == 1


@both_sides
@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_what_may_pass_is_sent_again_with_the_same_idempotency_key(open_side: OpenSide, status: int) -> None:
    with HTTPServer(answer(ERROR, status), answer(ERROR, status), GOOD) as server, open_side(server.url) as side:
        side.call(chat)
    assert len(server.requests) == 3
    assert server.connections == 1
    assert len(server.idempotency_keys) == 1


@both_sides
@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"retry_after": "0"}, 0.0), ({"retry_after": "7"}, 7.0), ({"retry_after_ms": "250", "retry_after": "7"}, 0.25)],
)
def test_the_server_says_how_long_to_wait(
    open_side: OpenSide, waits: list[float], headers: dict[str, str], wait: float
) -> None:
    with HTTPServer(answer(ERROR, 429, **headers), GOOD) as server, open_side(server.url) as side:
        side.call(chat)
    assert waits == [wait]


@both_sides
def test_a_refused_stream_is_a_status_error_and_tried_again(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    stream = raw(chunked(b"data: " + BODY + b"\n\n"))
    with HTTPServer(answer(ERROR, 503), stream) as server, open_side(server.url) as side:
        side.collect(stream_chat, chunks)
    assert (len(chunks), server.connections) == (1, 1)
