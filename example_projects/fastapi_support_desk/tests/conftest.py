"""A real browser. Copy `browser` and `page` into the conftest.py of your tests.

Playwright's sync interface keeps an event loop running in the thread of the tests as long as `browser` lives. Keep the
browser tests in a file of their own: `asyncio.run`, asgiref's `async_to_sync` and Django's ORM refuse to work there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab of its own; an exception that nobody catches in the page's script fails the test."""
    failures: list[str] = []
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:
        context.set_default_timeout(10_000)
        tab = context.new_page()
        tab.on("pageerror", lambda error: failures.append(str(error)))
        yield tab
    assert failures == []
