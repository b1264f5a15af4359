"""What only Azure Key Vault has: hosts, names, versions that are disabled, the challenge that leads to a token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from together_di.secrets import SecretError, SecretNotFoundError, azure_kv

from ..support.leaks import KEY
from .azure import TOKENS, VAULT, AzureRig, problem
from .cloud import Reply
from .reading import problem_with, read_from


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureRig]:
    rig = AzureRig(monkeypatch, tmp_path)
    rig.put(KEY)
    yield rig
    rig.close()


def read(reference: str = AzureRig.reference, **options: Any) -> str:
    return read_from(azure_kv, reference, **options)


def problem_of(reference: str = AzureRig.reference) -> str:
    return problem_with(azure_kv, reference)


@pytest.mark.parametrize("vault", ["web", VAULT, f"{VAULT}:443"])
def test_a_vault_is_named_or_given_as_a_host(rig: AzureRig, vault: str) -> None:
    assert read(f"azure-kv://{vault}/together") == KEY
    assert {host for host, _ in rig.cloud.asked} == {VAULT, TOKENS}


def test_a_name_with_a_port_is_a_host(rig: AzureRig, waits: list[float]) -> None:
    problem_of("azure-kv://localhost:8443/together")
    assert {asked.target for asked in rig.cloud.proxy.requests} == {"localhost:8443"}


def test_the_vault_says_where_to_sign_in(rig: AzureRig) -> None:
    read()
    [token] = [asked for _, asked in rig.cloud.asked if asked.method == "POST"]
    assert token.target.startswith("/tenant/oauth2/")
    assert b"vault.azure.net" in token.body


@pytest.mark.parametrize("reference", ["azure-kv://together", "azure-kv://web/", "azure-kv://we b/together"])
def test_a_reference_of_another_form_is_told_the_right_one(rig: AzureRig, reference: str) -> None:
    assert "write azure-kv://VAULT/SECRET" in problem_of(reference)


@pytest.mark.parametrize("name", ["TOGETHER_API_KEY", "team/together", "together.key"])
def test_a_name_that_no_secret_can_have_is_told_the_rule(rig: AzureRig, name: str) -> None:
    assert "a Key Vault allows letters, digits and hyphens only" in problem_of(f"azure-kv://web/{name}")
    assert rig.cloud.asked == []


def test_an_unknown_parameter_is_told_with_the_known_one(rig: AzureRig) -> None:
    assert "'verion' (did you mean 'version'?)" in problem_of("azure-kv://web/together?verion=3")


def test_a_version_is_read_by_its_name(rig: AzureRig) -> None:
    rig.put("second")
    assert read() == "second"
    assert read("azure-kv://web/together?version=1") == KEY
    with pytest.raises(SecretNotFoundError, match="no such version"):
        read("azure-kv://web/together?version=9")


def test_a_disabled_version_is_told_as_such(rig: AzureRig) -> None:
    rig.stored["together"].append(None)
    assert problem_of() == "the version is disabled: enable it, or name another with ?version="
    assert read("azure-kv://web/together?version=1") == KEY


def test_one_field_of_json_is_read(rig: AzureRig) -> None:
    rig.put('{"api_key": "inner"}')
    assert read(f"{rig.reference}#api_key") == "inner"


def test_a_vault_that_is_busy_is_asked_again(rig: AzureRig, waits: list[float]) -> None:
    rig.problems = [problem(429, "Throttled", retry_after="1"), problem(503, "ServiceUnavailable")]
    assert read() == KEY
    assert waits[0] == 1


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        (problem(403, "Forbidden", "ForbiddenByFirewall"), "denied: .*firewall.*403: ForbiddenByFirewall"),
        (problem(403, "Forbidden"), "denied: .*Key Vault Secrets User.*403: Forbidden"),
        (problem(429, "Throttled"), "asked too often, also after a while .429: Throttled"),
        (problem(500, "Broken"), "failed .500: Broken"),
        (Reply("no answer of Azure", 502), "failed .502: None"),
    ],
)
def test_a_refusal_says_what_it_means(rig: AzureRig, waits: list[float], answered: Reply, told: str) -> None:
    rig.problems = [answered] * 9
    with pytest.raises(SecretError, match=told):
        read()


def test_credentials_that_are_refused_are_told_as_a_failed_sign_in(rig: AzureRig) -> None:
    rig.token = Reply({"error": "invalid_client", "error_description": f"AADSTS7000215 {KEY}"}, 401)
    assert problem_of().startswith("sign in: ")


def test_without_credentials_it_says_how_to_get_some(rig: AzureRig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    assert "give the machine a managed identity, run az login, or set AZURE_TENANT_ID" in problem_of()


def test_a_client_of_ones_own_is_used_and_left_open(rig: AzureRig) -> None:
    from azure.identity import ClientSecretCredential
    from azure.keyvault.secrets import SecretClient

    with (
        ClientSecretCredential("tenant", "web", "hidden") as credential,
        SecretClient(f"https://{VAULT}", credential) as client,
    ):
        read(client=client)
        connections = rig.cloud.proxy.connections
        assert read(client=client) == KEY
        assert rig.cloud.proxy.connections == connections


def test_no_connection_is_left_open(rig: AzureRig) -> None:
    read()
    for connection in range(rig.cloud.proxy.connections):
        rig.cloud.proxy.wait_until_closed(connection + 1)
