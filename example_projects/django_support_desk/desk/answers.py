"""An answer: what the model is told, what the browser is sent, and what is kept of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from together_di import Stream
from together_di.types import ChatCompletionChunk, ChatCompletionMessageParam
from together_di_django import get_async_together, get_together, sse

from .models import Conversation, Message, Passage
from .passages import best_for

#: How many messages of the conversation the model is told.
REMEMBERED = 10
INSTRUCTIONS = """\
You are the support desk of a web shop. Answer in two or three kind sentences, and only with what stands below.
If you cannot find it there, say so, and offer to pass the question on.

"""


@dataclass
class Answer:
    """An answer that is being written.

    Attributes:
        conversation: Where it is given.
        question: What it is given to.
        passages: What the model was told.
        text: What has been written so far.
    """

    conversation: Conversation
    question: str
    passages: Sequence[Passage]
    text: str = ""

    async def prompt(self) -> list[ChatCompletionMessageParam]:
        """What the model is told: the passages, the last messages, the question."""
        told = "\n\n".join(f"# {passage.title}\n{passage.text}" for passage in self.passages)
        last = [message async for message in self.conversation.messages.order_by("-id")[:REMEMBERED]]
        return [
            {"role": "system", "content": INSTRUCTIONS + told},
            *(message.as_param() for message in reversed(last)),
            {"role": "user", "content": self.question},
        ]

    @property
    def sources(self) -> list[str]:
        """The titles that the answer comes from."""
        return list(dict.fromkeys(passage.title for passage in self.passages))

    def read(self, chunk: ChatCompletionChunk) -> None:
        """Take note of what a chunk adds."""
        self.text += "".join(choice.delta.content or "" for choice in chunk.choices)

    def messages(self) -> list[Message]:
        """What is stored: the question, and as much of the answer as there is."""
        said = [(Message.Role.USER, self.question), (Message.Role.ASSISTANT, self.text)]
        return [Message(conversation=self.conversation, role=role, text=text) for role, text in said if text]


async def stream_answer(request: HttpRequest, conversation: Conversation, question: str) -> StreamingHttpResponse:
    """Answer a question of a conversation, as the answer is written.

    Raises:
        APIError: The API did not begin to answer.
    """
    client = get_async_together()
    answer = Answer(conversation, question, await best_for(client, question))
    messages, first = await answer.prompt(), [("sources", answer.sources)]
    if isinstance(request, ASGIRequest):
        chunks = await client.chat.completions.create(model=settings.CHAT_MODEL, messages=messages, stream=True)
        response = sse(chunks, first, answer.read)
        response.streaming_content = _arelayed(cast("AsyncIterator[bytes]", response.streaming_content), answer)
    else:
        response = sse(await sync_to_async(_open_stream)(messages), first, answer.read)
        response.streaming_content = _relayed(cast("Iterator[bytes]", response.streaming_content), answer)
    return response


def _open_stream(messages: Sequence[ChatCompletionMessageParam]) -> Stream[ChatCompletionChunk]:
    """A stream that blocks: under WSGI the event loop of an async view ends before its response is read."""
    return get_together().chat.completions.create(model=settings.CHAT_MODEL, messages=messages, stream=True)


async def _arelayed(events: AsyncIterator[bytes], answer: Answer) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            yield event
    finally:  # also when the visitor stops it, or goes away
        await Message.objects.abulk_create(answer.messages())


def _relayed(events: Iterator[bytes], answer: Answer) -> Iterator[bytes]:
    try:
        yield from events
    finally:
        Message.objects.bulk_create(answer.messages())
