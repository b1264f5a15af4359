"""What goes in and out."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from .models import Role


class Question(BaseModel):
    """A visitor's question."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Said(BaseModel):
    """A message of a conversation."""

    model_config = ConfigDict(from_attributes=True)

    role: Role
    text: str


class Messages(BaseModel):
    """What has been said in a conversation."""

    messages: list[Said]
