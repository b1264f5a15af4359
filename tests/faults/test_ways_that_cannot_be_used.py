"""Proxies and certificates that turn out to be of no use at the first call."""

from __future__ import annotations

from pathlib import Path

import pytest

from together_di import ConfigurationError

from ..core.support.http_server import HTTPServer, answer
from ..core.support.sides import OpenSide, chat, completion

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names neither proxies nor certificates."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://ann:hunter2@127.0.0.1:9",
        "ftp://ann:hunter2@127.0.0.1:9",
        "http://ann:hunter2@127.0.0.1:port",
        "ann:hunter2@127.0.0.1:port",
        "http://ann:hunter2@[::1",
        "http://",
    ],
)
def test_a_proxy_of_the_environment_that_cannot_be_used_is_a_typed_error(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with (
        open_side("http://127.0.0.1:9") as side,
        pytest.raises(ConfigurationError, match="env HTTP_PROXY is not the URL of a proxy; write for") as caught,
    ):
        side.call(chat)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("http_proxy", "http://127.0.0.1:9"),
        ("https_proxy", "https://127.0.0.1:9"),
        ("HTTPS_PROXY", "https://127.0.0.1:9"),
        ("ALL_PROXY", "https://127.0.0.1:9"),
        ("all_proxy", "http://127.0.0.1:9"),
    ],
)
def test_the_error_names_the_variable(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch, variable: str, address: str
) -> None:
    monkeypatch.setenv(variable, "socks5://127.0.0.1:9")
    with open_side(address) as side, pytest.raises(ConfigurationError, match=f"env {variable} is not the URL"):
        side.call(chat)


def test_a_proxy_of_the_system_that_cannot_be_used_is_called_so(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only Windows and macOS have one.
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"http": "socks5://127.0.0.1:9"})
    with (
        open_side("http://127.0.0.1:9") as side,
        pytest.raises(ConfigurationError, match="the system's proxy for http is not the URL"),
    ):
        side.call(chat)


def test_a_proxy_that_no_proxy_leaves_out_is_not_looked_at(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(answer(completion())) as server:
        monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with open_side(server.url) as side:
            assert side.call(chat).id == "c-1"


def test_certificates_of_the_settings_that_are_none_are_a_typed_error(open_side: OpenSide, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("nothing of the kind")
    with open_side("https://127.0.0.1:9", ca_bundle=str(bundle)) as side:
        expected = f"option ca_bundle='{bundle}' cannot be read .*; it must be a file of PEM certificates"
        with pytest.raises(ConfigurationError, match=expected):
            side.call(chat)


def test_certificates_of_the_environment_that_are_missing_are_a_typed_error(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(missing))
    with open_side("https://127.0.0.1:9") as side:
        expected = rf"env SSL_CERT_FILE='{missing}' cannot be read \(No such file or directory\); it must be"
        with pytest.raises(ConfigurationError, match=expected):
            side.call(chat)


def test_a_call_that_finds_no_way_takes_no_connection_from_the_next(
    open_side: OpenSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
    with HTTPServer(answer(completion())) as server, open_side(server.url, max_connections=1) as side:
        with pytest.raises(ConfigurationError):
            side.call(chat)
        monkeypatch.delenv("HTTP_PROXY")
        assert side.call(chat).id == "c-1"
