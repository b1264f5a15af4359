"""Connections that are kept, lost and shared."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from together_di import APIConnectionError, AsyncTogether, ClientClosedError, NotFoundError, Together

from .support.events import DONE, events, texts
from .support.http_server import (
    PATIENCE,
    Answer,
    HTTPServer,
    Peer,
    answer,
    chunked,
    message,
    raw,
    then_hang_up,
    then_reset,
    then_stall,
)
from .support.sides import CHAT, KEY, OpenSide, both_sides, chat, completion, each_transport, stream_chat

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()


pytestmark = pytest.mark.usefixtures("waits")


@both_sides
def test_calls_share_one_connection(open_side: OpenSide) -> None:
    with HTTPServer(default=GOOD) as server, open_side(server.url) as side:
        for _ in range(5):
            side.call(chat)
    assert (server.connections, len(server.requests)) == (1, 5)


@both_sides
def test_streams_share_one_connection(open_side: OpenSide) -> None:
    chunks: list[Any] = []
    with HTTPServer(default=raw(chunked(events("a", "b") + DONE))) as server, open_side(server.url) as side:
        for _ in range(5):
            side.collect(stream_chat, chunks)
    assert texts(chunks) == ["a", "b"] * 5
    assert (server.connections, len(server.requests)) == (1, 5)


@both_sides
def test_streams_without_done_share_one_connection(open_side: OpenSide) -> None:
    with HTTPServer(default=raw(chunked(events("a")))) as server, open_side(server.url) as side:
        for _ in range(5):
            side.collect(stream_chat, [])
    assert (server.connections, len(server.requests)) == (1, 5)


@both_sides
def test_streams_whose_answer_ends_a_little_after_done_share_one_connection(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("together_di.transport.common.A_MOMENT", PATIENCE)

    def end_later(peer: Peer) -> None:
        peer.send(chunked(events("a") + DONE, end=False))
        for byte in b"0\r\n\r\n":
            peer.send(bytes([byte]))

    with HTTPServer(default=end_later) as server, open_side(server.url) as side:
        for _ in range(5):
            side.collect(stream_chat, [])
    assert (server.connections, len(server.requests)) == (1, 5)


@both_sides
def test_calls_and_streams_share_one_connection(open_side: OpenSide) -> None:
    with HTTPServer(raw(chunked(events("a") + DONE)), default=GOOD) as server, open_side(server.url) as side:
        side.collect(stream_chat, [])
        side.call(chat)
    assert (server.connections, len(server.requests)) == (1, 2)


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


@each_transport
@ENDS
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
    assert len(server.idempotency_keys) == 2


@both_sides
@pytest.mark.parametrize("end", [then_hang_up(), then_reset()], ids=["closed", "reset"])
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
    assert len(server.idempotency_keys) == 1


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


@each_transport
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


@each_transport
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
