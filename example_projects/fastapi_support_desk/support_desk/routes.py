"""The page, and what it asks for."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from fastapi.templating import Jinja2Templates

from .dependencies import AssistantDep, ConversationDep, ConversationsDep, TranscriptDep
from .schemas import Messages, Question, Said

#: How many of the last messages the model gets to see, the question among them.
REMEMBERED = 11

router = APIRouter()
templates = Jinja2Templates(Path(__file__).with_name("templates"))


@router.get("/", include_in_schema=False)
async def begin(request: Request, conversations: ConversationsDep) -> RedirectResponse:
    """Start a conversation."""
    address = request.url_for("show", conversation_id=await conversations.begin())
    return RedirectResponse(address.path, 303)


@router.get("/conversations/{conversation_id}", include_in_schema=False)
async def show(request: Request, conversation: ConversationDep) -> Response:  # noqa: ARG001 - it has to be there
    """The page of a conversation."""
    return templates.TemplateResponse(request, "chat.html")


@router.get("/conversations/{conversation_id}/messages")
async def read(conversation: ConversationDep, conversations: ConversationsDep) -> Messages:
    """What has been said."""
    return Messages(messages=[Said.model_validate(message) for message in await conversations.read(conversation)])


@router.post("/conversations/{conversation_id}/messages", response_class=StreamingResponse)
async def ask(
    question: Question,
    conversation: ConversationDep,
    conversations: ConversationsDep,
    assistant: AssistantDep,
    transcript: TranscriptDep,
) -> StreamingResponse:
    """Answer a question, as server-sent events: the sources first, then the text as it is written."""
    await conversations.add(conversation, "user", question.text)
    passages = await assistant.find(question.text)
    answer = await assistant.answer(await conversations.read(conversation, last=REMEMBERED), passages)
    return transcript.stream(answer, [passage.title for passage in passages])
