"""Answers as they travel: what a test says is turned into what the API would send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pydantic
from pydantic_core import to_json

from ..errors import APIConnectionError, APIStatusError, APITimeoutError

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back.

    Attributes:
        status: The status code.
        headers: The header fields, names in lower case.
        chunks: The body, in the pieces in which it arrives.
        delay: Seconds before each piece.
        error: Raised instead of an answer, or after the last piece.
    """

    status: int = 200
    headers: Mapping[str, str] | None = None
    chunks: tuple[bytes, ...] = ()
    delay: float = 0.0
    error: BaseException | None = None


def reply_to(name: str, value: Any, params: Mapping[str, Any]) -> Reply:
    """`value`, which a test gave for the method `name`, as the API would send it.

    Raises:
        TypeError: The method gives nothing of that kind.
    """
    if isinstance(value, Reply):
        return value
    if isinstance(value, BaseException) or (isinstance(value, type) and issubclass(value, BaseException)):
        return failing(value)
    if isinstance(value, bytes):
        return Reply(200, {"content-type": "application/octet-stream"}, (value,))
    if params.get("stream") is True:
        return _streamed(name, value, params)
    if isinstance(value, pydantic.BaseModel):
        return Reply(200, JSON, (value.model_dump_json(by_alias=True, exclude_unset=True).encode(),))
    if isinstance(value, Mapping):
        return Reply(200, JSON, (to_json(value),))
    make = _BODIES.get(name)
    if make is None or not isinstance(value, (str, list, tuple)):
        raise TypeError(f"{name} cannot return {value!r}: give its response type, or a dict as the API would send it.")
    return Reply(200, JSON, (to_json(make(value, params)),))


def _streamed(name: str, value: Any, params: Mapping[str, Any]) -> Reply:
    if isinstance(value, pydantic.BaseModel):
        value = value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, Mapping):
        choice = value["choices"][0]
        message = choice.get("message", {})
        if message.get("tool_calls"):
            return events(tool_chunks(params, message["tool_calls"]))
        value = message.get("content") or choice.get("text") or ""
    pieces = re.findall(r"\S+\s*|\s+", value) if isinstance(value, str) else list(value)
    return events(text_chunks(name, params, pieces))


def events(chunks: Iterable[Mapping[str, Any]], delay: float = 0.0, error: BaseException | None = None) -> Reply:
    """A stream of server-sent events; with `error` it breaks off after the last of them."""
    data = tuple(b"data: " + to_json(chunk) + b"\n\n" for chunk in chunks)
    return Reply(200, EVENTS, data if error else (*data, b"data: [DONE]\n\n"), delay, error)


def text_chunks(name: str, params: Mapping[str, Any], pieces: Sequence[str]) -> list[dict[str, Any]]:
    """The chunks of a streamed text, the last of which says that it has come to its end."""
    chunks = [_chunk(name, params, index, piece) for index, piece in enumerate(pieces)]
    return [*chunks, _chunk(name, params, len(pieces), "", "stop")]


def _chunk(name: str, params: Mapping[str, Any], index: int, text: str, end: str | None = None) -> dict[str, Any]:
    delta = {"content": text, **({"role": "assistant"} if index == 0 else {})}
    said: dict[str, Any] = {"delta": delta} if name.startswith("chat.") else {"delta": delta, "text": text}
    kind = "chat.completion.chunk" if name.startswith("chat.") else "completion.chunk"
    return _base(kind, params) | {"choices": [{"index": 0, "finish_reason": end, **said}]}


def tool_chunks(params: Mapping[str, Any], calls: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The chunks of a streamed answer that calls tools."""
    base = _base("chat.completion.chunk", params)
    delta = {"role": "assistant", "content": None, "tool_calls": list(calls)}
    ends: tuple[tuple[Any, str | None], ...] = ((delta, None), ({}, "tool_calls"))
    return [base | {"choices": [{"index": 0, "delta": part, "finish_reason": end}]} for part, end in ends]


def _base(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "fake-1", "object": kind, "created": 0, "model": params.get("model", "fake")}


_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def chat_message(message: Mapping[str, Any], params: Mapping[str, Any], end: str = "stop") -> dict[str, Any]:
    """The body of a chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": end}
    return _base("chat.completion", params) | {"choices": [choice], "usage": _USAGE, "prompt": []}


def tool_calls(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Calls of tools, as an answer has them."""
    return [
        {
            "index": index,
            "id": f"call-{index + 1}",
            "type": "function",
            "function": {"name": tool, "arguments": json.dumps(arguments)},
        }
        for index, (tool, arguments) in enumerate(calls)
    ]


def _completion(text: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "finish_reason": "stop"}
    return _base("text.completion", params) | {"choices": [choice], "usage": _USAGE, "prompt": []}


def _vectors(vectors: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": list(v)} for index, v in enumerate(vectors)]
    return {"object": "list", "model": params.get("model", "fake"), "data": data}


_BODIES: dict[str, Any] = {
    "chat.completions.create": lambda text, params: chat_message({"content": text}, params),
    "completions.create": _completion,
    "embeddings.create": _vectors,
    "audio.transcriptions.create": lambda text, _: {"text": text},
    "audio.translations.create": lambda text, _: {"text": text},
}


def failing(error: BaseException | type[BaseException]) -> Reply:
    """The answer to which a client raises `error`, at once and without trying again."""
    kind = error if isinstance(error, type) else type(error)
    if issubclass(kind, APIStatusError):
        given = error if isinstance(error, APIStatusError) else None
        status = kind.default_status if given is None else given.status_code
        said = f"A scripted {kind.__name__}." if given is None else given.message
        body = {"error": {"message": said, "type": "scripted", "param": None, "code": None}}
        return Reply(status, {**JSON, "x-should-retry": "false"}, (to_json(body),))
    return Reply(error=_built(error, kind))


def _built(error: BaseException | type[BaseException], kind: type[BaseException]) -> BaseException:
    if isinstance(error, BaseException):
        return error
    if issubclass(kind, APITimeoutError):
        return lost(kind(message="A scripted time-out."))
    if issubclass(kind, APIConnectionError):
        return lost(kind("A scripted failure of the connection."))
    return kind("A scripted error.")


def lost(error: APIConnectionError, *, retried: bool = False) -> APIConnectionError:
    """A failure of the connection; unless `retried`, the client gives up at once."""
    error.permanent = not retried
    return cast("APIConnectionError", error)
