"""What only Vault has: ways to sign in, namespaces, mounts, versions, a seal."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac  # type: ignore[import-untyped]
import pytest
import trustme

from together_di.secrets import SecretNotFoundError, vault

from ..support.http_server import HTTPServer, answer
from ..support.leaks import KEY
from .reading import problem_with, read_from
from .vault import PATH, TOKEN, VaultRig


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[VaultRig]:
    rig = VaultRig(monkeypatch, tmp_path)
    rig.put(KEY)
    yield rig
    rig.close()


def read(reference: str = VaultRig.reference, **options: Any) -> str:
    return read_from(vault, reference, **options)


def problem_of(reference: str = VaultRig.reference) -> str:
    return problem_with(vault, reference)


def test_the_only_field_needs_no_name(rig: VaultRig) -> None:
    assert read("vault://secret/together") == KEY


def test_several_fields_are_told_by_their_names_without_their_values(rig: VaultRig) -> None:
    rig.stored[PATH] = [{"zone": KEY, "api_key": KEY}]
    assert "after a #; they are: api_key, zone" in problem_of("vault://secret/together")
    assert read() == KEY


def test_a_field_that_is_not_there_is_told_with_those_that_are(rig: VaultRig) -> None:
    rig.stored[PATH] = [{"api_key": KEY, "zone": KEY}]
    with pytest.raises(
        SecretNotFoundError, match=r"'apikey' \(did you mean 'api_key'\?\); its fields are: api_key, zone$"
    ):
        read("vault://secret/together#apikey")


def test_a_field_that_is_not_text_is_refused(rig: VaultRig) -> None:
    rig.stored[PATH] = [{"api_key": {"nested": KEY}}]
    assert problem_of() == "the field 'api_key' is not text"


def test_a_version_is_read_by_its_number(rig: VaultRig) -> None:
    rig.put("second")
    assert read() == "second"
    assert read("vault://secret/together?version=1#api_key") == KEY


def test_a_version_that_never_was_is_not_found(rig: VaultRig) -> None:
    with pytest.raises(SecretNotFoundError, match="no such version"):
        read("vault://secret/together?version=9#api_key")


def test_a_deleted_version_is_told_as_such(rig: VaultRig) -> None:
    rig.stored[PATH] = [{"api_key": KEY}, None]
    with pytest.raises(SecretNotFoundError, match="this version of the secret was deleted"):
        read()
    assert read("vault://secret/together?version=1#api_key") == KEY


def test_a_mount_may_have_slashes_in_it(rig: VaultRig) -> None:
    rig.stored["kv/prod/data/team/together"] = [{"api_key": "elsewhere"}]
    assert read("vault://team/together?mount=kv/prod#api_key") == "elsewhere"


def test_a_store_of_version_1_is_read(rig: VaultRig) -> None:
    rig.stored["kv/together"] = {"api_key": "plain"}
    assert read("vault://kv/together?kv=1#api_key") == "plain"
    with pytest.raises(SecretNotFoundError):
        read("vault://kv/nothing?kv=1#api_key")


@pytest.mark.parametrize(
    "reference",
    ["vault://secret", "vault://secret/#f", "vault://secret/a?version=last", "vault://secret/a?kv=3"],
)
def test_a_reference_of_another_form_is_told_the_right_one(rig: VaultRig, reference: str) -> None:
    assert "write vault://MOUNT/PATH#FIELD" in problem_of(reference)


def test_an_unknown_parameter_is_told_with_the_nearest_one(rig: VaultRig) -> None:
    assert "'versoin' (did you mean 'version'?)" in problem_of("vault://secret/a?versoin=3")


def test_without_an_address_it_says_what_to_set(rig: VaultRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_ADDR")
    assert problem_of().startswith("VAULT_ADDR is not set: set it")
    monkeypatch.setenv("VAULT_ADDR", "vault.example.com")
    assert problem_of().startswith("read: VAULT_ADDR is not an address: set it")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (403, "denied (403)"),
        (429, "more often than its quota allows (429)"),
        (503, "sealed, or none of its servers is active (503)"),
        (500, "or fails (InternalServerError)"),
    ],
)
def test_a_refusal_says_what_it_means(rig: VaultRig, status: int, told: str) -> None:
    rig.problem = status, {"errors": [f"Vault's own words, perhaps with {KEY} in them"]}
    problem = problem_of()
    assert problem.startswith("read: ")
    assert told in problem


@pytest.mark.parametrize("body", ["Please sign in", {"status": "fine"}, {"data": None}])
def test_an_answer_that_is_not_vaults_is_told_as_such(rig: VaultRig, body: object) -> None:
    rig.problem = 200, body
    assert problem_of() == "read: what came back is not an answer of Vault: is a proxy in between?"


def test_a_certificate_is_trusted_by_naming_its_ca(
    rig: VaultRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with HTTPServer(default=answer({"data": {"data": {"api_key": KEY}}}), tls=tls) as server:
        monkeypatch.setenv("VAULT_ADDR", server.url)
        assert "certificate is not trusted; name its CA in VAULT_CACERT" in problem_of()
        monkeypatch.setenv("VAULT_CACERT", str(tmp_path / "ca.pem"))
        assert read() == KEY


def test_a_token_may_have_been_left_by_vault_login(
    rig: VaultRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    assert read() == KEY
    assert [request.method for request in rig.server.requests] == ["GET"]


def test_a_token_with_a_line_break_is_not_quoted(rig: VaultRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", f"{TOKEN}\n")
    problem = problem_of()
    assert "VAULT_TOKEN or VAULT_NAMESPACE has a character" in problem
    assert TOKEN not in problem


@pytest.fixture
def without_token(rig: VaultRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    rig.tokens.clear()


@pytest.mark.usefixtures("without_token")
def test_without_anything_to_sign_in_with_it_says_what_to_set(rig: VaultRig) -> None:
    assert "set VAULT_TOKEN (or run vault login), or VAULT_ROLE_ID" in problem_of()


@pytest.fixture
def app_role(rig: VaultRig, without_token: None, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.log_ins["auth/approle/login"] = {"role_id": "web", "secret_id": "hidden"}
    monkeypatch.setenv("VAULT_ROLE_ID", "web")
    monkeypatch.setenv("VAULT_SECRET_ID", "hidden")


@pytest.mark.usefixtures("app_role")
def test_an_app_role_signs_in(rig: VaultRig) -> None:
    assert read() == KEY


@pytest.mark.usefixtures("app_role")
def test_the_token_of_an_app_role_is_given_back(rig: VaultRig) -> None:
    read()
    assert rig.tokens == set()
    with pytest.raises(SecretNotFoundError):
        read(rig.missing)
    assert rig.tokens == set()


@pytest.mark.usefixtures("app_role")
def test_an_app_role_that_is_refused_is_told_as_a_failed_sign_in(
    rig: VaultRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_SECRET_ID", "wrong-hidden")
    problem = problem_of()
    assert problem == "sign in: Vault does not accept the request, or fails (InvalidRequest)"


@pytest.fixture
def pod(rig: VaultRig, without_token: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The token of the service account of a pod whose role may read."""
    file = tmp_path / "token"
    file.write_text("jwt-of-the-pod\n")
    monkeypatch.setattr(vault, "SERVICE_ACCOUNT", file)
    monkeypatch.setenv("VAULT_K8S_ROLE", "web")
    rig.log_ins["auth/kubernetes/login"] = {"role": "web", "jwt": "jwt-of-the-pod"}
    return file


def test_a_pod_signs_in_by_its_service_account(rig: VaultRig, pod: Path) -> None:
    assert read() == KEY


def test_a_role_of_kubernetes_outside_of_a_pod_is_told_as_such(rig: VaultRig, pod: Path) -> None:
    pod.unlink()
    assert f"there is no token of a pod at {pod}" in problem_of()


@pytest.mark.parametrize(
    ("reference", "namespace"),
    [("vault://secret/together", "teams/a"), ("vault://secret/together?namespace=teams/b", "teams/b")],
)
def test_a_namespace_goes_with_every_request(
    rig: VaultRig, app_role: None, monkeypatch: pytest.MonkeyPatch, reference: str, namespace: str
) -> None:
    monkeypatch.setenv("VAULT_NAMESPACE", "teams/a")
    assert read(reference) == KEY
    assert [request.headers["x-vault-namespace"] for request in rig.server.requests] == [namespace] * 3


def test_a_client_of_ones_own_is_used_and_left_open(rig: VaultRig, monkeypatch: pytest.MonkeyPatch) -> None:
    client = hvac.Client(rig.server.url, TOKEN)
    monkeypatch.delenv("VAULT_ADDR")
    assert [read(client=client), read(client=client)] == [KEY, KEY]
    assert rig.server.connections == 1
    client.adapter.close()


def test_no_connection_is_left_open(rig: VaultRig) -> None:
    read()
    rig.server.wait_until_closed(1)
