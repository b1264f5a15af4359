"""Apps to try the extension on."""

from __future__ import annotations

from typing import Any

from flask import Flask

from together_di_flask import FlaskTogether

from ...core.support.sides import KEY

EMBEDDED = {"transport": "embedded"}


def make_app(together: FlaskTogether | None = None, **config: Any) -> Flask:
    """An app that is set up; with a key, unless `config` says something else."""
    app = Flask("shop")
    app.config.from_mapping({"TOGETHER": {"api_key": KEY}, **config})
    (together or FlaskTogether()).init_app(app)
    return app
