"""The page in a real browser, with a real server and the API on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from support_desk.main import create_app
from support_desk.settings import Settings

from together_di.testing.plugin import SetOptions

from .upstream import PATIENCE, Upstream

pytest.importorskip("playwright", reason="Playwright is missing: pip install playwright")

from playwright.sync_api import Page, expect


@pytest.fixture
def upstream(together_settings: SetOptions) -> Iterator[Upstream]:
    """The API that the application calls."""
    with Upstream() as server:
        together_settings(base_url=server.url, api_key="key", max_retries=0)
        yield server


class Served:
    """The application under uvicorn, in a thread of its own."""

    def __init__(self, app: FastAPI) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=PATIENCE)
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Shut down, when what goes on has ended."""
        self._server.should_exit = True
        self._thread.join(2 * PATIENCE)
        assert not self._thread.is_alive()
        self._socket.close()


@pytest.fixture
def served(app: FastAPI, upstream: Upstream) -> Iterator[Served]:
    """The server that the browser visits."""
    server = Served(app)
    yield server
    server.stop()


@pytest.fixture
def desk(page: Page, served: Served) -> Page:
    """The page of a new conversation."""
    page.goto(served.address)
    return page


def ask(desk: Page, question: str) -> None:
    """Write a question, and send it."""
    desk.get_by_label("Your question").fill(question)
    desk.get_by_role("button", name="Send").click()


def test_an_answer_shows_piece_by_piece_as_it_is_written(desk: Page, upstream: Upstream) -> None:
    ask(desk, "How long is the warranty?")
    answer = desk.locator(".assistant")
    upstream.say("Two ")
    expect(answer).to_have_text("Two ")
    upstream.say("yéars. 🎉")
    expect(answer).to_have_text("Two yéars. 🎉")
    upstream.finish()
    expect(answer).to_contain_text("From: Warranty")
    expect(desk.get_by_role("button", name="Send")).to_be_visible()


def stop_in_the_middle(desk: Page, upstream: Upstream) -> None:
    """Ask, read a piece of the answer, and stop it."""
    ask(desk, "How long is the warranty?")
    upstream.say("Two ")
    expect(desk.locator(".assistant")).to_have_text("Two ")
    desk.get_by_role("button", name="Stop").click()
    assert upstream.left.wait(PATIENCE)


def test_stop_closes_the_connection_to_the_api_and_the_page_says_so(desk: Page, upstream: Upstream) -> None:
    stop_in_the_middle(desk, upstream)
    expect(desk.locator(".assistant")).to_have_class("message assistant stopped")
    expect(desk.locator(".assistant")).to_have_text("Two ")


def test_what_was_written_until_a_stop_is_kept(
    desk: Page, upstream: Upstream, served: Served, settings: Settings
) -> None:
    stop_in_the_middle(desk, upstream)
    served.stop()  # which waits for all that goes on
    with TestClient(create_app(settings)) as visitor:
        said = visitor.get(f"{urlsplit(desk.url).path}/messages").json()["messages"]
    assert said[-1] == {"role": "assistant", "text": "Two "}


def test_a_conversation_goes_on_after_a_stop(desk: Page, upstream: Upstream) -> None:
    stop_in_the_middle(desk, upstream)
    ask(desk, "And for water?")
    upstream.say("No.")
    upstream.finish()
    expect(desk.locator(".assistant").last).to_contain_text("No.")


def test_a_busy_api_is_explained_kindly(desk: Page, upstream: Upstream) -> None:
    upstream.refusal = 429
    ask(desk, "How long is the warranty?")
    expect(desk.get_by_role("alert")).to_have_text("The AI service is busy. Try again later.")
    expect(desk.locator(".assistant")).to_have_count(0)


def test_an_answer_that_breaks_off_stays_and_says_so(desk: Page, upstream: Upstream) -> None:
    ask(desk, "How long is the warranty?")
    upstream.say("Two ")
    upstream.fail()
    expect(desk.get_by_role("alert")).to_have_text("The answer broke off. Please try again.")
    expect(desk.locator(".assistant")).to_have_text("Two ")


def test_a_reload_shows_what_was_said(desk: Page, upstream: Upstream) -> None:
    ask(desk, "How long is the warranty?")
    upstream.say("Two <b>years</b>.")
    upstream.finish()
    expect(desk.locator(".assistant")).to_contain_text("From: Warranty")
    desk.reload()
    expect(desk.locator(".user")).to_have_text("How long is the warranty?")
    expect(desk.locator(".assistant")).to_have_text("Two <b>years</b>.")
