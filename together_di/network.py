"""How requests reach the API: the options of the connections."""

from __future__ import annotations

import re
from typing import NamedTuple


class Network(NamedTuple):
    """How requests reach the API.

    Attributes:
        max_connections: How many there are at most, in each process and event loop.
        max_keepalive_connections: How many of them are kept open while they are idle; `None`: all.
        keepalive_expiry: Seconds after which an idle one is closed.
        proxy: The URL of a proxy; without one, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count.
        ca_bundle: A file or directory of PEM certificates to trust; without one, `SSL_CERT_FILE` or `SSL_CERT_DIR`,
            else those of certifi.
    """

    max_connections: int = 100
    max_keepalive_connections: int | None = None
    keepalive_expiry: float = 30.0
    proxy: str | None = None
    ca_bundle: str | None = None

    @property
    def most_idle(self) -> int:
        """How many connections are kept open while they are idle."""
        most = self.max_keepalive_connections
        return self.max_connections if most is None else min(most, self.max_connections)

    def __repr__(self) -> str:
        shown = self._asdict() | {"proxy": self.proxy and hidden_password(self.proxy)}
        return f"Network({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


DEFAULT_NETWORK = Network()


def hidden_password(url: str) -> str:
    """`url` without the user and password in it."""
    return re.sub(r"//[^/]*@", "//[hidden]@", url)
