"""Requests over real sockets: connections kept, lost and timed out, and answers of every kind."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

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
    ConflictError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Timeout,
    Together,
    UnprocessableEntityError,
)

from .support.http_server import (
    PATIENCE,
    Answer,
    HTTPServer,
    Peer,
    answer,
    chunked,
    message,
    raw,
    redirect,
    then_hang_up,
    then_reset,
    then_stall,
)
from .support.sides import CHAT, KEY, OpenSide, both_sides, chat, completion, list_files, record_waits, stream_chat

GOOD = answer(completion())
FILES = answer({"data": []})
BODY = json.dumps(completion()).encode()
HTML = {"Content-Type": "text/html; charset=utf-8"}


def idempotency_keys(server: HTTPServer) -> set[str]:
    return {request.headers["idempotency-key"] for request in server.requests}


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return record_waits(monkeypatch)


# Connections that are kept


@both_sides
def test_calls_share_one_connection(open_side: OpenSide) -> None:
    with HTTPServer(default=GOOD) as server, open_side(server.url) as side:
        for _ in range(5):
            side.call(chat)
    assert (server.connections, len(server.requests)) == (1, 5)


@both_sides
def test_a_stream_read_to_its_end_gives_the_connection_back(open_side: OpenSide) -> None:
    script = raw(chunked(b"data: " + BODY + b"\n\ndata: [DONE]\n\n"))
    with HTTPServer(script, script, GOOD) as server, open_side(server.url) as side:
        for _ in range(2):
            side.collect(stream_chat, [])
        side.call(chat)
    assert len(server.requests) == 3


@both_sides
def test_an_error_answer_gives_the_connection_back(open_side: OpenSide) -> None:
    with HTTPServer(answer({}, 404), GOOD) as server, open_side(server.url) as side:
        with pytest.raises(NotFoundError):
            side.call(chat)
        side.call(chat)
    assert server.connections == 1


@both_sides
def test_an_answer_with_connection_close_is_followed_by_a_new_connection(open_side: OpenSide) -> None:
    last = then_hang_up(message(BODY, headers={"Connection": "close"}))
    with HTTPServer(last, GOOD) as server, open_side(server.url) as side:
        side.call(chat)
        side.call(chat)
    assert (server.connections, len(server.requests)) == (2, 2)


def answer_then(end: Callable[[Peer], None]) -> tuple[Answer, threading.Event]:
    """An answer after which the connection ends, and the event that says that it has."""
    gone = threading.Event()

    def act(peer: Peer) -> None:
        peer.send(message(BODY))
        end(peer)
        gone.set()

    return act, gone


@both_sides
def test_a_connection_closed_between_two_calls_is_survived(open_side: OpenSide) -> None:
    leaving, gone = answer_then(Peer.hang_up)
    with HTTPServer(leaving, GOOD) as server, open_side(server.url) as side:
        side.call(chat)
        assert gone.wait(PATIENCE)
        assert side.call(chat).choices[0].message.content == "Hello"
    assert server.connections == 2


ENDS = pytest.mark.parametrize("end", [Peer.hang_up, Peer.reset], ids=["closed", "reset"])


@ENDS
def test_a_connection_closed_between_two_calls_is_noticed_before_it_is_used(end: Callable[[Peer], None]) -> None:
    leaving, gone = answer_then(end)
    with HTTPServer(leaving, GOOD) as server, Together(api_key=KEY, base_url=server.url, max_retries=0) as client:
        client.chat.completions.create(**CHAT)
        assert gone.wait(PATIENCE)
        assert client.chat.completions.create(**CHAT).id == "c-1"
    assert server.connections == 2


@ENDS
@pytest.mark.xfail(strict=True, raises=APIConnectionError, reason="asks what the loop has read, not the socket itself")
def test_a_connection_closed_while_the_loop_was_busy_is_noticed_before_it_is_used(end: Callable[[Peer], None]) -> None:
    answered = threading.Event()

    def end_later(peer: Peer) -> None:
        assert answered.wait(PATIENCE)
        end(peer)

    leaving, gone = answer_then(end_later)

    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url, max_retries=0) as client:
            await client.chat.completions.create(**CHAT)
            answered.set()
            assert gone.wait(PATIENCE)  # blocks the loop
            assert (await client.chat.completions.create(**CHAT)).id == "c-1"

    with HTTPServer(leaving, GOOD) as server:
        asyncio.run(main(server.url))


@both_sides
@pytest.mark.parametrize("end", [then_hang_up(), then_reset()], ids=["closed", "reset"])
def test_a_kept_connection_that_dies_under_a_request_is_survived_with_the_same_idempotency_key(
    open_side: OpenSide, end: Any
) -> None:
    with HTTPServer(GOOD, end, GOOD) as server, open_side(server.url) as side:
        side.call(chat)
        assert side.call(chat).choices[0].message.content == "Hello"
    assert [request.connection for request in server.requests] == [1, 1, 2]
    assert server.requests[1].body == server.requests[2].body
    assert server.requests[1].headers["idempotency-key"] == server.requests[2].headers["idempotency-key"]
    assert len(idempotency_keys(server)) == 2


@both_sides
@pytest.mark.parametrize(
    "end",
    [
        pytest.param(then_hang_up(), id="closed"),
        pytest.param(
            then_reset(),
            id="reset",
            marks=pytest.mark.xfail(strict=True, reason="a reset before an answer does not count as unanswered"),
        ),
    ],
)
def test_a_connection_that_dies_unanswered_is_tried_again_without_waiting(
    open_side: OpenSide, waits: list[float], end: Any
) -> None:
    with HTTPServer(GOOD, end, GOOD) as server, open_side(server.url) as side:
        side.call(chat)
        side.call(chat)
    assert waits == [0.0]


@both_sides
@pytest.mark.parametrize("end", [then_hang_up(), then_reset()], ids=["closed", "reset"])
def test_without_retries_a_dying_connection_is_a_typed_error(open_side: OpenSide, end: Any) -> None:
    with HTTPServer(GOOD, end) as server, open_side(server.url, max_retries=0) as side:
        side.call(chat)
        with pytest.raises(APIConnectionError) as caught:
            side.call(chat)
    assert type(caught.value) is APIConnectionError
    assert f"127.0.0.1:{server.port}" in str(caught.value)
    assert len(server.requests) == 2


@both_sides
def test_a_server_that_never_answers_is_given_up_after_the_retries(open_side: OpenSide) -> None:
    with (
        HTTPServer(default=then_hang_up()) as server,
        open_side(server.url, max_retries=3) as side,
        pytest.raises(APIConnectionError),
    ):
        side.call(chat)
    assert len(server.requests) == 4
    assert len(idempotency_keys(server)) == 1


@both_sides
def test_the_error_of_a_broken_connection_holds_no_key(open_side: OpenSide) -> None:
    with (
        HTTPServer(then_hang_up()) as server,
        open_side(server.url, max_retries=0) as side,
        pytest.raises(APIConnectionError) as caught,
    ):
        side.call(chat)
    request = caught.value.request
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert request is not None
    assert request.key is None
    assert "authorization" not in request.headers
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__traceback__ is None


@both_sides
def test_closing_the_client_closes_its_connections(open_side: OpenSide) -> None:
    with HTTPServer(default=GOOD) as server:
        with open_side(server.url) as side:
            side.call(chat)
            assert not server.is_closed(1)
        server.wait_until_closed(1)


@both_sides
def test_a_closed_client_sends_nothing(open_side: OpenSide) -> None:
    with HTTPServer() as server, open_side(server.url) as side:
        side.call(lambda client: client.close())
        with pytest.raises(ClientClosedError):
            side.call(chat)
    assert server.connections == 0


def test_threads_share_a_client_each_on_a_connection_of_its_own() -> None:
    together = threading.Barrier(4)

    def meet(peer: Peer) -> None:
        together.wait(PATIENCE)
        peer.send(message(BODY))

    answers: list[str | None] = []
    with HTTPServer(default=meet) as server, Together(api_key=KEY, base_url=server.url) as client:

        def work() -> None:
            answers.append(client.chat.completions.create(**CHAT).choices[0].message.content)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert answers == ["Hello"] * 4
    assert server.connections == 4


def test_tasks_share_a_client_each_on_a_connection_of_its_own() -> None:
    together = threading.Barrier(4)

    def meet(peer: Peer) -> None:
        together.wait(PATIENCE)
        peer.send(message(BODY))

    async def main(url: str) -> list[Any]:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            return await asyncio.gather(*(client.chat.completions.create(**CHAT) for _ in range(4)))

    with HTTPServer(default=meet) as server:
        answers = asyncio.run(main(server.url))
    assert len(answers) == 4
    assert server.connections == 4


def test_a_cancelled_call_closes_its_connection_and_leaves_the_client_usable() -> None:
    async def main(server: HTTPServer) -> None:
        async with AsyncTogether(api_key=KEY, base_url=server.url) as client:
            task = asyncio.create_task(client.chat.completions.create(**CHAT))
            await asyncio.to_thread(server.wait_for_requests, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(server.wait_until_closed, 1)
            assert (await client.chat.completions.create(**CHAT)).id == "c-1"

    with HTTPServer(then_stall(), GOOD) as server:
        asyncio.run(main(server))
    assert len(server.requests) == 2


# Time limits


@both_sides
def test_a_read_timeout_names_the_limit(open_side: OpenSide) -> None:
    limit = Timeout(PATIENCE, read=0.05)
    with HTTPServer(then_stall()) as server, open_side(server.url, timeout=limit, max_retries=0) as side:
        with pytest.raises(APITimeoutError, match=r"sent nothing for 0\.05 s \(timeout read\)"):
            side.call(chat)
        server.wait_until_closed(1)


@both_sides
def test_a_read_timeout_in_mid_body_names_the_limit(open_side: OpenSide) -> None:
    stalled = then_stall(message(BODY)[:-10])
    with (
        HTTPServer(stalled) as server,
        open_side(server.url, max_retries=0) as side,
        pytest.raises(APITimeoutError, match=r"0\.05 s \(timeout read\)"),
    ):
        side.call(lambda client: client.chat.completions.create(**CHAT, timeout=0.05))


@both_sides
def test_a_timed_out_call_is_tried_again_on_another_connection(open_side: OpenSide) -> None:
    limit = Timeout(PATIENCE, read=0.05)
    with HTTPServer(then_stall(), GOOD) as server, open_side(server.url) as side:
        # The second answer comes at once, but the first must not be waited for.
        side.call(lambda client: client.with_options(timeout=limit).chat.completions.create(**CHAT))
    assert [request.connection for request in server.requests] == [1, 2]
    assert len(idempotency_keys(server)) == 1


@both_sides
def test_the_timeout_of_a_call_wins_over_that_of_the_client(open_side: OpenSide) -> None:
    with (
        HTTPServer(then_stall()) as server,
        open_side(server.url, timeout=PATIENCE, max_retries=0) as side,
        pytest.raises(APITimeoutError, match=r"0\.03 s"),
    ):
        side.call(lambda client: client.chat.completions.create(**CHAT, timeout=0.03))


@both_sides
def test_a_write_timeout_names_the_limit(open_side: OpenSide) -> None:
    halted = threading.Event()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            held.append(listener.accept()[0])
            halted.wait(PATIENCE)
            held[0].close()

        thread = threading.Thread(target=accept)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        limit = Timeout(PATIENCE, write=0.05)
        with (
            open_side(url, timeout=limit, max_retries=0) as side,
            pytest.raises(APITimeoutError, match=r"took nothing for 0\.05 s \(timeout write\)"),
        ):
            side.call(lambda client: client.completions.create(model="m", prompt="x" * 2**24))
        halted.set()
        thread.join(PATIENCE)


@contextmanager
def full_backlog() -> Generator[int]:
    """A port whose queue of new connections is full, so that the next one is neither accepted nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting: list[socket.socket] = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(address)
            waiting.append(sock)
        try:
            with socket.socket() as probe:
                probe.settimeout(0.05)
                try:
                    probe.connect(address)
                except TimeoutError:
                    pass
                else:
                    pytest.skip("This system's queue of new connections cannot be filled")
            yield address[1]
        finally:
            for sock in waiting:
                sock.close()


@both_sides
def test_a_connect_timeout_names_the_limit(open_side: OpenSide) -> None:
    limit = Timeout(PATIENCE, connect=0.05)
    with (
        full_backlog() as port,
        open_side(f"http://127.0.0.1:{port}", timeout=limit, max_retries=0) as side,
        pytest.raises(APITimeoutError, match=r"No connection to 127\.0\.0\.1:\d+ within 0\.05 s"),
    ):
        side.call(chat)


@both_sides
def test_a_full_pool_times_out_and_names_the_limit(open_side: OpenSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("together_di.transport.pool.MAX_CONNECTIONS", 1)
    monkeypatch.setattr("together_di.transport.async_pool.MAX_CONNECTIONS", 1)
    limit = Timeout(PATIENCE, pool=0.05)
    held = then_stall(chunked(b"data: " + BODY + b"\n\n", end=False))
    with HTTPServer(held) as server, open_side(server.url, timeout=limit, max_retries=0) as side:
        stream = side.call(stream_chat)
        with pytest.raises(APITimeoutError, match=r"busy for 0\.05 s \(timeout pool\)"):
            side.call(chat)
        side.call(lambda _: stream.close())
    assert len(server.requests) == 1


# Answers that are not what they should be


@both_sides
def test_a_refused_connection_is_a_typed_error(open_side: OpenSide) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        open_side(f"http://127.0.0.1:{port}", max_retries=0) as side,
        pytest.raises(APIConnectionError, match=f"Connection to 127.0.0.1:{port} failed") as caught,
    ):
        side.call(chat)
    assert not isinstance(caught.value, APITimeoutError)


BROKEN = {
    "reset in mid-body": then_reset(message(BODY)[:-5]),
    "closed in mid-body": then_hang_up(message(BODY)[:-5]),
    "closed in mid-chunk": then_hang_up(chunked(BODY, end=False, content_type="application/json")[:-5]),
    "last chunk missing": then_hang_up(chunked(BODY, end=False, content_type="application/json")),
    "closed in the headers": then_hang_up(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "another protocol": then_hang_up(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
    "a bad chunk size": then_hang_up(
        message(b"nothex\r\n", headers={"Content-Length": "", "Transfer-Encoding": "chunked"})
    ),
    "two lengths": then_hang_up(message(BODY, headers={"content-length": "3"})),
}


@both_sides
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_a_typed_error(open_side: OpenSide, broken: Any) -> None:
    with (
        HTTPServer(broken) as server,
        open_side(server.url, max_retries=0) as side,
        pytest.raises(APIConnectionError, match=f"Connection to 127.0.0.1:{server.port} failed"),
    ):
        side.call(chat)


@both_sides
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_asked_for_again(open_side: OpenSide, broken: Any) -> None:
    with HTTPServer(broken, GOOD) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
    assert [request.connection for request in server.requests] == [1, 2]


@both_sides
def test_a_web_page_with_status_200_is_a_validation_error_that_names_its_type(open_side: OpenSide) -> None:
    page = raw(message(b"<html><body>Sign in</body></html>", headers=HTML))
    with (
        HTTPServer(page) as server,
        open_side(server.url) as side,
        pytest.raises(APIResponseValidationError, match="200, text/html; charset=utf-8") as caught,
    ):
        side.call(chat)
    assert caught.value.status_code == 200
    assert caught.value.body == "<html><body>Sign in</body></html>"


@both_sides
def test_an_empty_answer_is_a_validation_error(open_side: OpenSide) -> None:
    with (
        HTTPServer(raw(message())) as server,
        open_side(server.url) as side,
        pytest.raises(APIResponseValidationError, match=r"chat\.completions\.create\(\)"),
    ):
        side.call(chat)


@both_sides
@pytest.mark.xfail(
    strict=True, raises=APIResponseValidationError, reason="204 No Content is decoded as if it were JSON"
)
def test_no_content_is_a_success_for_a_method_whose_answer_may_be_empty(open_side: OpenSide) -> None:
    gone = raw(message(status=204, headers={"Content-Length": "", "Content-Type": ""}))
    with HTTPServer(gone) as server, open_side(server.url) as side:
        assert side.call(lambda client: client.files.delete("file-1")).deleted is None


def test_a_raw_response_shows_a_204() -> None:
    gone = raw(message(status=204, headers={"Content-Length": "", "Content-Type": ""}))
    with HTTPServer(gone) as server, Together(api_key=KEY, base_url=server.url) as client:
        response = client.with_raw_response.files.delete("file-1")
    assert (response.status_code, response.read()) == (204, b"")


@both_sides
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_a_compressed_answer_is_decompressed(open_side: OpenSide, coding: str) -> None:
    packed = zlib.compress(BODY) if coding == "deflate" else gzip.compress(BODY)
    reply = raw(message(packed, headers={"Content-Encoding": coding}))
    with HTTPServer(reply) as server, open_side(server.url) as side:
        assert side.call(chat).choices[0].message.content == "Hello"
    assert "gzip" in server.requests[0].headers["accept-encoding"]


@both_sides
def test_a_compressed_stream_is_decompressed_as_it_arrives(open_side: OpenSide) -> None:
    packer = zlib.compressobj(wbits=31)
    event = b"data: " + BODY + b"\n\n"
    parts = [packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(3)] + [packer.flush()]
    reply = chunked(*parts).replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1)
    chunks: list[Any] = []
    with HTTPServer(raw(reply)) as server, open_side(server.url) as side:
        side.collect(stream_chat, chunks)
    assert len(chunks) == 3


@both_sides
def test_an_answer_that_cannot_be_decompressed_is_a_typed_error(open_side: OpenSide) -> None:
    reply = raw(message(b"this is not gzip", headers={"Content-Encoding": "gzip"}))
    with HTTPServer(default=reply) as server, open_side(server.url, max_retries=0) as side, pytest.raises(APIError):
        side.call(chat)


@both_sides
def test_an_answer_without_length_ends_with_its_connection(open_side: OpenSide) -> None:
    old = then_hang_up(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY)
    with HTTPServer(old, GOOD) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
        assert side.call(chat).id == "c-1"
    assert server.connections == 2


@both_sides
def test_interim_answers_are_passed_over(open_side: OpenSide) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    with HTTPServer(raw(early + message(BODY))) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"


@both_sides
def test_an_answer_that_arrives_byte_by_byte_is_whole(open_side: OpenSide) -> None:
    def drip(peer: Peer) -> None:
        for byte in message(BODY):
            peer.send(bytes([byte]))

    with HTTPServer(drip) as server, open_side(server.url) as side:
        assert side.call(chat).choices[0].message.content == "Hello"


@both_sides
def test_text_beyond_ascii_survives_the_way_there_and_back(open_side: OpenSide) -> None:
    text = "café 🦙 \u2028 \x00 \ud7ff"
    messages = [{"role": "user", "content": text}]
    with HTTPServer(answer(completion(text))) as server, open_side(server.url) as side:
        reply = side.call(lambda client: client.chat.completions.create(model="m", messages=messages))
    assert reply.choices[0].message.content == text
    assert server.requests[0].json()["messages"] == messages


# Statuses

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
    assert len(idempotency_keys(server)) == 1


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


# Redirects


@both_sides
def test_a_get_is_followed_on_the_same_host_with_the_key(open_side: OpenSide) -> None:
    with HTTPServer(redirect("/elsewhere?x=1"), FILES) as server, open_side(server.url) as side:
        side.call(list_files)
    assert [request.target for request in server.requests] == ["/v1/files", "/elsewhere?x=1"]
    assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"
    assert server.connections == 1


@both_sides
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_is_followed_to_another_host_without_the_key(open_side: OpenSide, status: int) -> None:
    with (
        HTTPServer(FILES) as other,
        HTTPServer(redirect(f"{other.url}/there", status)) as server,
        open_side(server.url) as side,
    ):
        side.call(list_files)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert other.requests[0].target == "/there"
    assert other.requests[0].headers["host"] == f"127.0.0.1:{other.port}"
    assert "authorization" not in other.requests[0].headers
    assert KEY not in str(other.requests)


@both_sides
def test_the_key_comes_back_when_a_redirect_leads_home(open_side: OpenSide) -> None:
    with HTTPServer() as home, HTTPServer(redirect(f"{home.url}/back")) as other:
        home.script += [redirect(f"{other.url}/there"), FILES]
        with open_side(home.url) as side:
            side.call(list_files)
    assert "authorization" not in other.requests[0].headers
    assert home.requests[1].headers["authorization"] == f"Bearer {KEY}"


@both_sides
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_not_followed_to_another_host(open_side: OpenSide, status: int) -> None:
    with (
        HTTPServer() as other,
        HTTPServer(redirect(f"{other.url}/there", status)) as server,
        open_side(server.url) as side,
        pytest.raises(APIStatusError) as caught,
    ):
        side.call(chat)
    assert caught.value.status_code == status
    assert other.connections == 0


@both_sides
@pytest.mark.parametrize("status", [307, 308])
def test_a_post_is_followed_on_the_same_host_with_its_body(open_side: OpenSide, status: int) -> None:
    with HTTPServer(redirect("/v1/other", status), GOOD) as server, open_side(server.url) as side:
        side.call(chat)
    first, second = server.requests
    assert (second.method, second.target, second.body) == ("POST", "/v1/other", first.body)
    assert len(idempotency_keys(server)) == 1


@both_sides
@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_never_becomes_a_get(open_side: OpenSide, status: int) -> None:
    with (
        HTTPServer(redirect("/v1/other", status)) as server,
        open_side(server.url) as side,
        pytest.raises(APIStatusError),
    ):
        side.call(chat)
    assert len(server.requests) == 1


@both_sides
def test_a_redirect_loop_ends(open_side: OpenSide) -> None:
    with (
        HTTPServer(default=redirect("/v1/files")) as server,
        open_side(server.url) as side,
        pytest.raises(APIStatusError) as caught,
    ):
        side.call(list_files)
    assert caught.value.status_code == 302
    assert len(server.requests) == 11


@both_sides
@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "file:///etc/passwd", "", "mailto:a@b"])
def test_a_redirect_to_nowhere_is_an_error(open_side: OpenSide, location: str) -> None:
    with HTTPServer(redirect(location)) as server, open_side(server.url) as side, pytest.raises(APIStatusError):
        side.call(list_files)


@both_sides
@pytest.mark.parametrize("location", ["http://127.0.0.1:99999/x", "http://[::1/x", "http://127.0.0.1:port/"])
@pytest.mark.xfail(strict=True, raises=ValueError, reason="urlsplit's ValueError escapes for a malformed Location")
def test_a_redirect_to_a_malformed_address_is_an_error(open_side: OpenSide, location: str) -> None:
    with HTTPServer(redirect(location)) as server, open_side(server.url) as side, pytest.raises(APIStatusError):
        side.call(list_files)


NOT_ESCAPED = pytest.mark.xfail(
    strict=True, raises=UnicodeEncodeError, reason="a Location beyond ASCII is not escaped, and its error escapes"
)


@both_sides
@pytest.mark.parametrize(
    "location",
    ["/a b", pytest.param("/caf\u00e9", marks=NOT_ESCAPED), pytest.param("/x?q=\u00fc", marks=NOT_ESCAPED)],
)
def test_a_redirect_that_must_be_escaped_never_breaks_the_request(open_side: OpenSide, location: str) -> None:
    with (
        HTTPServer(redirect(location), FILES) as server,
        open_side(server.url, max_retries=0) as side,
        suppress(APIError),
    ):
        side.call(list_files)
    assert all(" " not in request.target and request.target.isascii() for request in server.requests)


# Proxies and TLS


@both_sides
def test_a_proxy_of_the_environment_is_used(open_side: OpenSide, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(default=GOOD) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
        with open_side("http://127.0.0.1:9") as side:
            assert side.call(chat).id == "c-1"
    assert proxy.requests[0].target == "http://127.0.0.1:9/v1/chat/completions"


@both_sides
def test_no_proxy_is_obeyed(open_side: OpenSide, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer() as proxy, HTTPServer(GOOD) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with open_side(server.url) as side:
            side.call(chat)
    assert (proxy.connections, server.connections) == (0, 1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    options = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(folder / "key"),
        "-out",
        str(folder / "certificate"),
    ]
    try:
        subprocess.run([*command.split(), *options], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("There is no usable openssl here")
    both = folder / "both.pem"
    both.write_bytes((folder / "certificate").read_bytes() + (folder / "key").read_bytes())
    return both


@contextmanager
def tls_server(certificate: Path) -> Generator[HTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(default=GOOD, tls=context) as server:
        yield server


@both_sides
def test_https_keeps_its_connection(open_side: OpenSide, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr("together_di.transport.common._tls_context", None)
    with tls_server(certificate) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
        assert side.call(chat).id == "c-1"
    assert server.connections == 1


@both_sides
def test_an_untrusted_certificate_is_an_error_that_is_not_retried(
    open_side: OpenSide, certificate: Path, waits: list[float]
) -> None:
    with (
        tls_server(certificate) as server,
        open_side(server.url) as side,
        pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        side.call(chat)
    assert (server.requests, waits) == ([], [])


@both_sides
def test_speaking_tls_to_a_plain_server_is_a_typed_error(open_side: OpenSide) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with listener.accept()[0] as sock, suppress(OSError):
                sock.sendall(b"220 mail.test ESMTP\r\n")
                while sock.recv(4096):
                    pass

        thread = threading.Thread(target=greet)
        thread.start()
        with (
            open_side(f"https://127.0.0.1:{listener.getsockname()[1]}", max_retries=0) as side,
            pytest.raises(APIConnectionError, match=r"Connection to 127\.0\.0\.1:"),
        ):
            side.call(chat)
        thread.join(PATIENCE)
