"""The application that the real servers serve; its options are in their environment."""

from __future__ import annotations

from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from together_di_fastapi import AsyncTogetherDep, TogetherDep, sse, together_lifespan

from ..contract.fastapi import with_routes
from ..contract.rig import CHAT

app = with_routes(FastAPI(lifespan=together_lifespan(ping=True)))


@app.get("/sync-stream")
def sync_stream(together: TogetherDep) -> StreamingResponse:
    """As `/stream`, with the client that blocks."""
    return sse(together.chat.completions.create(stream=True, **CHAT))


@app.websocket("/socket")
async def socket(websocket: WebSocket, together: AsyncTogetherDep) -> None:
    """Answers each question word by word."""
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        async for question in websocket.iter_text():
            stream = await together.chat.completions.create(
                model="m", messages=[{"role": "user", "content": question}], stream=True
            )
            async for chunk in stream:
                await websocket.send_text(chunk.choices[0].delta.content or "")
            await websocket.send_text("")
