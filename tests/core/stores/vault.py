"""HashiCorp Vault: hvac against a server that answers as Vault does, as far as reading secrets goes."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ..support.http_server import HTTPServer, Peer, Received, answer
from .ports import closed_port, silent_port, url_of

TOKEN = "hvs.token-for-tests"
PATH = "secret/data/together"


class VaultRig:
    """A key-value store of version 2 at `secret`, which one token may read.

    Attributes:
        stored: What there is, by the path that is asked for: a list of versions, in a store of version 2; a deleted
            version is `None`.
        log_ins: What signs in, by the path of the request.
        tokens: What is signed in.
        problem: Answered to everything, if it is set.
    """

    name = "vault"
    extra: str | None = "vault"
    lacks: frozenset[str] = frozenset()
    reference = "vault://secret/together#api_key"
    missing = "vault://secret/nothing#api_key"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        self._patch = monkeypatch
        self._open = ExitStack()
        for name in [name for name in os.environ if name.startswith("VAULT_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(directory))
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        self.stored: dict[str, Any] = {}
        self.log_ins: dict[str, dict[str, str]] = {}
        self.tokens = {TOKEN}
        self.problem: tuple[int, object] | None = None
        self.server = self._open.enter_context(HTTPServer(default=self._answer))
        self.mend()

    def _answer(self, peer: Peer) -> None:
        asked = next(request for request in reversed(self.server.requests) if request.connection == peer.number)
        status, body = self.problem or self._outcome(asked)
        answer(body, status)(peer)

    def _outcome(self, asked: Received) -> tuple[int, object]:
        url = urlsplit(asked.target)
        path, token = url.path.removeprefix("/v1/"), asked.headers.get("x-vault-token")
        if path in self.log_ins:
            if asked.json() != self.log_ins[path]:
                return 400, {"errors": ["invalid role or secret ID"]}
            self.tokens.add(f"hvs.{len(self.tokens)}")
            return 200, {"auth": {"client_token": f"hvs.{len(self.tokens) - 1}"}}
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        if path == "auth/token/revoke-self":
            self.tokens.remove(token)
            return 200, {}
        if path not in self.stored:
            return 404, {"errors": []}
        found, [number] = self.stored[path], parse_qs(url.query).get("version", ["0"])
        return _version(found, int(number) or len(found)) if isinstance(found, list) else (200, {"data": found})

    def put(self, value: str) -> None:
        self.stored.setdefault(PATH, []).append({"api_key": value})

    def forbid(self) -> None:
        self.tokens.clear()

    def stop(self) -> None:
        self._patch.setenv("VAULT_ADDR", url_of(self._open.enter_context(closed_port())))

    def stall(self) -> None:
        self._patch.setenv("VAULT_ADDR", url_of(self._open.enter_context(silent_port())))

    def mend(self) -> None:
        self._patch.setenv("VAULT_ADDR", self.server.url)
        self.tokens.add(TOKEN)

    def close(self) -> None:
        self._open.close()


def _version(versions: list[dict[str, Any] | None], number: int) -> tuple[int, object]:
    if number > len(versions):
        return 404, {"errors": []}
    fields = versions[number - 1]
    metadata = {"version": number, "destroyed": False, "deletion_time": "" if fields else "2026-01-02T03:04:05Z"}
    return 200 if fields else 404, {"data": {"data": fields, "metadata": metadata}}
