"""Names that resolve to nothing, proxies that refuse, and TLS that fails."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import trustme

from together_di import APIConnectionError, APIStatusError, APITimeoutError, Timeout

from ..core.support.http_server import PATIENCE, HTTPServer, answer, message, raw, then_hang_up, then_stall
from ..core.support.sides import OpenSide, chat, completion, stream_chat
from .support import free_port, tls_for

GOOD = answer(completion())
Asks = pytest.mark.parametrize("ask", [chat, stream_chat], ids=["plain", "stream"])


@Asks
def test_a_name_that_resolves_to_nothing_is_a_typed_error(
    open_side: OpenSide, waits: list[float], monkeypatch: pytest.MonkeyPatch, ask: Any
) -> None:
    """The resolver is a stand-in: the real one would ask the network."""

    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with (
        open_side("https://api.nowhere.test") as side,
        pytest.raises(APIConnectionError, match=r"Connection to api\.nowhere\.test failed: .*not known"),
    ):
        side.call(ask)
    assert len(waits) == 2


# Proxies


@Asks
def test_a_proxy_that_is_not_there_is_a_typed_error(open_side: OpenSide, waits: list[float], ask: Any) -> None:
    with (
        open_side("https://127.0.0.1:9", proxy=f"http://ann:hunter2@127.0.0.1:{free_port()}") as side,
        pytest.raises(APIConnectionError) as caught,
    ):
        side.call(ask)
    assert "hunter2" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"


REFUSALS = {
    "it wants a password": message(status=407, headers={"Proxy-Authenticate": "Basic"}),
    "it may not": message(status=403),
    "it cannot reach the host": message(status=502),
}


@Asks
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_proxy_that_opens_no_tunnel_is_a_typed_error(
    open_side: OpenSide, waits: list[float], refusal: bytes, ask: Any
) -> None:
    with (
        HTTPServer(default=then_hang_up(refusal)) as proxy,
        open_side("https://127.0.0.1:9", proxy=proxy.url, max_retries=1) as side,
        pytest.raises(APIConnectionError),
    ):
        side.call(ask)
    assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert "authorization" not in proxy.requests[0].headers


def test_a_proxy_that_hangs_up_is_a_typed_error(open_side: OpenSide, waits: list[float]) -> None:
    with (
        HTTPServer(default=then_hang_up()) as proxy,
        open_side("https://127.0.0.1:9", proxy=proxy.url, max_retries=1) as side,
        pytest.raises(APIConnectionError),
    ):
        side.call(chat)


def test_an_error_page_of_a_proxy_is_a_status_error_and_tried_again(open_side: OpenSide, waits: list[float]) -> None:
    page = raw(message(b"<html>Bad gateway</html>", 502, {"Content-Type": "text/html"}))
    with HTTPServer(page, GOOD) as proxy, open_side("http://127.0.0.1:9", proxy=proxy.url) as side:
        assert side.call(chat).id == "c-1"
    with (
        HTTPServer(page) as proxy,
        open_side("http://127.0.0.1:9", proxy=proxy.url, max_retries=0) as side,
        pytest.raises(APIStatusError, match="Bad gateway"),
    ):
        side.call(chat)


# TLS


@Asks
def test_a_certificate_for_another_host_is_an_error_that_is_not_tried_again(
    open_side: OpenSide, authority: trustme.CA, bundle: str, waits: list[float], ask: Any
) -> None:
    with (
        HTTPServer(tls=tls_for(authority, "other.test")) as server,
        open_side(server.url, ca_bundle=bundle) as side,
        pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        side.call(ask)
    assert (server.requests, waits) == ([], [])


@Asks
def test_a_certificate_of_another_authority_is_an_error_that_is_not_tried_again(
    open_side: OpenSide, bundle: str, waits: list[float], ask: Any
) -> None:
    with (
        HTTPServer(tls=tls_for(trustme.CA(), "127.0.0.1")) as server,
        open_side(server.url, ca_bundle=bundle) as side,
        pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        side.call(ask)
    assert (server.requests, waits) == ([], [])


def test_a_handshake_that_is_not_answered_is_given_up(open_side: OpenSide, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        limit = Timeout(PATIENCE, connect=0.1)
        address = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with (
            open_side(address, timeout=limit, max_retries=1) as side,
            pytest.raises(APITimeoutError, match=r"within 0\.1 s \(timeout connect\)"),
        ):
            side.call(chat)
    assert len(waits) == 1


def test_an_encrypted_connection_that_is_lost_is_replaced(
    open_side: OpenSide, authority: trustme.CA, bundle: str, waits: list[float]
) -> None:
    limit = Timeout(PATIENCE, read=0.5)
    with (
        HTTPServer(GOOD, then_hang_up(), then_stall(), GOOD, tls=tls_for(authority, "127.0.0.1")) as server,
        open_side(server.url, ca_bundle=bundle, timeout=limit) as side,
    ):
        side.call(chat)
        assert side.call(chat).id == "c-1"
    assert len(server.requests) == 4
    assert len(server.idempotency_keys) == 2
