"""Time limits: which one was reached, and what becomes of the call."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from together_di import APITimeoutError, Timeout

from ..core.support.http_server import PATIENCE, HTTPServer, answer, message, then_stall
from ..core.support.sides import CHAT, OpenSide, chat, completion

GOOD = answer(completion())
BODY = json.dumps(completion()).encode()


pytestmark = pytest.mark.usefixtures("waits")


def test_a_read_timeout_names_the_limit(open_side: OpenSide) -> None:
    limit = Timeout(PATIENCE, read=0.05)
    with HTTPServer(then_stall()) as server, open_side(server.url, timeout=limit, max_retries=0) as side:
        with pytest.raises(APITimeoutError, match=r"sent nothing for 0\.05 s \(timeout read\)"):
            side.call(chat)
        server.wait_until_closed(1)


def test_a_read_timeout_in_mid_body_names_the_limit(open_side: OpenSide) -> None:
    stalled = then_stall(message(BODY)[:-10])
    with (
        HTTPServer(stalled) as server,
        open_side(server.url, max_retries=0) as side,
        pytest.raises(APITimeoutError, match=r"0\.05 s \(timeout read\)"),
    ):
        side.call(lambda client: client.chat.completions.create(**CHAT, timeout=0.05))


def test_a_timed_out_call_is_tried_again_on_another_connection(open_side: OpenSide) -> None:
    limit = Timeout(PATIENCE, read=0.05)
    with HTTPServer(then_stall(), GOOD) as server, open_side(server.url) as side:
        # The second answer comes at once, but the first must not be waited for.
        side.call(lambda client: client.with_options(timeout=limit).chat.completions.create(**CHAT))
    assert [request.connection for request in server.requests] == [1, 2]
    assert len(server.idempotency_keys) == 1


def test_the_timeout_of_a_call_wins_over_that_of_the_client(open_side: OpenSide) -> None:
    with (
        HTTPServer(then_stall()) as server,
        open_side(server.url, timeout=PATIENCE, max_retries=0) as side,
        pytest.raises(APITimeoutError, match=r"0\.03 s"),
    ):
        side.call(lambda client: client.chat.completions.create(**CHAT, timeout=0.03))


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


def test_a_connect_timeout_names_the_limit(open_side: OpenSide) -> None:
    limit = Timeout(PATIENCE, connect=0.05)
    with (
        full_backlog() as port,
        open_side(f"http://127.0.0.1:{port}", timeout=limit, max_retries=0) as side,
        pytest.raises(APITimeoutError, match=r"No connection to 127\.0\.0\.1:\d+ within 0\.05 s"),
    ):
        side.call(chat)
