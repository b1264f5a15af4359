"""`client.code_interpreter`: https://docs.together.ai/reference/tci-execute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from .._sentinels import NotGiven, not_given
from ..endpoint import get, post
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..engine import Engine
    from ..request import RequestOptions
    from ..types.code_interpreter import ExecuteResponse, FileInputParam, SessionListResponse


class CodeInterpreterSessions(Resource[M]):
    """Sessions that code was run in."""

    name = "code_interpreter.sessions"
    with_raw_response: CodeInterpreterSessions[Raw[M]]
    with_streaming_response: CodeInterpreterSessions[Streamed[M]]

    @get("/v1/tci/sessions")
    def list(self, **options: Unpack[RequestOptions]) -> SessionListResponse:
        """The sessions that have not expired."""
        ...


class CodeInterpreter(Resource[M]):
    """Code, run at Together. The v1 SDK had it; the API still does."""

    name = "code_interpreter"
    with_raw_response: CodeInterpreter[Raw[M]]
    with_streaming_response: CodeInterpreter[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.sessions: CodeInterpreterSessions[M] = CodeInterpreterSessions(engine)

    @post("/v1/tci/execute")
    def run(
        self,
        code: str,
        language: Literal["python"],
        session_id: str | NotGiven = not_given,
        files: Iterable[FileInputParam] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ExecuteResponse:
        """Run code in a new session, or in one that an answer named; `files` are put there first."""
        ...
