"""`/v1/tci`: it says what it was sent. The emulator runs no code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .catalogue import CREATED_AT
from .exchange import Reply, Request, json_reply, not_found
from .parameters import Parameters, wrong_type
from .routing import Route

if TYPE_CHECKING:
    from threading import Lock

    from .collection import Entry


def routes(lock: Lock) -> list[Route]:
    """The routes of the interpreter."""
    interpreter = Interpreter(lock)
    return [
        Route("POST", "/v1/tci/execute", interpreter.execute),
        Route("GET", "/v1/tci/sessions", interpreter.list_sessions),
    ]


class Interpreter:
    """Its sessions; they never expire."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._counts: dict[str, int] = {}

    def execute(self, request: Request) -> Reply:
        """Describe the code instead of running it."""
        parameters = Parameters.parse(request.body)
        code = parameters.text("code")
        language = parameters.choice("language", {"python"}, parameters.text("language"))
        files = parameters.items("files")
        for index, file in enumerate(files):
            _check_file(index, file)
        session = parameters.optional_text("session_id") or request.identifier("ses")
        with self._lock:
            if parameters.has("session_id") and session not in self._counts:
                raise not_found("session", session, "GET /v1/tci/sessions lists those there are.")
            self._counts[session] = count = self._counts.get(session, 0) + 1
        text = (
            f"The emulator runs no code. It was sent {len(code.splitlines())} lines of {language} "
            f"and {len(files)} files; this is call {count} of the session.\n"
        )
        outputs = [{"type": "stdout", "data": text}]
        return json_reply(
            {"data": {"session_id": session, "status": "success", "outputs": outputs}, "errors": None},
        )

    def list_sessions(self, _request: Request) -> Reply:
        """Return all sessions."""
        with self._lock:
            sessions = [_session(identifier, count) for identifier, count in self._counts.items()]
        return json_reply({"data": {"sessions": sessions}})


def _session(identifier: str, count: int) -> Entry:
    return {
        "id": identifier,
        "execute_count": count,
        "started_at": CREATED_AT,
        "last_execute_at": CREATED_AT,
        "expires_at": "2036-01-01T00:00:00Z",
    }


def _check_file(index: int, file: object) -> None:
    if not isinstance(file, dict):
        raise wrong_type(f"files.{index}", "an object", file)  # type: ignore[arg-type]
    values = Parameters(file)  # pyright: ignore[reportUnknownArgumentType]
    for name in ("name", "content"):
        values.required(name)
    values.choice("encoding", {"string", "base64"}, values.text("encoding"))
