"""The hosts of a vendor, on loopback, for libraries that insist on their own addresses and on TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest
import trustme

from ..support.http_server import HTTPServer, Peer, Received, answer
from .ports import closed_port, silent_port, url_of, wait_for_readers

HOSTS = ("oauth2.googleapis.com", "secretmanager.googleapis.com", "web.vault.azure.net", "login.microsoftonline.com")


class Reply(NamedTuple):
    """What a host answers."""

    body: object
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


Respond: TypeAlias = "Callable[[str, Received], Reply]"


class Cloud:
    """A proxy that does not pass requests on, but ends TLS and answers them itself.

    Attributes:
        asked: The requests to each host, without those to the proxy.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path, respond: Respond) -> None:
        self._patch = monkeypatch
        self._respond = respond
        self._open = ExitStack()
        self._hosts: dict[int, str] = {}
        self.asked: list[tuple[str, Received]] = []
        authority, self._tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(self._tls)
        authority.cert_pem.write_to_path(str(directory / "ca.pem"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(directory / "ca.pem"))
        self.proxy = self._open.enter_context(HTTPServer(default=self._serve))
        self.mend()

    def _serve(self, peer: Peer) -> None:
        received = next(one for one in reversed(self.proxy.requests) if one.connection == peer.number)
        if received.method == "CONNECT":
            self._hosts[peer.number] = received.target.removesuffix(":443")
            peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            peer.start_tls(self._tls)
            return
        host = self._hosts[peer.number]
        self.asked.append((host, received))
        reply = self._respond(host, received)
        answer(reply.body, reply.status, **reply.headers)(peer)

    def stop(self) -> None:
        """From now on, nothing can be reached."""
        self._patch.setenv("HTTPS_PROXY", url_of(self._open.enter_context(closed_port())))

    def stall(self) -> None:
        """From now on, nothing is answered."""
        self._patch.setenv("HTTPS_PROXY", url_of(self._open.enter_context(silent_port())))

    def mend(self) -> None:
        """Everything works again."""
        self._patch.setenv("HTTPS_PROXY", self.proxy.url)

    def close(self) -> None:
        wait_for_readers()
        self._open.close()
