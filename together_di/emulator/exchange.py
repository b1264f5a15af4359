"""What goes in and out of the emulator: requests, replies and API errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"

JSON_TYPE = "application/json"
EVENT_STREAM_TYPE = "text/event-stream; charset=utf-8"
DONE_EVENT = b"data: [DONE]\n\n"


@dataclass(slots=True)
class Reply:
    """An HTTP reply; a streamed body yields one server-sent event per item.

    Header names are lower-case and always include `content-type`.
    """

    status: int
    headers: dict[str, str]
    body: bytes | Iterator[bytes]


@dataclass(slots=True)
class Request:
    """One request as the handlers see it: path values decoded, header names lower-case."""

    number: int
    headers: Mapping[str, str]
    query: Mapping[str, str]
    path_values: Mapping[str, str]
    body: bytes
    base_url: str

    def identifier(self, prefix: str) -> str:
        """Return an id that is unique in this emulator, such as `chatcmpl-00000042`."""
        return f"{prefix}-{self.number:08d}"


@dataclass(eq=False)
class ApiError(Exception):
    """A refusal, as the API words it: `{"error": {"message", "type", "param", "code"}}`."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    kind: str = "invalid_request_error"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    extra: dict[str, str] = field(default_factory=dict[str, str])

    def reply(self) -> Reply:
        """Return the reply that carries this error."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        body = to_json({"error": error, **self.extra})
        return Reply(self.status, {"content-type": JSON_TYPE, **self.headers}, body)


def invalid(param: str, message: str, *, code: str = "invalid_value") -> ApiError:
    """Return a 400 that blames one parameter."""
    return ApiError(400, message, param=param, code=code)


def not_found(what: str, identifier: str, advice: str) -> ApiError:
    """Return a 404 for a thing that the emulator does not hold."""
    return ApiError(404, f"No {what} has the id {identifier!r}. {advice}", param="id", code="not_found")


def json_reply(value: object, *, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a 200 with a JSON body."""
    return Reply(200, {"content-type": JSON_TYPE, **(headers or {})}, to_json(value))


def event_reply(values: Iterable[object]) -> Reply:
    """Return a 200 that streams each value as one event, then the end mark."""
    return Reply(200, {"content-type": EVENT_STREAM_TYPE, "cache-control": "no-cache"}, _events(values))


def _events(values: Iterable[object]) -> Iterator[bytes]:
    for value in values:
        yield b"data: " + to_json(value) + b"\n\n"
    yield DONE_EVENT
