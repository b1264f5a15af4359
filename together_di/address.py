"""Where a request goes."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import quote, urlsplit


class Origin(NamedTuple):
    """Scheme, host and port: what a connection is made to, and what a key may be sent to."""

    scheme: str
    host: str
    port: int | None

    @property
    def authority(self) -> str:
        """Host and port as a `Host` header and a URL write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def parse_url(url: str) -> tuple[Origin, str] | None:
    """Origin and target of an absolute http(s) URL, in ASCII; `None` for anything else."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        origin = Origin(parts.scheme, host, parts.port)
    except ValueError:
        return None
    if origin.scheme not in {"http", "https"} or not host:
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return origin, quote(target, safe="/?%:@!$&'()*+,;=~[]")


def is_near(host: str) -> bool:
    """Whether `host` is this machine or in a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # Names without a dot resolve inside a container network or an office only.
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".test"))
    return address.is_loopback or address.is_private
