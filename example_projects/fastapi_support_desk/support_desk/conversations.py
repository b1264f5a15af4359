"""Conversations, as they are kept in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from .database import Sessions
from .models import Conversation, Message, Role

#: What fits into the column.
LARGEST_ID = 2**63 - 1


class Conversations:
    """All conversations. Each method has a session of its own: none is held while an answer is written.

    Args:
        sessions: Makes the sessions.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def begin(self) -> int:
        """Start a conversation; its number."""
        async with self._sessions.begin() as session:
            conversation = Conversation()
            session.add(conversation)
            await session.flush()
            return conversation.id

    async def exists(self, number: int) -> bool:
        """Whether there is a conversation with this number."""
        if not 0 < number <= LARGEST_ID:
            return False
        async with self._sessions() as session:
            return await session.get(Conversation, number) is not None

    async def add(self, number: int, role: Role, text: str) -> None:
        """Keep what was said."""
        async with self._sessions.begin() as session:
            session.add(Message(conversation_id=number, role=role, text=text))

    async def read(self, number: int, last: int | None = None) -> Sequence[Message]:
        """What was said, in order; if `last` is given, only so many messages at the end."""
        newest = select(Message).where(Message.conversation_id == number).order_by(Message.id.desc()).limit(last)
        async with self._sessions() as session:
            return (await session.scalars(newest)).all()[::-1]
