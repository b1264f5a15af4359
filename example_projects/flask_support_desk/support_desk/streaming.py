"""An answer on its way to the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Response

from together_di import Stream
from together_di.types import ChatCompletionChunk
from together_di_flask import sse


def stream_answer(stream: Stream[ChatCompletionChunk], titles: Iterable[str], keep: Callable[[str], None]) -> Response:
    """The response that sends where an answer comes from, and then the answer as it is written.

    Args:
        stream: The answer.
        titles: The documents that it comes from; each is named once.
        keep: Called with what was written when the answer ends, is stopped or breaks off, unless that is nothing.
    """
    written: list[str] = []

    def note(chunk: ChatCompletionChunk) -> None:
        written.extend(choice.delta.content or "" for choice in chunk.choices)

    response = sse(stream, first=[("sources", list(dict.fromkeys(titles)))], each=note)
    # Also when the visitor has left: the server closes the response then.
    response.call_on_close(lambda: keep("".join(written)) if any(written) else None)
    return response
