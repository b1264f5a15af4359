"""What the tests share: the app, with a database of its own. `fake_together` comes with the package together-di."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support_desk import create_app

from together_di.testing import FakeTogether


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(("FLASK_", "TOGETHER_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TOGETHER_ENV_FILE", os.devnull)  # nor one that stands in `.env`


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A database that is not there yet."""
    return f"sqlite:///{tmp_path}/support_desk.sqlite3"


@pytest.fixture
def app(fake_together: FakeTogether, database_url: str) -> Iterator[Flask]:
    """The app; `fake_together` answers its questions."""
    app = create_app({"TESTING": True, "DATABASE_URL": database_url})
    yield app
    app.extensions["sessions"].kw["bind"].dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()


@pytest.fixture
def conversation(client: FlaskClient) -> str:
    """The address of the messages of a new conversation."""
    return f"{client.get('/').location}/messages"
