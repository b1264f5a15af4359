"""A support desk that answers from its documents: `flask run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from . import database, errors, views
from .extensions import together


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application.

    Args:
        config: What comes before `config.py` and the `FLASK_*` variables of the environment.
    """
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_object(f"{__name__}.config")
    app.config.from_prefixed_env()
    app.config.from_mapping(config)
    together.init_app(app)
    database.init_app(app)
    errors.init_app(app)
    app.register_blueprint(views.desk)
    return app
