"""Types of `client.code_interpreter`: https://docs.together.ai/reference/tci-execute."""

from datetime import datetime
from typing import Any, Literal, TypedDict

from ._base import BaseModel

__all__ = [
    "CodeInterpreterSession", "CodeInterpreterSessions", "ExecuteResponse", "ExecuteResponseData", "FileInputParam",
    "InterpreterOutput", "SessionListResponse",
]  # fmt: skip


class FileInputParam(TypedDict):
    """A file to put into the session; `"base64"` for what is not text."""

    name: str
    encoding: Literal["string", "base64"]
    content: str


class InterpreterOutput(BaseModel):
    """Something the code put out: text, or with `display_data` and `execute_result` from content type to content."""

    type: Literal["stdout", "stderr", "error", "display_data", "execute_result"]
    data: str | dict[str, Any]


class ExecuteResponseData(BaseModel):
    """What the code put out, and the session to go on in."""

    session_id: str
    outputs: list[InterpreterOutput]
    status: str | None = None


class ExecuteResponse(BaseModel):
    """The answer to `code_interpreter.run`: either data or errors."""

    data: ExecuteResponseData | None = None
    errors: str | list[str | dict[str, Any]] | None = None


class CodeInterpreterSession(BaseModel):
    """A session that code can be run in until it expires."""

    id: str
    execute_count: int
    started_at: datetime
    last_execute_at: datetime
    expires_at: datetime


class CodeInterpreterSessions(BaseModel):
    """The sessions there are."""

    sessions: list[CodeInterpreterSession]


class SessionListResponse(BaseModel):
    """The answer to `code_interpreter.sessions.list`."""

    data: CodeInterpreterSessions | None = None
    errors: list[str | dict[str, Any]] | None = None
