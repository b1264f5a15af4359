"""What is stored."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Role = Literal["user", "assistant"]


class Base(DeclarativeBase):
    """What all tables have in common."""


class Conversation(Base):
    """What a visitor and the desk have said to each other."""

    __tablename__ = "conversations"

    id: Mapped[int] = mapped_column(primary_key=True)


class Message(Base):
    """A question (its role is `user`), or an answer (`assistant`) as far as it was written."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id), index=True)
    role: Mapped[Role]
    text: Mapped[str]


class StoredVector(Base):
    """The vector that a model made of a text."""

    __tablename__ = "vectors"
    __table_args__ = (UniqueConstraint("model", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    text: Mapped[str]
    vector: Mapped[list[float]] = mapped_column(JSON)
