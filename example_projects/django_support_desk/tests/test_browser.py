"""The page in a real browser. The project runs in another process: Django's ORM refuses to work beside Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from together_di.emulator import EmulatorServer

from .servers import Server, migrate
from .test_servers import UVICORN
from .upstream import PATIENCE, HeldEmulator

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install playwright").expect

QUESTION = "How long is the warranty of a device?"
ANSWER = "Every device has a warranty of two years."

QUIET = [
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
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("There is no Chromium on PATH.")
    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=program, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def emulator() -> HeldEmulator:
    """The API."""
    return HeldEmulator()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, emulator: HeldEmulator) -> Iterator[str]:
    """Where the project is."""
    pytest.importorskip("uvicorn", reason="This server is not installed")
    database = tmp_path_factory.mktemp("database") / "db.sqlite3"
    migrate(database)
    with EmulatorServer(emulator) as upstream, Server(UVICORN, database, upstream.url) as server:
        yield server.url


@pytest.fixture
def page(browser: Browser, url: str, emulator: HeldEmulator) -> Iterator[Page]:
    """The page of a new conversation; an exception that nobody catches in its script fails the test."""
    emulator.reset()
    failures: list[str] = []
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(url)
        yield page
    assert failures == []


def ask(page: Page) -> None:
    """Type the question, and send it."""
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")


def test_an_answer_is_seen_as_it_is_written(page: Page, emulator: HeldEmulator) -> None:
    answer = page.locator(".assistant")
    ask(page)
    expect(page.locator(".user")).to_have_text(QUESTION)
    emulator.go_on(2)
    expect(answer).to_have_text("Every")
    emulator.go_on(1)
    expect(answer).to_have_text("Every device")
    emulator.go_on()
    expect(answer).to_contain_text(ANSWER)
    expect(page.locator(".sources")).to_contain_text("Warranty")
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_an_answer_is_there_when_the_page_is_loaded_again(page: Page, emulator: HeldEmulator) -> None:
    emulator.go_on()
    ask(page)
    expect(page.locator(".sources")).to_be_visible()
    page.reload()
    expect(page.locator(".user")).to_have_text(QUESTION)
    expect(page.locator(".assistant")).to_contain_text(ANSWER)


def test_an_answer_that_is_stopped_ends_the_connection_to_the_api(page: Page, emulator: HeldEmulator) -> None:
    ask(page)
    emulator.go_on(3)
    expect(page.locator(".assistant")).to_have_text("Every device")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".assistant")).to_have_class("message assistant stopped")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert emulator.hung_up.wait(PATIENCE)


def test_an_api_that_is_busy_is_told_kindly(page: Page, emulator: HeldEmulator) -> None:
    emulator.refusal = 429
    ask(page)
    expect(page.get_by_role("alert")).to_have_text("Many people are asking at the moment. Please try again.")
    expect(page.locator(".assistant")).to_have_count(0)


def test_an_answer_that_breaks_off_is_told_kindly_and_stays(page: Page, emulator: HeldEmulator) -> None:
    ask(page)
    emulator.go_on(3)
    expect(page.locator(".assistant")).to_have_text("Every device")
    emulator.breaks_off = True
    expect(page.get_by_role("alert")).to_have_text("The answer broke off. Please try again.")
    expect(page.locator(".assistant")).to_have_text("Every device")


def test_on_a_telephone_nothing_is_cut_off(page: Page, emulator: HeldEmulator) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    emulator.go_on()
    ask(page)
    expect(page.locator(".sources")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
