"""The app that real servers serve: gunicorn imports this module; as a program, it serves itself with waitress."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import sys
from typing import Any

from flask import Flask

from together_di_flask import FlaskTogether, get_together

from ..contract.flask import add_routes
from ..contract.rig import CHAT

# Both warn of a slow machine, which does not matter here: asyncio in development mode of what takes long.
for name in ("asyncio", "waitress.queue"):
    logging.getLogger(name).setLevel(logging.ERROR)

app = Flask(__name__)
app.config.from_prefixed_env()
FlaskTogether(app)
add_routes(app)

if os.environ.get("CALL_BEFORE_THE_FORK"):
    with app.app_context():
        get_together().chat.completions.create(**CHAT)


def serve() -> None:
    """Serve with waitress, which ends requests before it goes after Ctrl-C, but knows nothing of SIGTERM."""
    waitress: Any = importlib.import_module("waitress")  # which has no types

    def stop(*_: object) -> None:
        print("Handling signal: term", flush=True)
        sys.exit()

    signal.signal(signal.SIGTERM, stop)
    waitress.serve(app, sockets=[socket.socket(fileno=int(sys.argv[1]))], threads=20)


if __name__ == "__main__":
    serve()
