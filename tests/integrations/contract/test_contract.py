"""What every adapter holds to, whatever its framework."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from together_di import AsyncTogether, ClientClosedError, Together

from ...core.support.events import events
from ...core.support.forking import in_child
from ...core.support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, message, then_stall
from ...core.support.sides import KEY, completion
from .rig import CHAT, App, Rig

GOOD = answer(completion("Good"))
BOTH = pytest.mark.parametrize("path", ["/sync", "/async"])


@pytest.fixture(params=["django", "fastapi", "flask"])
def rig(request: pytest.FixtureRequest) -> Rig:
    """The rig of a framework that is installed."""
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    module: Any = importlib.import_module(f".{request.param}", __package__)
    found: Rig = module.RIG
    return found


def options(server: HTTPServer, **more: Any) -> dict[str, Any]:
    """Without retries, which would hide a connection that cannot be used."""
    return {"api_key": KEY, "base_url": server.url, "max_retries": 0, **more}


def make_app(rig: Rig, server: HTTPServer) -> App:
    return rig.make_apps(options(server))[0]


async def chat(client: AsyncTogether) -> None:
    await client.chat.completions.create(**CHAT)


@BOTH
def test_a_view_gets_an_answer(rig: Rig, path: str) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        assert app.get(path) == (200, "Good")


def test_views_share_one_client_of_each_kind(rig: Rig) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        assert (app.client, app.async_client) == (app.client, app.async_client)


def test_a_connection_is_kept_from_one_request_to_the_next(rig: Rig) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        assert [app.get("/sync").status for _ in range(3)] == [200] * 3
        assert server.connections == 1


# Two apps, set up twice, not set up


@BOTH
def test_two_apps_in_one_process_each_have_their_own_configuration(rig: Rig, path: str) -> None:
    one, other = HTTPServer(default=answer(completion("one"))), HTTPServer(default=answer(completion("other")))
    with one, other:
        first, second = rig.make_apps(options(one), options(other))
        with first, second:
            assert [app.get(path).text for app in (first, second, first)] == ["one", "other", "one"]


def test_setting_up_twice_leaves_the_client_as_it_was(rig: Rig) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        client = app.client
        with suppress(*rig.mistakes):
            app.set_up_again()
        assert app.client is client
        assert app.get("/sync").text == "Good"


def test_use_before_the_set_up_names_what_was_left_out(rig: Rig) -> None:
    with pytest.raises(rig.mistakes) as caught:
        rig.use_before_set_up()
    assert rig.set_up in str(caught.value)


# Overrides


def fakes() -> dict[str, Together | AsyncTogether]:
    return {"/sync": Together(transport="embedded"), "/async": AsyncTogether(transport="embedded")}


@BOTH
def test_an_override_from_before_the_start_counts(rig: Rig, path: str) -> None:
    with HTTPServer() as server:
        app = make_app(rig, server)
        with app.override(fakes()[path]), app:
            assert app.get(path).status == 200


@BOTH
def test_an_override_from_after_the_start_counts(rig: Rig, path: str) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        app.get(path)
        with app.override(fakes()[path]):
            assert app.get(path).status == 200
        assert len(server.requests) == 1


@BOTH
def test_after_an_override_the_client_is_back(rig: Rig, path: str) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        with app.override(fakes()[path]):
            pass
        assert app.get(path).text == "Good"


# Streams


def test_a_stream_reaches_the_browser_event_by_event(rig: Rig) -> None:
    stalled = then_stall(chunked(events("Bon"), end=False))
    with HTTPServer(stalled) as server, make_app(rig, server) as app:
        assert b'"content":"Bon"' in app.read_one_event("/stream")


def test_a_stream_left_open_by_the_browser_is_closed_upstream(rig: Rig) -> None:
    stalled = then_stall(chunked(events("Bon"), end=False))
    with HTTPServer(stalled) as server, make_app(rig, server) as app:
        app.read_one_event("/stream")
        server.wait_until_closed(1)


# Forks and event loops


def test_a_forked_child_has_connections_of_its_own(rig: Rig) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        app.get("/sync")
        client = app.client
        in_child(lambda: client.chat.completions.create(**CHAT))
        app.get("/sync")
        assert [request.connection for request in server.requests] == [1, 2, 1]


def test_a_forked_child_can_await(rig: Rig) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        assert app.get("/async").status == 200
        client = app.async_client
        in_child(lambda: asyncio.run(chat(client)))
        assert app.get("/async").status == 200


def test_the_async_client_works_in_a_second_event_loop(rig: Rig) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        for _ in range(2):
            assert app.get("/async").status == 200
            asyncio.run(chat(app.async_client))
        assert len(server.requests) == 4


# Closing


@BOTH
def test_closing_closes_the_connections(rig: Rig, path: str) -> None:
    with HTTPServer(default=GOOD) as server:
        with make_app(rig, server) as app:
            app.get(path)
        server.wait_until_closed(1)


def test_closing_twice_does_no_harm(rig: Rig) -> None:
    with HTTPServer(default=GOOD) as server, make_app(rig, server) as app:
        client = app.client
        app.close()
        app.close()
        assert client.is_closed()


def test_a_client_that_cannot_be_closed_is_told_and_the_other_is_closed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("the socket is stuck")

    with HTTPServer(default=GOOD) as server:
        app = make_app(rig, server).__enter__()
        client, async_client = app.client, app.async_client
        with monkeypatch.context() as patch:
            patch.setattr(client, "close", fail)
            told = said_by(app.close) + caplog.text
        client.close()
        assert "the socket is stuck" in told
        assert async_client.is_closed()


def said_by(close: Callable[[], None]) -> str:
    """The errors that `close` raises, as text."""
    try:
        close()
    except Exception as error:
        return " ".join(map(str, [error, *getattr(error, "exceptions", [])]))
    return ""


def test_a_request_that_races_the_shutdown_ends_and_leaves_no_connection(rig: Rig) -> None:
    release = threading.Event()

    def held(peer: Peer) -> None:
        assert release.wait(PATIENCE)
        with suppress(OSError):
            peer.send(message(b"{}"))

    with HTTPServer(held) as server, make_app(rig, server) as app:
        client = app.client
        thread = threading.Thread(target=lambda: app.get("/sync"))
        thread.start()
        server.wait_for_requests(1)
        app.close()
        release.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        server.wait_until_closed(1)
        with pytest.raises(ClientClosedError):
            client.chat.completions.create(**CHAT)
