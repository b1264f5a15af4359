"""Real app servers, each in a process of its own, with the project of this folder in them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from ...core.support.sides import KEY
from ..app_server import ROOT, AppServer

HERE = Path(__file__).parent


def environment(directory: Path, **together: object) -> dict[str, str]:
    """What a process of the project finds in its environment; `together` is its setting `TOGETHER`."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings_server",
        "HOME": str(directory),  # where gunicorn keeps a socket
        "PROJECT_TOGETHER": json.dumps(together),
        "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT), str(ROOT / "integrations")]),
    }


class Kind(NamedTuple):
    """A server.

    Attributes:
        arguments: Its command line, after `python -m`.
        stopping: What it prints when it has taken notice of SIGTERM; empty if it says nothing.
        code: The exit code after SIGTERM.
        routine: What is in each line that it prints about itself.
        drains: Whether it lets requests end before it goes.
        warm_up: Whether a call is made before the workers are forked.
        opens_port: Whether it opens its port itself; the others are handed an open one.
    """

    arguments: tuple[str, ...]
    stopping: str = ""
    code: int = 0
    routine: str = "INFO"
    drains: bool = True
    warm_up: bool = False
    opens_port: bool = False


GUNICORN = Kind(
    ("gunicorn", "wsgi:application", "--workers", "2", "--bind", "127.0.0.1:{}"),
    stopping="Handling signal: term",
    opens_port=True,
)
WSGI = {
    "gunicorn-sync": GUNICORN,
    "gunicorn-gthread": GUNICORN._replace(arguments=(*GUNICORN.arguments, "--threads", "10")),
    "gunicorn-preload": GUNICORN._replace(arguments=(*GUNICORN.arguments, "--preload"), warm_up=True),
}
ASGI = {
    "uvicorn": Kind(("uvicorn", "asgi:application", "--fd", "{}"), stopping="Shutting down", code=-15),
    "hypercorn": Kind(("hypercorn", "asgi:application", "--bind", "fd://{}")),
    # Twisted's reactor stops in mid-request.
    "daphne": Kind(("daphne", "asgi:application", "--fd", "{}", "--verbosity", "0"), drains=False),
    "granian": Kind(
        ("granian", "asgi:application", "--interface", "asgi", "--port", "{}"),
        stopping="Shutting down",
        opens_port=True,
    ),
}
KINDS = WSGI | ASGI


class Server(AppServer):
    """A server with the project."""

    def __init__(self, kind: Kind, upstream: str, directory: Path) -> None:
        self._routine = kind.routine
        variables = environment(directory, API_KEY=KEY, BASE_URL=upstream, MAX_RETRIES=0)
        super().__init__(
            ("-W", "error::ResourceWarning", "-m", *kind.arguments),
            variables | ({"PROJECT_WARM_UP": "1"} if kind.warm_up else {}),
            directory,
            opens_port=kind.opens_port,
            stopping=kind.stopping,
            code=kind.code,
        )
        if kind.opens_port:
            self.wait_until_it_listens()

    def is_routine(self, line: str) -> bool:
        """The same, in the server's own words."""
        return self._routine in line or super().is_routine(line)
