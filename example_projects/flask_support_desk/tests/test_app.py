"""How the app starts, and whether it is well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support_desk import create_app

from together_di import MissingAPIKeyError
from together_di.emulator import EmulatorServer


def test_the_desk_is_well_if_the_api_answers(client: FlaskClient) -> None:
    response = client.get("/health")
    assert (response.status_code, json.loads(response.text)["ok"]) == (200, True)


def test_the_desk_is_not_well_if_the_api_is_gone(database_url: str) -> None:
    with EmulatorServer() as gone:
        options = {"api_key": "key", "base_url": gone.url}
    response = create_app({"DATABASE_URL": database_url, "TOGETHER": options}).test_client().get("/health")
    assert (response.status_code, json.loads(response.text)["ok"]) == (503, False)


def test_without_a_key_the_app_does_not_start(database_url: str) -> None:
    with pytest.raises(MissingAPIKeyError):
        create_app({"DATABASE_URL": database_url})


def test_the_environment_changes_the_configuration(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_CHAT_MODEL", "small")
    options = {"transport": "embedded"}
    assert create_app({"DATABASE_URL": database_url, "TOGETHER": options}).config["CHAT_MODEL"] == "small"


def test_an_unknown_page_is_said_in_json(client: FlaskClient) -> None:
    response = client.get("/nowhere")
    assert (response.status_code, list(json.loads(response.text))) == (404, ["detail"])


@pytest.mark.usefixtures("fake_together")
def test_conversations_outlive_the_app(database_url: str, tmp_path: Path) -> None:
    config = {"DATABASE_URL": database_url}
    location = create_app(config).test_client().get("/").location
    assert create_app(config).test_client().get(location).status_code == 200
    assert (tmp_path / "support_desk.sqlite3").exists()
