"""Azure Key Vault: Azure's client and `DefaultAzureCredential`, against hosts that answer as Azure's do."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ..support.http_server import Received
from .cloud import Cloud, Reply

VAULT = "web.vault.azure.net"
TOKENS = "login.microsoftonline.com"
CHALLENGE = f'Bearer authorization="https://{TOKENS}/tenant", resource="https://vault.azure.net"'


class AzureRig:
    """A service principal that may read the secrets of a vault.

    Attributes:
        stored: The versions of each secret, which are called 1, 2 ...; one that is disabled is `None`.
        problems: Answered before anything else, one to each request for a secret.
        token: What is answered to a request for a token.
    """

    name = "azure-kv"
    extra: str | None = "azure"
    lacks: frozenset[str] = frozenset()
    reference = "azure-kv://web/together"
    missing = "azure-kv://web/nothing"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "MSI_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(directory))
        for name, value in {"TENANT_ID": "tenant", "CLIENT_ID": "web", "CLIENT_SECRET": "hidden"}.items():
            monkeypatch.setenv(f"AZURE_{name}", value)
        self.cloud = Cloud(monkeypatch, directory, self._respond)
        self.stored: dict[str, list[str | None]] = {}
        self.problems: list[Reply] = []
        self.token = Reply({"access_token": "token-for-tests", "expires_in": 3599, "token_type": "Bearer"})
        self._is_forbidden = False

    def _respond(self, host: str, asked: Received) -> Reply:
        if host == TOKENS:
            return self.token if asked.method == "POST" else _endpoints()
        if asked.headers.get("authorization") != "Bearer token-for-tests":
            return Reply({"error": {"code": "Unauthorized"}}, 401, {"WWW-Authenticate": CHALLENGE})
        if self.problems:
            return self.problems.pop(0)
        if self._is_forbidden:
            return problem(403, "Forbidden", "ForbiddenByRbac")
        found = re.match(r"/secrets/([^/?]+)/(\w*)", asked.target)
        assert found is not None
        versions = self.stored.get(found[1], [])
        number = int(found[2] or len(versions))
        if not 0 < number <= len(versions):
            return problem(404, "SecretNotFound")
        if versions[number - 1] is None:
            return problem(403, "Forbidden", "SecretDisabled")
        return Reply({"value": versions[number - 1], "id": f"https://{VAULT}/secrets/{found[1]}/{number}"})

    def put(self, value: str) -> None:
        self.stored.setdefault("together", []).append(value)

    def forbid(self) -> None:
        self._is_forbidden = True

    def stop(self) -> None:
        self.cloud.stop()

    def stall(self) -> None:
        self.cloud.stall()

    def mend(self) -> None:
        self._is_forbidden = False
        self.cloud.mend()

    def close(self) -> None:
        self.cloud.close()


def problem(status: int, code: str, inner: str | None = None, **headers: str) -> Reply:
    """An error in Azure's form."""
    details = {"innererror": {"code": inner}} if inner else {}
    return Reply({"error": {"code": code, "message": "Azure's own words", **details}}, status, headers)


def _endpoints() -> Reply:
    tenant = f"https://{TOKENS}/tenant"
    return Reply(
        {
            "issuer": f"{tenant}/v2.0",
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
        }
    )
