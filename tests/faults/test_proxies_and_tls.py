"""Through a proxy, and with TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from base64 import b64decode
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from together_di import APIConnectionError, ConfigurationError, Together
from together_di.transport import common
from together_di.transport.common import tls_context

from ..core.support.http_server import PATIENCE, HTTPServer, answer
from ..core.support.sides import OpenSide, both_sides, chat, completion

GOOD = answer(completion())


pytestmark = pytest.mark.usefixtures("waits")


@both_sides
def test_a_proxy_of_the_environment_is_used(open_side: OpenSide, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(default=GOOD) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
        with open_side("http://127.0.0.1:9") as side:
            assert side.call(chat).id == "c-1"
    assert proxy.requests[0].target == "http://127.0.0.1:9/v1/chat/completions"


@both_sides
def test_the_proxy_of_the_settings_comes_before_that_of_the_environment(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(default=GOOD) as proxy:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "*")
        with open_side("http://127.0.0.1:9", proxy=proxy.url) as side:
            assert side.call(chat).id == "c-1"
    assert len(proxy.requests) == 1


@both_sides
def test_user_and_password_of_a_proxy_are_sent_to_it_and_shown_nowhere(open_side: OpenSide) -> None:
    with HTTPServer(default=GOOD) as proxy:
        address = proxy.url.replace("http://", "http://ann:hunter%402@")
        with open_side("http://127.0.0.1:9", proxy=address) as side:
            side.call(chat)
            shown = repr(side.client.client)
    sent = b64decode(proxy.requests[0].headers["proxy-authorization"].removeprefix("Basic "))
    assert (sent, "hunter" in shown) == (b"ann:hunter@2", False)


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
    with tls_server(certificate) as server, open_side(server.url) as side:
        assert side.call(chat).id == "c-1"
        assert side.call(chat).id == "c-1"
    assert server.connections == 1


@both_sides
def test_the_certificates_of_the_settings_are_trusted(open_side: OpenSide, certificate: Path) -> None:
    with tls_server(certificate) as server, open_side(server.url, ca_bundle=str(certificate)) as side:
        assert side.call(chat).id == "c-1"


@both_sides
def test_a_proxy_that_speaks_tls_is_trusted_by_the_certificates_of_the_settings(
    open_side: OpenSide, certificate: Path
) -> None:
    options = {"ca_bundle": str(certificate)}
    with tls_server(certificate) as proxy, open_side("http://127.0.0.1:9", proxy=proxy.url, **options) as side:
        assert side.call(chat).id == "c-1"
    assert proxy.requests[0].target == "http://127.0.0.1:9/v1/chat/completions"


def test_plain_http_needs_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """To read them takes some 20 ms."""
    monkeypatch.setattr(common, "_tls_contexts", {})
    with HTTPServer(default=GOOD) as server, Together(api_key="k", base_url=server.url) as client:
        assert chat(client).id == "c-1"
    assert common._tls_contexts == {}


def test_clients_with_the_same_certificates_share_a_tls_context(certificate: Path) -> None:
    """Another one costs 20 ms and 800 kB."""
    assert tls_context(None) is tls_context(None)
    assert tls_context(str(certificate)) is tls_context(str(certificate))
    assert tls_context(str(certificate)) is not tls_context(None)


def test_certificates_that_are_not_there_are_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="argument ca_bundle='/not/there' does not exist"):
        Together(api_key="k", ca_bundle="/not/there")


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
