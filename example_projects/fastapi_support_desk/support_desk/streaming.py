"""An answer on its way to the page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable

import anyio
from fastapi.responses import StreamingResponse

from together_di import AsyncStream
from together_di.types import ChatCompletionChunk
from together_di_fastapi import sse


class Transcript:
    """What has been written of an answer so far.

    Args:
        keep: Called with the text when the answer is over, unless that is empty.

    Attributes:
        text: Its text.
        closed: Set when that has been kept.
    """

    def __init__(self, keep: Callable[[str], Awaitable[None]]) -> None:
        self._keep = keep
        self.text = ""
        self.closed = anyio.Event()

    async def close(self) -> None:
        """Keep the text."""
        try:
            # Where the request was cancelled, so would be the next wait; newer versions of FastAPI see to that.
            with anyio.CancelScope(shield=True):
                if self.text:
                    await self._keep(self.text)
        finally:
            self.closed.set()

    def stream(self, answer: AsyncStream[ChatCompletionChunk], titles: Iterable[str]) -> StreamingResponse:
        """The response that says where an answer comes from, and then sends it as it is written."""
        response = sse(answer)
        response.body_iterator = self._follow(response.body_iterator, titles)
        return response

    async def _follow(self, events: AsyncIterable[object], titles: Iterable[str]) -> AsyncIterator[bytes]:
        yield f"event: sources\ndata: {json.dumps(list(dict.fromkeys(titles)))}\n\n".encode()
        async for event in events:
            assert isinstance(event, bytes)
            self.text += text_of(event)
            yield event


def text_of(event: bytes) -> str:
    """What an event adds to an answer: nothing, if it tells of a failure or is the last one."""
    if not event.startswith(b"data: {"):
        return ""
    chunk = json.loads(event.removeprefix(b"data: "))
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
