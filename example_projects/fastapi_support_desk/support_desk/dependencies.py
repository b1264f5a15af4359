"""What the routes ask for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from together_di_fastapi import AsyncTogetherDep

from .assistant import Assistant
from .conversations import Conversations
from .streaming import Transcript
from .vectors import Vectors


def get_conversations(request: Request) -> Conversations:
    """The conversations in the application's database."""
    return Conversations(request.state.sessions)


ConversationsDep = Annotated[Conversations, Depends(get_conversations)]


async def get_conversation(conversation_id: int, conversations: ConversationsDep) -> int:
    """The number in the path, of a conversation that there is."""
    if not await conversations.exists(conversation_id):
        raise HTTPException(404, "There is no such conversation.")
    return conversation_id


ConversationDep = Annotated[int, Depends(get_conversation)]


def get_assistant(request: Request, client: AsyncTogetherDep) -> Assistant:
    """The assistant, who asks with the application's client."""
    state = request.state
    vectors = Vectors(state.sessions, client, state.settings.embedding_model)
    return Assistant(client, vectors, state.passages, state.settings)


AssistantDep = Annotated[Assistant, Depends(get_assistant)]


async def get_transcript(
    request: Request, conversation: ConversationDep, conversations: ConversationsDep
) -> AsyncGenerator[Transcript]:
    """What is written in this request. It is kept when the response is over, however that comes to its end."""
    transcript = Transcript(partial(conversations.add, conversation, "assistant"))
    request.state.transcripts.add(transcript)
    try:
        yield transcript
    finally:
        await transcript.close()


TranscriptDep = Annotated[Transcript, Depends(get_transcript)]
