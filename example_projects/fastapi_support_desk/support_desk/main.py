"""The application: `uvicorn support_desk.main:app --env-file demo.env`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypedDict
from weakref import WeakSet

import anyio
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from together_di_fastapi import add_error_handlers, health_route, together_lifespan

from .database import Sessions, connected
from .documents import Passage, read_passages
from .routes import router
from .settings import Settings
from .streaming import Transcript

#: How long a shutdown waits for the database to take in what was written.
GOODBYE_SECONDS = 5


class State(TypedDict):
    """What requests find in `request.state`."""

    settings: Settings
    sessions: Sessions
    passages: Sequence[Passage]
    transcripts: WeakSet[Transcript]


def create_app(settings: Settings) -> FastAPI:
    """The application with these settings."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[State]:
        passages = read_passages(settings.documents)
        transcripts = WeakSet[Transcript]()
        async with connected(settings.database_url) as sessions:
            yield {"settings": settings, "sessions": sessions, "passages": passages, "transcripts": transcripts}
            # Servers that are out of patience cancel requests, but do not wait until they have ended.
            with anyio.move_on_after(GOODBYE_SECONDS):
                for transcript in list(transcripts):
                    await transcript.closed.wait()

    app = FastAPI(title="Support desk", lifespan=together_lifespan(lifespan), routes=[health_route("/health")])
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    add_error_handlers(app)
    return app


app = create_app(Settings())
