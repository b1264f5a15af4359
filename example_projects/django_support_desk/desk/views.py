"""The views. All of them are async; under WSGI, Django gives each request an event loop of its own."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from together_di import APIError, APITimeoutError, RateLimitError
from together_di_django import get_container

from .answers import stream_answer
from .models import Conversation

logger = logging.getLogger(__name__)

#: The longest question, in characters.
LONGEST = 2000

Response = Coroutine[Any, Any, HttpResponseBase]


def problem(status: int, detail: str) -> JsonResponse:
    """What the page shows when something did not work."""
    return JsonResponse({"detail": detail}, status=status)


def for_conversation(view: Callable[[HttpRequest, Conversation], Response]) -> Callable[..., Response]:
    """Give a view the conversation that its address names; 404 if there is none."""

    @wraps(view)
    async def found(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
        try:
            conversation = await Conversation.objects.aget(pk=conversation_id)
        except Conversation.DoesNotExist:
            return problem(404, "There is no such conversation.")
        return await view(request, conversation)

    return found


@require_GET
@never_cache
async def start(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Begin a conversation."""
    return redirect("conversation", (await Conversation.objects.acreate()).pk)


@require_GET
@for_conversation
async def page(request: HttpRequest, conversation: Conversation) -> HttpResponse:  # noqa: ARG001
    """The page of a conversation; its script asks for the messages."""
    return render(request, "desk/chat.html")


@require_http_methods(["GET", "POST"])
@for_conversation
async def messages(request: HttpRequest, conversation: Conversation) -> HttpResponseBase:
    """What has been said, or with POST the next question and its answer."""
    if request.method == "POST":
        return await ask(request, conversation)
    said = [{"role": message.role, "text": message.text} async for message in conversation.messages.all()]
    return JsonResponse({"messages": said})


async def ask(request: HttpRequest, conversation: Conversation) -> HttpResponseBase:
    """Answer a question with server-sent events."""
    question = question_in(request.body)
    if not question or len(question) > LONGEST:
        return problem(400, f'Send {{"text": "..."}} with a question of at most {LONGEST} characters.')
    try:
        return await stream_answer(request, conversation, question)
    except APIError as error:
        logger.warning("A question was not answered: %s", error)
        return refusal(error)


def question_in(body: bytes) -> str:
    """The question in a request; empty if there is none."""
    try:
        text = json.loads(body)["text"]
    except (ValueError, LookupError, TypeError):
        return ""
    return text.strip() if isinstance(text, str) else ""


def refusal(error: APIError) -> JsonResponse:
    """What a visitor is told when the API does not answer. The reason is for the log."""
    if isinstance(error, RateLimitError):
        return problem(429, "Many people are asking at the moment.")
    if isinstance(error, APITimeoutError):
        return problem(504, "The answer took too long.")
    return problem(502, "The assistant cannot answer at the moment.")


@require_GET
@never_cache
async def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """Whether the API takes our calls. Why it does not is in the log: it names hosts, and where the key comes from."""
    found = await get_container().aping()
    if not found:
        logger.error("The support desk cannot answer: %s", found.reason)
    return JsonResponse({"ok": found.ok}, status=200 if found else 503)
