"""The page in a real browser, served by a real server, before an API that is held back piece by piece."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from support_desk import create_app
from werkzeug.serving import make_server

from together_di.emulator import EmulatorServer

from .upstream import PATIENCE, Upstream

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install playwright").expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

_QUIET = [
    "--no-sandbox",  # Chromium refuses to run as root with it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("There is no Chromium on PATH.")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install playwright")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=program, args=_QUIET)
        yield launched
        launched.close()


@pytest.fixture
def upstream() -> Upstream:
    """What the desk takes for Together AI."""
    return Upstream()


@pytest.fixture
def address(upstream: Upstream, database_url: str) -> Iterator[str]:
    """Where the desk is."""
    with EmulatorServer(upstream) as api:
        options = {"api_key": "a-key", "base_url": api.url, "max_retries": 0}
        app = create_app({"DATABASE_URL": database_url, "TOGETHER": options})
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.port}/"
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()
        app.extensions["sessions"].kw["bind"].dispose()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A tab with a new conversation; an exception that nobody catches in the page's script fails the test."""
    failures: list[str] = []
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:
        context.set_default_timeout(PATIENCE * 1000)
        expect.set_options(timeout=PATIENCE * 1000)
        tab = context.new_page()
        tab.on("pageerror", lambda error: failures.append(str(error)))
        tab.goto(address)
        yield tab
    assert failures == []


def ask(page: Page, question: str) -> Locator:
    """Ask, and wait until the question stands on the page; the answer to it."""
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Send").click()
    page.locator(".user", has_text=question).wait_for()
    return page.locator(".assistant").last


def test_an_answer_is_shown_piece_by_piece(page: Page, upstream: Upstream) -> None:
    answer = ask(page, "How long do I have to return a parcel?")
    upstream.say("Thirty")
    expect(answer).to_have_text("Thirty")
    upstream.say(" days.")
    expect(answer).to_have_text("Thirty days.")
    upstream.end()
    expect(answer.locator(".sources")).to_contain_text("From: Returns")
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_a_conversation_is_still_there_after_a_reload(page: Page, upstream: Upstream) -> None:
    answer = ask(page, "How long do I have to return a parcel?")
    upstream.say("Thirty days.")
    upstream.end()
    answer.locator(".sources").wait_for()
    page.reload()
    expect(page.locator(".user")).to_have_text("How long do I have to return a parcel?")
    expect(page.locator(".assistant")).to_have_text("Thirty days.")


def test_stopping_an_answer_closes_the_connection_to_the_api(page: Page, upstream: Upstream) -> None:
    answer = ask(page, "How long do I have to return a parcel?")
    upstream.say("Thirty")
    expect(answer).to_have_text("Thirty")
    page.get_by_role("button", name="Stop").click()
    expect(answer).to_have_class("message assistant stopped")
    upstream.talk_on()
    assert upstream.left.wait(PATIENCE), "The connection to the API is still open"


@pytest.mark.parametrize(
    ("status", "said"),
    [(429, "Many people are asking at the moment."), (503, "The support desk cannot answer at the moment.")],
)
def test_an_api_that_does_not_answer_is_said_kindly(page: Page, upstream: Upstream, status: int, said: str) -> None:
    upstream.refusal = status
    ask(page, "How long do I have to return a parcel?")
    expect(page.get_by_role("alert")).to_have_text(f"{said} Please try again.")
    expect(page.locator(".assistant")).to_have_count(0)


def test_of_an_answer_that_breaks_off_what_came_stays(page: Page, upstream: Upstream) -> None:
    answer = ask(page, "How long do I have to return a parcel?")
    upstream.say("Thirty")
    expect(answer).to_have_text("Thirty")
    upstream.fail()
    expect(page.get_by_role("alert")).to_have_text("The answer broke off. Please try again.")
    expect(answer).to_have_text("Thirty")


def test_a_desk_that_cannot_be_reached_is_said_kindly(page: Page) -> None:
    page.context.set_offline(True)
    ask(page, "How long do I have to return a parcel?")
    expect(page.get_by_role("alert")).to_have_text("The connection was lost. Please try again.")


def test_a_conversation_that_cannot_be_loaded_is_said_kindly(page: Page) -> None:
    page.route("**/messages", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_have_text("The conversation could not be loaded. Please reload the page.")
    expect(page.get_by_label("Your question")).to_be_disabled()
