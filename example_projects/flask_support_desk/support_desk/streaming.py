"""An answer on its way to the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

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
    response = sse(stream)
    sources = f"event: sources\ndata: {json.dumps(list(dict.fromkeys(titles)))}\n\n"
    response.response = _watched(stream, chain([sources.encode()], response.iter_encoded()), keep)
    return response


def _watched(
    stream: Stream[ChatCompletionChunk], events: Iterable[bytes], keep: Callable[[str], None]
) -> Iterator[bytes]:
    written: list[str] = []
    try:
        for event in events:
            written.append(_text_of(event))
            yield event
    finally:
        # Also when the visitor has left: the server closes this generator then.
        stream.close()
        if text := "".join(written):
            keep(text)


def _text_of(event: bytes) -> str:
    """What an event adds to the answer: nothing, if it names the sources, tells of a failure or is the last one."""
    if not event.startswith(b"data: {"):
        return ""
    chunk = json.loads(event.removeprefix(b"data: "))
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
