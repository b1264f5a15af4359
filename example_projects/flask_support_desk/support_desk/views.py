"""The page, and what it asks for."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from together_di_flask import get_together

from .assistant import Assistant
from .database import get_session, sessions
from .extensions import together
from .models import Conversation, Message
from .streaming import stream_answer

LONGEST_QUESTION = 2000
#: How many of the last messages the model gets to see.
REMEMBERED = 10

desk = Blueprint("desk", __name__)


@desk.get("/")
def begin() -> ResponseReturnValue:
    """Start a conversation."""
    session = get_session()
    conversation = Conversation()
    session.add(conversation)
    session.commit()
    return redirect(url_for("desk.show", conversation_id=conversation.id))


@desk.get("/conversations/<int(max=9223372036854775807):conversation_id>")
def show(conversation_id: int) -> ResponseReturnValue:
    """The page of a conversation."""
    _find(conversation_id)
    return render_template("chat.html")


@desk.get("/conversations/<int(max=9223372036854775807):conversation_id>/messages")
def messages(conversation_id: int) -> ResponseReturnValue:
    """What has been said."""
    said = _find(conversation_id).messages
    return jsonify(messages=[{"role": message.role, "text": message.text} for message in said])


@desk.post("/conversations/<int(max=9223372036854775807):conversation_id>/messages")
def ask(conversation_id: int) -> Response:
    """Answer a question, as server-sent events: the sources first, then the text as it is written."""
    _find(conversation_id)
    question = _read_question()
    session = get_session()
    assistant = Assistant(get_together(), session, current_app.config)
    passages = assistant.find(question)
    stream = assistant.answer(question, _remembered(conversation_id), passages)
    try:
        session.add(Message(conversation_id=conversation_id, role="user", text=question))
        session.commit()
    except BaseException:
        stream.close()
        raise
    new_session = sessions()

    def keep(text: str) -> None:
        # The session of the request has been closed by the time an answer ends.
        with new_session.begin() as later:
            later.add(Message(conversation_id=conversation_id, role="assistant", text=text))

    return stream_answer(stream, [passage.title for passage in passages], keep)


@desk.get("/health")
def health() -> ResponseReturnValue:
    """Whether questions can be answered; for your own probes, as the reason names the API's host."""
    found = together.ping()
    return jsonify(ok=found.ok, reason=found.reason), 200 if found else 503, {"Cache-Control": "no-store"}


def _find(conversation_id: int) -> Conversation:
    conversation = get_session().get(Conversation, conversation_id)
    if conversation is None:
        abort(404, "There is no such conversation.")
    return conversation


def _read_question() -> str:
    body: object = request.get_json()
    text = cast("dict[str, object]", body).get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_QUESTION:
        abort(422, f"A question is a text of 1 to {LONGEST_QUESTION} characters.")
    return text.strip()


def _remembered(conversation_id: int) -> list[Message]:
    newest = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id.desc())
    return list(get_session().scalars(newest.limit(REMEMBERED)))[::-1]
