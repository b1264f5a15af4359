"""Through a proxy, and with TLS."""

from __future__ import annotations

import socket
import threading
from base64 import b64decode
from contextlib import suppress

import pytest
import trustme

from together_di import APIConnectionError, ConfigurationError, Together
from together_di.transport import common
from together_di.transport.common import tls_context

from ..core.support.http_server import PATIENCE, HTTPServer, answer
from ..core.support.sides import OpenSide, chat, completion
from .support import tls_for

GOOD = answer(completion())


pytestmark = pytest.mark.usefixtures("waits")


def test_a_proxy_of_the_environment_is_used(open_side: OpenSide, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(default=GOOD) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
        with open_side("http://127.0.0.1:9") as side:
            assert side.call(chat).id == "c-1"
    assert proxy.requests[0].target == "http://127.0.0.1:9/v1/chat/completions"


def test_the_proxy_of_the_settings_comes_before_that_of_the_environment(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(default=GOOD) as proxy:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "*")
        with open_side("http://127.0.0.1:9", proxy=proxy.url) as side:
            assert side.call(chat).id == "c-1"
    assert len(proxy.requests) == 1


def test_user_and_password_of_a_proxy_are_sent_to_it_and_shown_nowhere(open_side: OpenSide) -> None:
    with HTTPServer(default=GOOD) as proxy:
        address = proxy.url.replace("http://", "http://ann:hunter%402@")
        with open_side("http://127.0.0.1:9", proxy=address) as side:
            side.call(chat)
            shown = repr(side.client.client)
    sent = b64decode(proxy.requests[0].headers["proxy-authorization"].removeprefix("Basic "))
    assert (sent, "hunter" in shown) == (b"ann:hunter@2", False)


def test_no_proxy_is_obeyed(open_side: OpenSide, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer() as proxy, HTTPServer(GOOD) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with open_side(server.url) as side:
            side.call(chat)
    assert (proxy.connections, server.connections) == (0, 1)


def tls_server(authority: trustme.CA) -> HTTPServer:
    return HTTPServer(default=GOOD, tls=tls_for(authority, "127.0.0.1"))


def test_https_keeps_its_connection(
    open_side: OpenSide, authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    with tls_server(authority) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
        assert side.call(chat).id == "c-1"
    assert server.connections == 1


def test_the_certificates_of_the_settings_are_trusted(open_side: OpenSide, authority: trustme.CA, bundle: str) -> None:
    with tls_server(authority) as server, open_side(server.url, ca_bundle=bundle) as side:
        assert side.call(chat).id == "c-1"


def test_a_proxy_that_speaks_tls_is_trusted_by_the_certificates_of_the_settings(
    open_side: OpenSide, authority: trustme.CA, bundle: str
) -> None:
    with tls_server(authority) as proxy, open_side("http://127.0.0.1:9", proxy=proxy.url, ca_bundle=bundle) as side:
        assert side.call(chat).id == "c-1"
    assert proxy.requests[0].target == "http://127.0.0.1:9/v1/chat/completions"


def test_plain_http_needs_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """To read them takes some 20 ms."""
    monkeypatch.setattr(common, "_tls_contexts", {})
    with HTTPServer(default=GOOD) as server, Together(api_key="k", base_url=server.url) as client:
        assert chat(client).id == "c-1"
    assert common._tls_contexts == {}


def test_clients_with_the_same_certificates_share_a_tls_context(bundle: str) -> None:
    """Another one costs 20 ms and 800 kB."""
    assert tls_context(None) is tls_context(None)
    assert tls_context(bundle) is tls_context(bundle)
    assert tls_context(bundle) is not tls_context(None)


def test_certificates_that_are_not_there_are_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="argument ca_bundle='/not/there' does not exist"):
        Together(api_key="k", ca_bundle="/not/there")


def test_an_untrusted_certificate_is_an_error_that_is_not_retried(
    open_side: OpenSide, authority: trustme.CA, waits: list[float]
) -> None:
    with (
        tls_server(authority) as server,
        open_side(server.url) as side,
        pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        side.call(chat)
    assert (server.requests, waits) == ([], [])


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
