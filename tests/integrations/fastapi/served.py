"""The application that the real servers serve; its options are in their environment."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from together_di_fastapi import TogetherDep, sse, together_lifespan

from ..contract.fastapi import with_routes
from ..contract.rig import CHAT

app = with_routes(FastAPI(lifespan=together_lifespan(ping=True)))


@app.get("/sync-stream")
def sync_stream(together: TogetherDep) -> StreamingResponse:
    """As `/stream`, with the client that blocks."""
    return sse(together.chat.completions.create(stream=True, **CHAT))
