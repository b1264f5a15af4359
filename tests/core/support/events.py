"""Streams of chat completion chunks, as the API sends them."""

from __future__ import annotations

import json
from typing import Any

from .http_server import Answer, HTTPServer, chunked, then_stall
from .sides import OpenSide, stream_chat

DONE = b"data: [DONE]\n\n"


def chunk(text: str, **more: Any) -> bytes:
    """One event of a streamed chat completion."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}}
    body = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def events(*texts: str) -> bytes:
    """One event for each text."""
    return b"".join(map(chunk, texts))


def texts(chunks: list[Any]) -> list[str]:
    """The texts of chunks."""
    return [one.choices[0].delta.content for one in chunks]


def collected(open_side: OpenSide, script: Answer, **options: Any) -> list[str]:
    """The texts of a streamed chat completion that is answered with `script`."""
    chunks: list[Any] = []
    with HTTPServer(script) as server, open_side(server.url, **options) as side:
        side.collect(stream_chat, chunks)
    return texts(chunks)


#: Two chunks, and then nothing until the client gives up.
OPEN_ENDED = then_stall(chunked(events("a", "b"), end=False))
