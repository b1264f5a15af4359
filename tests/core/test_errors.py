"""Every failure is one of the package's own errors, says what happened, and survives pickling."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

import together_di
from together_di import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncTogether,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    ConflictError,
    InternalServerError,
    MissingAPIKeyError,
    NotFoundError,
    PermissionDeniedError,
    PoolTimeoutError,
    RateLimitError,
    Together,
    TogetherError,
    UnprocessableEntityError,
    errors,
)
from together_di.address import Origin
from together_di.errors import status_error, stream_error
from together_di.wire import Request, Response

BY_STATUS = [
    (400, BadRequestError),
    (401, AuthenticationError),
    (403, PermissionDeniedError),
    (404, NotFoundError),
    (409, ConflictError),
    (422, UnprocessableEntityError),
    (429, RateLimitError),
    (500, InternalServerError),
    (503, InternalServerError),
    (529, InternalServerError),
    (418, APIStatusError),
    (304, APIStatusError),
]


def response(status: int, body: object = b"", **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Response(status, raw, Request("GET", Origin("https", "host", None), "/v1/x", []), content=content)


def failing(answer: Callable[[httpx.Request], httpx.Response], *, way: str, **options: Any) -> Exception:
    """What a call raises when the server answers so."""

    async def acall() -> None:
        client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        together = AsyncTogether(api_key="k", max_retries=0, http_client=client, **options)
        await together.embeddings.create(model="m", input="Hi")

    def call() -> None:
        client = httpx.Client(transport=httpx.MockTransport(answer))
        Together(api_key="k", max_retries=0, http_client=client, **options).embeddings.create(model="m", input="Hi")

    with pytest.raises(Exception) as caught:
        call() if way == "sync" else asyncio.run(acall())
    return caught.value


Ways = pytest.mark.parametrize("way", ["sync", "async"])


# Kinds


@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
def test_each_status_has_its_error(status: int, kind: type[APIStatusError]) -> None:
    error = status_error(response(status))
    assert (type(error), error.status_code) == (kind, status)


@Ways
@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
def test_a_call_raises_the_error_of_the_status(status: int, kind: type[APIStatusError], way: str) -> None:
    assert type(failing(lambda _: httpx.Response(status, json={}), way=way)) is kind


def test_every_error_is_a_together_error() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
    ours = [kind for kind in kinds if not issubclass(kind, Warning)]
    assert all(issubclass(kind, TogetherError) for kind in ours)
    assert all(getattr(together_di, kind.__name__) is kind for kind in kinds)


def test_an_error_can_be_made_without_a_response() -> None:
    error = RateLimitError("Slow down")
    assert (str(error), error.status_code, error.request_id, error.body) == ("Slow down", 429, None, None)


def test_errors_can_be_caught_as_the_built_in_ones() -> None:
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(ClientClosedError, RuntimeError)


# What they say


def test_what_the_api_says_is_in_the_message_and_in_the_attributes() -> None:
    body = {"error": {"message": "No such model", "code": "model_not_found", "param": "model", "type": "invalid"}}
    error = status_error(response(404, body, x_request_id="req-1"))
    assert "404" in str(error)
    assert "No such model" in str(error)
    assert "req-1" in str(error)
    assert (error.code, error.param, error.type) == ("model_not_found", "model", "invalid")
    assert (error.body, error.request_id, error.message) == (body, "req-1", str(error))


@pytest.mark.parametrize(
    "body",
    [
        {"error": "No such model"},
        {"message": "No such model"},
        {"error": {"message": "No such model"}},
        "No such model",
        b"<html>No such model</html>",
    ],
)
def test_the_message_is_found_wherever_the_server_puts_it(body: object) -> None:
    assert "No such model" in str(status_error(response(404, body)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"[1]",
        b"{}",
        b'{"error": null}',
        b'{"error": []}',
        b'{"error": {"message": {"a": 1}, "code": 5}}',
        b"\xff\xfe",
        b"{",
    ],
)
def test_no_body_of_an_error_hides_the_status(body: bytes) -> None:
    error = status_error(response(500, body))
    assert str(error).startswith("500 Internal Server Error")


def test_a_deeply_nested_body_of_an_error_does_not_hide_the_status() -> None:
    assert status_error(response(500, b"[" * 200_000)).status_code == 500


def test_a_code_that_is_a_number_is_given_as_text() -> None:
    assert status_error(response(400, {"error": {"code": 42}})).code == "42"


def test_an_unknown_status_has_a_message() -> None:
    assert "799" in str(status_error(response(799)))


def test_a_long_body_is_cut_in_the_message() -> None:
    assert len(str(status_error(response(500, b"x" * 100_000)))) < 1000


@pytest.mark.parametrize(
    ("details", "kind", "status"),
    [
        ({"status": 429}, RateLimitError, 429),
        ({"status_code": "503"}, InternalServerError, 503),
        ({"code": 400}, BadRequestError, 400),
        ({"type": "rate_limit_error"}, RateLimitError, 429),
        ({"type": "server_error", "code": "oops"}, InternalServerError, 500),
    ],
)
def test_an_error_event_in_a_stream_has_the_type_of_its_status(
    details: dict[str, object], kind: type[APIStatusError], status: int
) -> None:
    error = stream_error(response(200), {"error": {"message": "Broken", **details}}, 3)
    assert isinstance(error, APIStatusError)
    assert (type(error), error.status_code) == (kind, status)
    assert "3 chunks" in str(error)


@pytest.mark.parametrize(
    "body", [None, [], "text", {}, {"error": None}, {"error": {"code": 200}}, {"error": {"code": True}}]
)
def test_an_error_event_without_a_status_is_an_api_error(body: object) -> None:
    assert type(stream_error(response(200), body, 0)) is APIError


def test_an_error_event_with_an_odd_digit_is_an_api_error() -> None:
    assert type(stream_error(response(200), {"error": {"code": "40\u00b2"}}, 0)) is APIError


# What goes wrong on the way


@Ways
@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (httpx.ConnectError("refused"), APIConnectionError),
        (httpx.ReadError("reset"), APIConnectionError),
        (httpx.RemoteProtocolError("nonsense"), APIConnectionError),
        (httpx.ConnectTimeout("slow"), APITimeoutError),
        (httpx.ReadTimeout("slow"), APITimeoutError),
        (httpx.WriteTimeout("slow"), APITimeoutError),
        (httpx.PoolTimeout("slow"), PoolTimeoutError),
    ],
)
def test_what_the_http_library_raises_becomes_ours(raised: Exception, kind: type[Exception], way: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise raised

    error = failing(answer, way=way)
    assert type(error) is kind
    assert isinstance(error, APIError)
    assert error.request is not None
    assert error.request.url == "https://api.together.ai/v1/embeddings"


@Ways
def test_a_timeout_says_which_limit_was_reached(way: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("")

    message = str(failing(answer, way=way, timeout=httpx.Timeout(30, connect=1.5)))
    assert "1.5 s" in message
    assert "connect" in message
    assert "api.together.ai" in message


@Ways
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": [', b"\xff"])
def test_an_answer_that_is_no_json_is_an_error_with_the_beginning_of_the_answer(way: str, body: bytes) -> None:
    error = failing(lambda _: httpx.Response(200, content=body, headers={"content-type": "text/html"}), way=way)
    assert isinstance(error, APIResponseValidationError)
    assert "text/html" in str(error)
    assert (error.status_code, error.body) == (200, body.decode("utf-8", "replace"))


@Ways
def test_an_answer_of_another_shape_is_an_error_only_if_strict(way: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"object": "list", "model": 5, "data": "many"})

    assert isinstance(failing(answer, way=way, strict=True), APIResponseValidationError)
    http_client = httpx.Client(transport=httpx.MockTransport(answer))
    lenient: Any = Together(api_key="k", http_client=http_client).embeddings.create(model="m", input="Hi")
    assert (lenient.model, lenient.data) == (5, "many")


class BadlyCompressed(BaseHTTPRequestHandler):
    """Says gzip, and sends something else."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-encoding", "gzip")
        self.send_header("content-length", "8")
        self.end_headers()
        self.wfile.write(b"not gzip")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@Ways
def test_an_answer_that_cannot_be_decompressed_is_an_api_error(way: str) -> None:
    with HTTPServer(("127.0.0.1", 0), BadlyCompressed) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_port}"
        try:
            with pytest.raises(APIError):
                call_over_the_network(base_url) if way == "sync" else asyncio.run(acall_over_the_network(base_url))
        finally:
            server.shutdown()


def call_over_the_network(base_url: str) -> None:
    with Together(api_key="k", base_url=base_url, max_retries=0) as client:
        client.embeddings.create(model="m", input="Hi")


async def acall_over_the_network(base_url: str) -> None:
    async with AsyncTogether(api_key="k", base_url=base_url, max_retries=0) as client:
        await client.embeddings.create(model="m", input="Hi")


# Copies


def every_error() -> list[Exception]:
    request = Request("POST", Origin("https", "host", None), "/v1/x", [(b"X-Team", b"search")])
    answer = response(
        429, {"error": {"message": "Slow down", "code": "c", "param": "p", "type": "t"}}, x_request_id="r"
    )
    by_status = [
        kind("message", response=answer, body={"error": {"code": "c"}})
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, APIStatusError) and kind is not MissingAPIKeyError
    ]
    connection = APIConnectionError("Broken", request=request)
    connection.unanswered = True
    return [
        *by_status,
        connection,
        TogetherError("message"),
        ConfigurationError("message"),
        ClientClosedError("message"),
        APIError("message", request, body={"error": {"code": "c"}}),
        APITimeoutError(request, message="Too slow"),
        APIResponseValidationError(answer, "text", message="Odd"),
        MissingAPIKeyError("No key", places=("here", "there")),
        status_error(answer),
        stream_error(answer, {"error": {"message": "m", "status": 503}}, 2),
    ]


Duplicates = pytest.mark.parametrize(
    "duplicate",
    [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deep"],
)


@Duplicates
@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_a_copy_of_an_error_is_the_same_error(error: Exception, duplicate: Callable[[Exception], Exception]) -> None:
    restored = duplicate(error)
    assert (type(restored), str(restored), restored.args) == (type(error), str(error), error.args)
    assert vars(restored).keys() == vars(error).keys()
    for name in ("message", "body", "code", "param", "type", "status_code", "request_id", "places", "unanswered"):
        assert getattr(restored, name, None) == getattr(error, name, None)


@Duplicates
def test_a_copy_of_an_error_keeps_its_request_and_response(duplicate: Callable[[Exception], Exception]) -> None:
    restored = duplicate(status_error(response(404, {"error": "gone"}, x_request_id="r")))
    assert isinstance(restored, APIStatusError)
    assert restored.request is not None
    assert (restored.request.url, restored.response.headers["x-request-id"]) == ("https://host/v1/x", "r")
    assert restored.response.json() == {"error": "gone"}


def test_an_error_of_an_upload_can_be_pickled(tmp_path: Path) -> None:
    recording = tmp_path / "recording.wav"
    recording.write_bytes(b"RIFF")
    http_client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(400, json={"error": "no"})))
    client = Together(api_key="k", http_client=http_client)
    with recording.open("rb") as file, pytest.raises(BadRequestError) as caught:
        client.audio.transcriptions.create(file=file)
    restored = pickle.loads(pickle.dumps(caught.value))
    assert restored.status_code == 400


@Ways
def test_the_request_an_error_keeps_has_neither_key_nor_body(way: str) -> None:
    error = failing(lambda _: httpx.Response(400, json={"error": "no"}), way=way)
    assert isinstance(error, APIError)
    assert error.request is not None
    assert (error.request.key, error.request.content) == (None, b"")
    assert isinstance(error, APIStatusError)
    assert error.response.request is not None
    assert (error.response.request.key, error.response.request.content) == (None, b"")


def test_the_response_an_error_keeps_has_no_body_of_its_request_where_no_key_was_sent() -> None:
    sent = Request("POST", Origin("https", "host", None), "/v1/x", [], b"secret prompt")
    error = status_error(Response(400, [], sent, content=b"no"))
    assert error.response.request is not None
    assert error.response.request.content == b""
    assert sent.content == b"secret prompt"
