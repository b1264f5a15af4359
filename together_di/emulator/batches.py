"""`/v1/batches`: the lines of a file are answered by the emulator's own endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pydantic_core import from_json, to_json

from .chat import create_chat_completion
from .exchange import ApiError, JsonObject, Reply, Request, json_reply
from .jobs import Jobs, file_of, lines_of, moment
from .parameters import Parameters
from .routing import Route
from .transcriptions import create_transcription, create_translation

if TYPE_CHECKING:
    from collections.abc import Callable

    from .collection import Entry
    from .files import Files
    from .jobs import Life

_HANDLERS: dict[str, Callable[[Request], Reply]] = {
    "/v1/chat/completions": create_chat_completion,
    "/v1/audio/transcriptions": create_transcription,
    "/v1/audio/translations": create_translation,
}
_STOPPABLE = frozenset({"VALIDATING", "IN_PROGRESS"})
_DAY = 86_400


class Batches:
    """The batches and their endpoints."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._jobs = Jobs("batch", "/v1/batches")

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("POST", "/v1/batches", self.create),
            Route("GET", "/v1/batches", lambda _: json_reply(self._jobs.all())),
            Route("GET", "/v1/batches/{id}", lambda request: json_reply(self._jobs.read(request.path_values["id"]))),
            Route("POST", "/v1/batches/{id}/cancel", self.cancel),
        ]

    def create(self, request: Request) -> Reply:
        """Make one."""
        parameters = Parameters.parse(request.body)
        endpoint = parameters.choice("endpoint", _HANDLERS, parameters.text("endpoint"))
        data = file_of(self._files, parameters, "input_file_id")
        parameters.integer("priority")
        identifier = request.identifier("batch")
        shown: Entry = {
            "id": identifier,
            "object": "batch",
            "user_id": "user-emulator",
            "input_file_id": parameters.text("input_file_id"),
            "file_size_bytes": len(data),
            "status": "VALIDATING",
            "endpoint": endpoint,
            "completion_window": parameters.optional_text("completion_window", "24h"),
            "created_at": moment(request.number),
            "job_deadline": moment(request.number + _DAY),
            "progress": 0.0,
            "request_counts": _counts(0, 0, 0),
        }
        if parameters.has("model_id"):
            shown["model_id"] = parameters.text("model_id")
        made = self._jobs.add(identifier, shown, self._life(request, endpoint, lines_of(data)))
        # The batch's own fields stand beside it, too, because there OpenAI's client looks for them.
        return Reply(201, {"content-type": "application/json"}, to_json({**made, "job": made}))

    def cancel(self, request: Request) -> Reply:
        """Stop one."""
        return json_reply(self._jobs.cancel(request.path_values["id"], _STOPPABLE, {"status": "CANCELLED"}))

    def _life(self, request: Request, endpoint: str, lines: list[bytes]) -> Life:
        if not lines:
            yield {"status": "FAILED", "error": "The input file holds no request.", "completed_at": moment(1)}
            return
        answered: list[Entry] = []
        failed: list[Entry] = []
        half = len(lines) // 2
        for share, progress in ((range(half), 0.0), (range(half, len(lines)), 50.0)):
            yield {
                "status": "IN_PROGRESS",
                "progress": progress,
                "request_counts": _counts(len(lines), len(answered), len(failed)),
            }
            for index in share:
                result = _result(request, index, lines[index], endpoint)
                (failed if result["response"] is None else answered).append(result)
        yield {
            "status": "COMPLETED",
            "progress": 100.0,
            "completed_at": moment(request.number + len(lines)),
            "request_counts": _counts(len(lines), len(answered), len(failed)),
            **self._stored("output_file_id", request.identifier("batch") + "_output.jsonl", answered),
            **self._stored("error_file_id", request.identifier("batch") + "_errors.jsonl", failed),
        }

    def _stored(self, field: str, name: str, results: list[Entry]) -> Entry:
        if not results:
            return {}
        return {field: self._files.add(name, "batch-api", b"".join(to_json(one) + b"\n" for one in results))}


def _result(request: Request, index: int, line: bytes, endpoint: str) -> Entry:
    """What is written for one line; without a response if it failed."""
    result: Entry = {"id": f"{request.identifier('batch')}-{index}", "custom_id": None, "response": None, "error": None}
    try:
        parameters = Parameters.parse(line)
        result["custom_id"] = parameters.text("custom_id")
        parameters.required("body")
        # A number of its own, so that no two answers have the same id.
        number = request.number * 1_000_000 + index
        reply = _HANDLERS[endpoint](_inner(request, number, parameters.mapping("body"), endpoint))
        assert isinstance(reply.body, bytes)
        result["response"] = {
            "status_code": reply.status,
            "request_id": f"req-{number:08d}",
            "body": from_json(reply.body),
        }
    except ApiError as error:
        result["error"] = {"message": error.message, "code": error.code, "param": error.param, "type": error.kind}
    return result


def _inner(request: Request, number: int, body: JsonObject, endpoint: str) -> Request:
    """The request that a line stands for; a batch streams nothing."""
    if endpoint == "/v1/chat/completions":
        headers, content = {"content-type": "application/json"}, to_json({**body, "stream": False})
    else:
        headers, content = {"content-type": "application/x-www-form-urlencoded"}, urlencode(body).encode()
    return Request(number, headers, {}, {}, content, request.base_url)


def _counts(total: int, completed: int, failed: int) -> dict[str, int]:
    return {"total": total, "completed": completed, "failed": failed}
