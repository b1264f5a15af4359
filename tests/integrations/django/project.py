"""A project as our users have one: its settings for tests in this process, and its views."""

from __future__ import annotations

from typing import Any

from dependency_injector.wiring import Provide, inject
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from together_di import AsyncTogether, Together
from together_di_django import get_async_together, get_together, sse

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def alias(request: HttpRequest) -> str:
    return request.GET.get("alias", "default")


def sync_view(request: HttpRequest) -> HttpResponse:
    answer = get_together(alias(request)).chat.completions.create(**CHAT)
    return HttpResponse(answer.choices[0].message.content)


async def async_view(request: HttpRequest) -> HttpResponse:
    answer = await get_async_together(alias(request)).chat.completions.create(**CHAT)
    return HttpResponse(answer.choices[0].message.content)


async def blocking_view(request: HttpRequest) -> HttpResponse:
    return sync_view(request)


def stream_view(request: HttpRequest) -> StreamingHttpResponse:
    return sse(get_together(alias(request)).chat.completions.create(stream=True, **CHAT))


async def async_stream_view(request: HttpRequest) -> StreamingHttpResponse:
    return sse(await get_async_together(alias(request)).chat.completions.create(stream=True, **CHAT))


@inject
def injected_view(request: HttpRequest, client: Together = Provide["client"]) -> HttpResponse:
    return HttpResponse(client.chat.completions.create(**CHAT).choices[0].message.content)


@inject
async def injected_async_view(request: HttpRequest, client: AsyncTogether = Provide["async_client"]) -> HttpResponse:
    return HttpResponse((await client.chat.completions.create(**CHAT)).choices[0].message.content)


def fine_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


urlpatterns = [
    path("fine", fine_view),
    path("sync", sync_view),
    path("async", async_view),
    path("blocking", blocking_view),
    path("stream", stream_view),
    path("async-stream", async_stream_view),
    path("injected", injected_view),
    path("injected-async", injected_async_view),
]


def configure() -> None:
    """Set Django up in this process, once for all tests."""
    if not settings.configured:
        import django

        settings.configure(
            ALLOWED_HOSTS=["*"],
            DATABASES={},
            INSTALLED_APPS=["together_di_django"],
            LOGGING_CONFIG=None,
            MIDDLEWARE=[],
            ROOT_URLCONF=__name__,
            SECRET_KEY="for-tests",
            USE_TZ=True,
        )
        django.setup()
