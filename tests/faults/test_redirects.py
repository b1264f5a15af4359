"""Redirects: which are followed, and with what."""

from __future__ import annotations

import pytest

from together_di import APIStatusError

from ..core.support.http_server import HTTPServer, answer, redirect
from ..core.support.leaks import KEY
from ..core.support.sides import OpenSide, chat, completion, list_files

GOOD = answer(completion())
FILES = answer({"data": []})


pytestmark = pytest.mark.usefixtures("waits")


def test_a_get_is_followed_on_the_same_host_with_the_key(open_side: OpenSide) -> None:
    with HTTPServer(redirect("/elsewhere?x=1"), FILES) as server, open_side(server.url) as side:
        side.call(list_files)
    assert [request.target for request in server.requests] == ["/v1/files", "/elsewhere?x=1"]
    assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"
    assert server.connections == 1


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


def test_other_credentials_in_headers_do_not_follow_to_another_host(open_side: OpenSide) -> None:
    headers = {"X-API-Key": "hunter2", "Cookie": "session=hunter2", "X-Team": "search"}
    with (
        HTTPServer(FILES) as other,
        HTTPServer(redirect(f"{other.url}/there")) as server,
        open_side(server.url, default_headers=headers) as side,
    ):
        side.call(list_files)
    assert server.requests[0].headers["x-api-key"] == "hunter2"
    assert other.requests[0].headers["x-team"] == "search"
    assert "hunter2" not in str(other.requests)


def test_the_key_comes_back_when_a_redirect_leads_home(open_side: OpenSide) -> None:
    with HTTPServer() as home, HTTPServer(redirect(f"{home.url}/back")) as other:
        home.script += [redirect(f"{other.url}/there"), FILES]
        with open_side(home.url) as side:
            side.call(list_files)
    assert "authorization" not in other.requests[0].headers
    assert home.requests[1].headers["authorization"] == f"Bearer {KEY}"


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


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_is_followed_on_the_same_host_with_its_body(open_side: OpenSide, status: int) -> None:
    with HTTPServer(redirect("/v1/other", status), GOOD) as server, open_side(server.url) as side:
        side.call(chat)
    first, second = server.requests
    assert (second.method, second.target, second.body) == ("POST", "/v1/other", first.body)
    assert len(server.idempotency_keys) == 1


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_never_becomes_a_get(open_side: OpenSide, status: int) -> None:
    with (
        HTTPServer(redirect("/v1/other", status)) as server,
        open_side(server.url) as side,
        pytest.raises(APIStatusError),
    ):
        side.call(chat)
    assert len(server.requests) == 1


def test_a_redirect_loop_ends(open_side: OpenSide) -> None:
    with (
        HTTPServer(default=redirect("/v1/files")) as server,
        open_side(server.url) as side,
        pytest.raises(APIStatusError) as caught,
    ):
        side.call(list_files)
    assert caught.value.status_code == 302
    assert len(server.requests) == 11


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "file:///etc/passwd", "", "mailto:a@b"])
def test_a_redirect_to_nowhere_is_an_error(open_side: OpenSide, location: str) -> None:
    with HTTPServer(redirect(location)) as server, open_side(server.url) as side, pytest.raises(APIStatusError):
        side.call(list_files)


@pytest.mark.parametrize("location", ["http://127.0.0.1:99999/x", "http://[::1/x", "http://127.0.0.1:port/"])
def test_a_redirect_to_a_malformed_address_is_an_error(open_side: OpenSide, location: str) -> None:
    with HTTPServer(redirect(location)) as server, open_side(server.url) as side, pytest.raises(APIStatusError):
        side.call(list_files)


@pytest.mark.parametrize(
    ("location", "target"),
    [("/a b", "/a%20b"), ("/caf\u00e9", "/caf%C3%A9"), ("/x?q=\u00fc", "/x?q=%C3%BC"), ("/a%20b", "/a%20b")],
)
def test_a_redirect_is_followed_escaped(open_side: OpenSide, location: str, target: str) -> None:
    with HTTPServer(redirect(location), FILES) as server, open_side(server.url) as side:
        side.call(list_files)
    assert server.requests[1].target == target
