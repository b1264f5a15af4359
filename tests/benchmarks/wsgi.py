"""What `get_together()` costs a request of Flask and of Django, next to one whose view does not ask for it.

Each app is called in this process, without a server; the floor's client is set up like ours, but not used.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any

import django
import flask
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import path

import together_di_django
import together_di_flask

from .measure import FLOOR, OURS, Case, Contender, timed

REQUESTS = 300


def cases() -> list[Case]:
    """One for each framework."""
    return [
        Case("dependency-flask", "s", _contenders(_flask()), rounds=60),
        Case("dependency-django", "s", _contenders(_django()), rounds=60),
    ]


def _contenders(app: Callable[..., Any]) -> list[Contender]:
    return [Contender(name, timed(functools.partial(_ask, app, path), REQUESTS)) for name, path in PATHS.items()]


PATHS = {FLOOR: "/floor", OURS: "/ours"}


def _ask(app: Callable[..., Any], path: str) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    answer = app(environ, lambda _status, _headers, _error=None: None)
    assert b"".join(answer) == b"1"
    answer.close()


def _flask() -> Callable[..., Any]:
    app = flask.Flask("benchmark")
    app.config["TOGETHER"] = {"transport": "embedded"}
    together_di_flask.FlaskTogether(app)

    @app.get(PATHS[FLOOR])
    def floor() -> str:
        return "1"

    @app.get(PATHS[OURS])
    def ours() -> str:
        together_di_flask.get_together()
        return "1"

    return app.wsgi_app


def _django() -> Callable[..., Any]:
    def floor(_request: object) -> HttpResponse:
        return HttpResponse("1")

    def ours(_request: object) -> HttpResponse:
        together_di_django.get_together()
        return HttpResponse("1")

    settings.configure(
        ALLOWED_HOSTS=["localhost"],
        INSTALLED_APPS=["together_di_django"],
        ROOT_URLCONF=(path(PATHS[FLOOR][1:], floor), path(PATHS[OURS][1:], ours)),
        TOGETHER={"TRANSPORT": "embedded"},
    )
    django.setup()
    return WSGIHandler()
