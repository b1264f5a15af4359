"""The API on this machine, for servers in processes of their own: its answers wait until a test lets them go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from together_di.emulator import Emulator, Reply

#: How long a test waits before it gives up, in seconds: never reached unless it fails.
PATIENCE = 20.0
#: How often a held answer says that it is still there, in seconds. Thus a connection that is closed shows at once.
HEARTBEAT = 0.05


class HeldEmulator(Emulator):
    """The emulator, whose chat completions wait before each event.

    Attributes:
        refusal: The status with which chat completions are refused, if they are.
        breaks_off: Whether an answer breaks off instead of going on.
        hung_up: Set when an answer has been dropped by the one who asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self._allowed = threading.Semaphore(0)
        self.reset()

    def reset(self) -> None:
        """Be as new."""
        self.refusal: int | None = None
        self.breaks_off = False
        self.hung_up = threading.Event()
        while self._allowed.acquire(blocking=False):
            pass

    def go_on(self, events: int = 1000) -> None:
        """Let that many events of the answer go out. The first has no text, each of the next a word."""
        self._allowed.release(events)

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, base_url: str) -> Reply:
        """Answer one request."""
        if target == "/v1/chat/completions" and self.refusal is not None:
            return Reply(self.refusal, {"content-type": "application/json"}, b'{"error": {"message": "No."}}')
        reply = super().handle(method, target, headers, body, base_url=base_url)
        if not isinstance(reply.body, bytes):
            reply.body = self._held(reply.body)
        return reply

    def _held(self, events: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for event in events:
                while not self._allowed.acquire(timeout=HEARTBEAT):
                    if self.breaks_off:
                        raise ConnectionError("A test wants this answer to break off.")
                    yield b": still here\n\n"
                yield event
        except GeneratorExit:
            self.hung_up.set()
            raise
