"""An API on loopback that says each piece of an answer when a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from queue import Queue
from threading import Event

from together_di.emulator import Emulator, Reply

#: Seconds that anything here waits before it gives up: never reached unless a test fails.
PATIENCE = 20.0

_FAILURE = "failure"


class Upstream(Emulator):
    """The emulator, but for its chat completions.

    Attributes:
        refusal: The status that chat completions are refused with, if any.
        left: Set when the connection of an answer has been closed before its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refusal: int | None = None
        self.left = Event()
        self._pieces: Queue[str | None] = Queue()
        self._talks_on = Event()

    def say(self, piece: str) -> None:
        """Say this next."""
        self._pieces.put(piece)

    def end(self) -> None:
        """End the answer."""
        self._pieces.put(None)

    def fail(self) -> None:
        """Say that the answer cannot go on."""
        self._pieces.put(_FAILURE)

    def talk_on(self) -> None:
        """Talk for as long as anyone listens: a WSGI server notices only when it writes that nobody does."""
        self._talks_on.set()
        self.say("…")

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, base_url: str) -> Reply:
        """Answer one request."""
        if target != "/v1/chat/completions":
            return super().handle(method, target, headers, body, base_url=base_url)
        if self.refusal is not None:
            said = json.dumps({"error": {"message": "A secret of the upstream", "type": "server_error"}})
            return Reply(self.refusal, {"content-type": "application/json"}, said.encode())
        return Reply(200, {"content-type": "text/event-stream"}, self._events())

    def _events(self) -> Iterator[bytes]:
        ended = False
        try:
            while (piece := self._next()) is not None:
                if piece is _FAILURE:
                    yield b'event: error\ndata: {"error": {"message": "A secret of the upstream"}}\n\n'
                    return
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
                choice = {"index": 0, "delta": {"role": "assistant", "content": piece}}
                yield b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n"
            yield b"data: [DONE]\n\n"
            ended = True
        finally:
            if not ended:
                self.left.set()

    def _next(self) -> str | None:
        return "…" if self._talks_on.is_set() else self._pieces.get(timeout=PATIENCE)
