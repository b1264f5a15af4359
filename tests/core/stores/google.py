"""Google Cloud Secret Manager: Google's client, and its way to sign in, against hosts that answer as Google's do."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from ..support.http_server import Received
from .cloud import Cloud, Reply

NAME = "projects/web-prod/secrets/together"
TOKENS = "oauth2.googleapis.com"
USER = {"type": "authorized_user", "client_id": "gcloud", "client_secret": "c", "refresh_token": "r"}


class GoogleRig:
    """A user whose credentials are in a file, and who may read the secrets of a project.

    Attributes:
        stored: The versions of each secret; one that is disabled is `None`.
        problems: Answered before anything else, one to each request for a secret.
        token: What is answered to a request for a token.
    """

    name = "gcp-sm"
    extra: str | None = "gcp"
    lacks: frozenset[str] = frozenset()
    reference = "gcp-sm://web-prod/together"
    missing = "gcp-sm://web-prod/nothing"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        for name in [name for name in os.environ if name.startswith(("GOOGLE_", "GCE_", "GCLOUD_", "CLOUDSDK_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(directory))
        self.credentials = directory / "user.json"
        self.credentials.write_text(json.dumps(USER))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(self.credentials))
        self.cloud = Cloud(monkeypatch, directory, self._respond)
        self.stored: dict[str, list[bytes | None]] = {}
        self.problems: list[Reply] = []
        self.token = Reply({"access_token": "token-for-tests", "expires_in": 3599, "token_type": "Bearer"})
        self._is_forbidden = False

    def _respond(self, host: str, asked: Received) -> Reply:
        if host == TOKENS:
            return self.token
        if self.problems:
            return self.problems.pop(0)
        if self._is_forbidden or asked.headers["authorization"] != "Bearer token-for-tests":
            return problem(403, "PERMISSION_DENIED")
        found = re.fullmatch(r"/v1/(.+)/versions/(\w+):access", unquote(asked.target).partition("?")[0])
        assert found is not None
        versions = self.stored.get(found[1], [])
        number = len(versions) if found[2] == "latest" else int(found[2])
        if not 0 < number <= len(versions):
            return problem(404, "NOT_FOUND")
        data = versions[number - 1]
        if data is None:
            return problem(400, "FAILED_PRECONDITION")
        return Reply({"name": f"{found[1]}/versions/{number}", "payload": {"data": base64.b64encode(data).decode()}})

    def put(self, value: str) -> None:
        self.stored.setdefault(NAME, []).append(value.encode())

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


def problem(code: int, status: str) -> Reply:
    """An error in Google's form."""
    return Reply({"error": {"code": code, "message": "Google's own words", "status": status}}, code)
