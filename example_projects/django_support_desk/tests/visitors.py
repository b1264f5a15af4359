"""Visitors without a browser, who come to the project by way of ASGI or of WSGI."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from asgiref.sync import async_to_sync
from desk.models import Conversation
from django.test import AsyncClient, Client


class Event(NamedTuple):
    """A server-sent event."""

    name: str
    data: str


class Reply(NamedTuple):
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def events(self) -> list[Event]:
        """The body as server-sent events."""
        texts = self.body.decode().split("\n\n")[:-1]
        blocks = [dict(line.split(": ", 1) for line in text.split("\n")) for text in texts]
        return [Event(block.get("event", "message"), block["data"]) for block in blocks]

    @property
    def text(self) -> str:
        """The text of the chunks among the events."""
        chunks = [json.loads(data) for name, data in self.events if name == "message" and data != "[DONE]"]
        return "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)


class Visitor:
    """Somebody with a conversation of their own."""

    def __init__(self) -> None:
        self.conversation = Conversation.objects.create()
        self.address = f"/conversations/{self.conversation.pk}"

    def get(self, path: str) -> Reply:
        """Go to an address."""
        raise NotImplementedError

    def post(self, path: str, body: str | bytes) -> Reply:
        """Send JSON."""
        raise NotImplementedError

    def ask(self, question: str) -> Reply:
        """Ask a question."""
        return self.post(f"{self.address}/messages", json.dumps({"text": question}))

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is stored of the conversation."""
        return list(self.conversation.messages.values_list("role", "text"))


class AsyncVisitor(Visitor):
    """By way of ASGI, with the database asked in the thread that holds the test's transaction."""

    def get(self, path: str) -> Reply:
        """Go to an address."""
        response = async_to_sync(AsyncClient().get)(path)
        return Reply(response.status_code, response.content)

    def post(self, path: str, body: str | bytes) -> Reply:
        """Send JSON."""
        return async_to_sync(self._post)(path, body)

    async def _post(self, path: str, body: str | bytes) -> Reply:
        response: Any = await AsyncClient().post(path, body, content_type="application/json")
        if not response.streaming:
            return Reply(response.status_code, response.content)
        return Reply(response.status_code, b"".join([event async for event in response.streaming_content]))


class WSGIVisitor(Visitor):
    """By way of WSGI."""

    def get(self, path: str) -> Reply:
        """Go to an address."""
        response = Client().get(path)
        return Reply(response.status_code, response.content)

    def post(self, path: str, body: str | bytes) -> Reply:
        """Send JSON."""
        response: Any = Client().post(path, body, content_type="application/json")
        if not response.streaming:
            return Reply(response.status_code, response.content)
        return Reply(response.status_code, b"".join(response.streaming_content))
