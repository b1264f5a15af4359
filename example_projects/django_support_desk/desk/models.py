"""What is stored: conversations, their messages, and the passages of the documents with their vectors."""

from __future__ import annotations

import uuid

from django.db import models

from together_di.types import ChatCompletionMessageParam


class Conversation(models.Model):
    """What one visitor and the desk have said to each other. There is no sign-in: who knows its address may read it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Conversation {self.pk}"


class Message(models.Model):
    """What one of the two said."""

    class Role(models.TextChoices):
        """Who said it, in the words of the API."""

        USER = "user"
        ASSISTANT = "assistant"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    role = models.CharField(max_length=9, choices=Role)
    text = models.TextField()
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In the order in which they were said."""

        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.role}: {self.text[:60]}"

    def as_param(self) -> ChatCompletionMessageParam:
        """The message as the API takes it."""
        if self.role == self.Role.USER:
            return {"role": "user", "content": self.text}
        return {"role": "assistant", "content": self.text}


class Passage(models.Model):
    """A passage of a document, and its vector by one embedding model."""

    title = models.CharField(max_length=200)
    text = models.TextField()
    model = models.CharField(max_length=200)
    vector: models.JSONField[list[float], list[float]] = models.JSONField()

    def __str__(self) -> str:
        return f"{self.title}: {self.text[:60]}"
