"""What the tests share: the application with a database of its own, and a browser.

`fake_together` comes with the package together-di: it answers every client.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from support_desk.main import create_app
from support_desk.settings import Settings

from together_di.testing import FakeTogether

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(("SUPPORT_DESK_", "TOGETHER_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TOGETHER_ENV_FILE", os.devnull)  # nor one that stands in `.env`


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of the application, with a database that is not there yet."""
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/support_desk.sqlite3")


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The application."""
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI, fake_together: FakeTogether) -> Iterator[TestClient]:
    """A visitor of the application that runs; `fake_together` answers its questions."""
    with TestClient(app) as visitor:
        yield visitor


@pytest.fixture
def messages(client: TestClient) -> str:
    """The address of the messages of a new conversation."""
    return f"{client.get('/', follow_redirects=False).headers['location']}/messages"


#: Milliseconds until something that does not happen fails a test.
_PATIENCE = 10_000
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
    """A headless Chromium.

    Playwright keeps an event loop running in the thread of the tests as long as it lives: tests that run one of their
    own belong into another module.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("There is no Chromium on PATH.")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install playwright")
    playwright.expect.set_options(timeout=_PATIENCE)
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=program, args=_QUIET)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab of its own; an exception that nobody catches in the page's script fails the test."""
    failures: list[str] = []
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:
        context.set_default_timeout(_PATIENCE)
        tab = context.new_page()
        tab.on("pageerror", lambda error: failures.append(str(error)))
        yield tab
    assert failures == []
