"""`sse`: events that reach the browser, and what happens when it goes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from together_di.decoding import Reader
from together_di.types.chat import ChatCompletionChunk
from together_di_fastapi import AsyncTogetherDep, TogetherDep, get_container, sse, together_lifespan

from ...core.support.events import DONE, events
from ...core.support.http_server import PATIENCE, Answer, HTTPServer, chunked, then_hang_up, then_stall
from ...core.support.sides import CHAT, KEY
from .support import Browser, Served

BOTH = pytest.mark.parametrize("path", ["/sync", "/async"])


def app_for(server: HTTPServer, done: Callable[[], None] = lambda: None, **options: Any) -> FastAPI:
    app = FastAPI(lifespan=together_lifespan(api_key=KEY, base_url=server.url, max_retries=0, **options))

    @app.get("/sync")
    def sync(together: TogetherDep, tasks: BackgroundTasks) -> StreamingResponse:
        tasks.add_task(done)
        return sse(together.chat.completions.create(stream=True, **CHAT))

    @app.get("/async")
    async def asynchronous(together: AsyncTogetherDep, tasks: BackgroundTasks) -> StreamingResponse:
        tasks.add_task(done)
        return sse(await together.chat.completions.create(stream=True, **CHAT))

    return app


def streamed(path: str, script: Answer, **options: Any) -> Any:
    with HTTPServer(script) as server, TestClient(app_for(server, **options)) as client:
        return client.get(path)


def bon(end: bytes = b"") -> bytes:
    return chunked(events("Bon", "jour") + end, end=bool(end))


@BOTH
def test_the_chunks_come_as_events_and_the_last_says_done(path: str) -> None:
    text = streamed(path, lambda peer: peer.send(bon(DONE))).text
    assert text.count("data: {") == 2
    assert '"content":"jour"' in text
    assert text.endswith("data: [DONE]\n\n")


@BOTH
def test_the_headers_keep_proxies_from_holding_events_back(path: str) -> None:
    headers = streamed(path, lambda peer: peer.send(bon(DONE))).headers
    assert headers["content-type"].startswith("text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache", "no")


@BOTH
def test_an_answer_that_breaks_off_ends_with_an_error_event(path: str) -> None:
    text = streamed(path, then_hang_up(bon())).text
    assert text.endswith('event: error\ndata: {"message": "The answer broke off."}\n\n')


@BOTH
def test_after_a_whole_answer_the_connection_is_kept(path: str) -> None:
    with HTTPServer(default=lambda peer: peer.send(bon(DONE))) as server, TestClient(app_for(server)) as client:
        for _ in range(3):
            client.get(path)
        assert server.connections == 1


# The browser goes: the API is silent then, and the application runs on, so nothing else closes the connection


@contextmanager
def served(app: FastAPI) -> Generator[Served]:
    found = Served(app)
    found.start()
    try:
        yield found
    finally:
        found.shut_down()
        found.stop()


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
@BOTH
def test_a_browser_that_goes_closes_the_connection_to_the_api_at_once(path: str, spec_version: str) -> None:
    with HTTPServer(then_stall(bon())) as server, served(app_for(server)) as app:
        browser = Browser(app.client.app_state, spec_version)
        assert b"Bon" in app.portal.call(browser.read_one_event, app.app, path)
        server.wait_until_closed(1)


def test_a_browser_that_goes_while_a_thread_waits_for_the_next_chunk_ends_that_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = threading.Event()
    receive = socket.socket.recv

    def watched(self: socket.socket, size: int) -> bytes:
        if self.family != socket.AF_INET or self.getpeername()[1] != server.port:
            return receive(self, size)
        waits.set()
        try:
            return receive(self, size)
        finally:
            waits.clear()

    with HTTPServer(then_stall(chunked(events("Bon"), end=False))) as server:
        monkeypatch.setattr(socket.socket, "recv", watched)
        with served(app_for(server)) as app:
            browser = Browser(app.client.app_state, stays=True)
            reading = app.portal.start_task_soon(browser.read_one_event, app.app, "/sync")
            app.portal.call(browser.has_read.wait)
            assert waits.wait(PATIENCE)
            app.portal.call(browser.leave)
            server.wait_until_closed(1)
            assert b"Bon" in reading.result(PATIENCE)


@BOTH
def test_a_background_task_runs_though_the_browser_has_gone(path: str) -> None:
    ran: list[bool] = []
    with HTTPServer(then_stall(bon())) as server, served(app_for(server, lambda: ran.append(True))) as app:
        app.read_one_event(path)
        assert ran == [True]


@BOTH
def test_a_stream_of_which_nothing_was_asked_is_closed(path: str) -> None:
    """The server could not even send the head of the response."""

    async def refuse(_message: object) -> None:
        raise OSError("nobody is there")

    with HTTPServer(then_stall(bon())) as server, served(app_for(server)) as app:
        browser = Browser(app.client.app_state)
        browser._send = refuse  # type: ignore[method-assign, assignment]
        app.portal.call(browser.read_one_event, app.app, path)
        server.wait_until_closed(1)


@BOTH
def test_the_client_works_on_after_a_browser_has_gone(path: str) -> None:
    with (
        HTTPServer(then_stall(bon()), default=lambda peer: peer.send(bon(DONE))) as server,
        served(app_for(server)) as app,
    ):
        app.read_one_event(path)
        assert app.client.get(path).text.endswith("data: [DONE]\n\n")


def divide_by_zero(_: bytes) -> NoReturn:
    raise ZeroDivisionError


def test_another_error_in_a_stream_is_not_hidden() -> None:
    with HTTPServer(lambda peer: peer.send(bon(DONE))) as server:
        app = app_for(server)
        with TestClient(app) as client:
            stream = get_container(app).client().chat.completions.create(stream=True, **CHAT)

            @app.get("/broken")
            async def broken() -> StreamingResponse:
                read = stream._items._read = Reader(ChatCompletionChunk, "", strict=False)
                read.validate = divide_by_zero
                return sse(stream)

            with pytest.raises(Exception) as caught:
                client.get("/broken")
    assert caught.group_contains(ZeroDivisionError) or caught.errisinstance(ZeroDivisionError)
