"""An answer on its way to the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

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
        return sse(answer, first=[("sources", list(dict.fromkeys(titles)))], each=self._add)

    def _add(self, chunk: ChatCompletionChunk) -> None:
        self.text += "".join(choice.delta.content or "" for choice in chunk.choices)
