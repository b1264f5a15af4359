"""What Django shows of a failing view, on its debug page and in mails to the admins, never has the key in it."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, RequestFactory, override_settings
from django.urls import path
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from together_di_django import get_async_together, get_container, get_together

from ...core.support.http_server import HTTPServer, answer, then_hang_up
from .project import CHAT

SECRET = "hunter2+hunter2/hunter2=="
#: The secret as it stands, and as it could stand in a request.
FORMS = [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()]

NAMED: dict[str, dict[str, Any]] = {
    "default": {"API_KEY": SECRET},
    "eu": {"api_key": SECRET, "DEFAULT_HEADERS": {"X-Api-Key": SECRET}},
}


def pages_of(view: Callable[[HttpRequest], object]) -> str:
    """The technical 500 page and the mail of an exception in `view`."""
    request = RequestFactory().get("/")
    try:
        view(request)
    except Exception:
        reporter = ExceptionReporter(request, *sys.exc_info())
        return reporter.get_traceback_html() + reporter.get_traceback_text()
    raise AssertionError("The view did not fail")


def assert_hidden(text: str) -> None:
    assert "TOGETHER" in text
    assert not [form for form in FORMS if form in text]


@pytest.mark.parametrize("setting", [{"API_KEY": SECRET}, {"api_key": SECRET}, NAMED])
def test_the_settings_are_cleansed(setting: dict[str, Any]) -> None:
    with override_settings(TOGETHER=setting):
        shown = SafeExceptionReporterFilter().get_safe_settings()["TOGETHER"]
    assert SafeExceptionReporterFilter.cleansed_substitute in str(shown)
    assert SECRET not in str(shown)


def view_with_locals(request: HttpRequest) -> HttpResponse:
    client, aclient = get_together("eu"), get_async_together("eu")
    container = get_container("eu")
    config, explanation = container.client_config(), container.explain()
    raise ValueError(repr([client, aclient, container, config, explanation]))


@override_settings(TOGETHER=NAMED, DEBUG=True)
def test_the_page_of_a_view_with_our_objects_in_local_variables() -> None:
    page = pages_of(view_with_locals)
    assert "config" in page
    assert_hidden(page)


def failing_call(request: HttpRequest) -> HttpResponse:
    client = get_together("eu")
    return HttpResponse(client.chat.completions.create(**CHAT).id)


@pytest.mark.parametrize(
    "reply",
    [
        answer({"error": {"message": f"wrong key {SECRET}"}}, status=401),
        answer({"error": {"message": "no"}}, status=500),
        answer({"no": "completion"}),
        then_hang_up(),
    ],
    ids=["refused", "failed", "odd", "lost"],
)
def test_the_page_of_a_call_that_fails(reply: Any) -> None:
    with HTTPServer(default=reply) as server:
        eu = {**NAMED["eu"], "BASE_URL": server.url, "MAX_RETRIES": 0, "STRICT": True}
        with override_settings(TOGETHER={**NAMED, "eu": eu}, DEBUG=True):
            assert_hidden(pages_of(failing_call))


@pytest.mark.parametrize(
    "mistake",
    [
        {"API_KEY": SECRET, "TIMOUT": 3},
        {"API_KEY": f"{SECRET}\n{SECRET}"},
        {"API_KEY": [SECRET]},
        pytest.param(
            {"API_KEY": SECRET, "DEFAULT_HEADERS": {"Authorization": SECRET}},
            marks=pytest.mark.skipif(
                "AUTH" not in SafeExceptionReporterFilter.hidden_settings.pattern,
                reason="This version of Django does not hide settings of that name",
            ),
        ),
        {"API_KEY": f"vault-of-nothing://{SECRET[:7]}"},
    ],
)
def test_the_page_of_a_mistake_in_the_settings(mistake: dict[str, Any]) -> None:
    with override_settings(TOGETHER={"default": {}, "eu": mistake}, DEBUG=True):
        assert_hidden(pages_of(failing_call))


async def failing_async_view(request: HttpRequest) -> HttpResponse:
    client = get_async_together("eu")
    return HttpResponse((await client.chat.completions.create(**CHAT)).id)


urlpatterns = [path("fails", failing_async_view)]


@override_settings(ROOT_URLCONF=__name__, DEBUG=True)
def test_the_page_of_an_async_view_as_the_browser_gets_it() -> None:
    with HTTPServer(default=answer({"error": {"message": "no"}}, status=500)) as server:
        eu = {**NAMED["eu"], "BASE_URL": server.url, "MAX_RETRIES": 0}
        with override_settings(TOGETHER={**NAMED, "eu": eu}):
            response: Any = asyncio.run(AsyncClient(raise_request_exception=False).get("/fails"))
    assert response.status_code == 500
    assert_hidden(response.content.decode())
