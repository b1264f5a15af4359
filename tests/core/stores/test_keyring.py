"""The keyring of a computer: what its references may say, and a computer without one."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import keyring
import pytest

from together_di.secrets import Reference, SecretError
from together_di.secrets import keyring as store

from .keyring_service import KeyringRig


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    with closing(KeyringRig(monkeypatch, tmp_path)) as rig:
        rig.mend()
        yield


def read(text: str) -> str:
    reference = Reference.parse(text)
    assert reference is not None
    return store.read(reference)


@pytest.mark.usefixtures("service")
def test_a_field_of_a_password_that_is_json() -> None:
    keyring.set_password("together", "default", '{"api_key": "k"}')
    assert read("keyring://together/default#api_key") == "k"


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("service_name", "username", "path"),
    [("https://api.together.ai", "me", "https://api.together.ai/me"), ("a b", "me/you#1", "a b/me%2Fyou%231")],
)
def test_names_with_characters_that_separate(service_name: str, username: str, path: str) -> None:
    keyring.set_password(service_name, username, "k")
    assert read(f"keyring://{path}") == "k"


@pytest.mark.parametrize("path", ["together", "together/", "/default"])
def test_a_reference_without_both_names_is_told_with_the_right_form(path: str) -> None:
    with pytest.raises(SecretError, match="write keyring://SERVICE/USERNAME"):
        read(f"keyring://{path}")


def test_a_computer_without_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = importlib.import_module("keyring.backends.fail").Keyring()
    monkeypatch.setattr("keyring.core._keyring_backend", nothing)
    with pytest.raises(SecretError, match="this computer has no keyring"):
        read("keyring://together/default")


def test_a_session_without_a_message_bus(service: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    with pytest.raises(SecretError, match="cannot connect to the keyring"):
        read("keyring://together/default")
