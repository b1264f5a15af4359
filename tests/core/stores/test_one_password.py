"""1Password: what its program is given, and what it may say. See `one_password.py` for what stands in for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from together_di.secrets import Reference, SecretError, SecretNotFoundError, op

from .one_password import REFERENCE, OnePasswordRig


@pytest.fixture
def one_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OnePasswordRig:
    return OnePasswordRig(monkeypatch, tmp_path)


def read(text: str = REFERENCE) -> str:
    reference = Reference.parse(text)
    assert reference is not None
    return op.read(reference)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('"Private" isn\'t a vault in this account. Specify the vault with its ID or name.', "no such vault"),
        ("item 'Private/together' does not have a field 'api_key'", "no such vault, item or field"),
        ("could not find item together in vault Private, because it has been deleted or archived.", "no such vault"),
    ],
)
def test_what_is_not_there(one_password: OnePasswordRig, said: str, told: str) -> None:
    one_password.fail(said)
    with pytest.raises(SecretNotFoundError, match=told):
        read()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("error initializing client: You are not currently signed in. Please run `op signin --help`", "sign in"),
        ("No accounts configured for use with 1Password CLI.", "sign in"),
        ("could not find session token for account my", "sign in"),
        ("error initializing client: authorization timeout", "sign in"),
        ("error initializing client: connecting to desktop app: read: connection reset", "sign in"),
        ("(401) Unauthorized: invalid bearer token", "sign in"),
        ("error initializing client: read: context deadline exceeded", "cannot connect"),
        ("(101) You do not have permission to perform this action", "denied"),
        ('More than one item matches "together"', "write the ID"),
        ("invalid secret reference: invalid character in secret reference: '('", "write IDs"),
        ("something new that holds hunter2", "run op read"),
    ],
)
def test_other_failures_are_told_apart_without_quoting(one_password: OnePasswordRig, said: str, told: str) -> None:
    one_password.fail(said)
    with pytest.raises(SecretError, match=told) as caught:
        read()
    assert not isinstance(caught.value, SecretNotFoundError)
    assert "hunter2" not in str(caught.value)


def test_the_names_in_the_reference_are_not_taken_for_a_message(one_password: OnePasswordRig) -> None:
    one_password.fail("something new")
    with pytest.raises(SecretError, match="run op read"):
        read("op://forbidden/session/no account")


def test_a_computer_without_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SecretError, match="op, is not on PATH: install it"):
        read()


def test_a_program_that_cannot_be_run(one_password: OnePasswordRig, tmp_path: Path) -> None:
    (tmp_path / "bin" / "op").write_bytes(b"\x7fELF")
    with pytest.raises(SecretError, match="cannot be run"):
        read()


@pytest.mark.parametrize("value", [b"", b"\xff"])
def test_a_field_that_is_empty_or_no_text(one_password: OnePasswordRig, tmp_path: Path, value: bytes) -> None:
    (tmp_path / "secret").write_bytes(value)
    with pytest.raises(SecretError, match="run op read" if not value else "not text in UTF-8"):
        read()


@pytest.mark.parametrize("path", ["vault", "vault/item", "vault//field", "a/b/c/d/e"])
def test_a_wrong_reference_is_told_with_the_right_form(path: str) -> None:
    with pytest.raises(SecretError, match="write op://VAULT/ITEM/FIELD"):
        read(f"op://{path}")
