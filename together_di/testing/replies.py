"""Answers as they travel: what a test says is turned into what the API would send."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event
from types import MappingProxyType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeGuard, Union, cast, get_args, get_origin

import pydantic
from pydantic_core import to_json

from ..errors import APIConnectionError, APIStatusError, APITimeoutError

if TYPE_CHECKING:
    from ..endpoint import Method

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
BYTES = {"content-type": "application/octet-stream"}

Params = Mapping[str, Any]
#: One piece of a stream: a text, sound, or a chunk as the API would send it.
Piece = str | bytes | Params

NO_HOLDS: Mapping[int, Event] = MappingProxyType({})


class Reply(NamedTuple):
    """What is sent back.

    Attributes:
        status: The status code.
        headers: The header fields, names in lower case.
        chunks: The body, in the pieces in which it arrives.
        delay: Seconds before each piece.
        holds: What is waited for before the pieces of these numbers.
        error: Raised instead of an answer, or after the last piece.
    """

    status: int = 200
    headers: Mapping[str, str] = JSON
    chunks: Sequence[bytes] = ()
    delay: float = 0.0
    holds: Mapping[int, Event] = NO_HOLDS
    error: BaseException | None = None

    @property
    def is_stream(self) -> bool:
        """Whether its body is a stream of events."""
        return self.headers.get("content-type", "").startswith("text/event-stream")


def reply_to(method: Method, value: object, params: Params) -> Reply:
    """`value`, which a test gave for `method`, as the API would send it.

    Raises:
        TypeError: The method gives nothing of that kind.
    """
    if is_error(value):
        return failing(value)
    if method.chunk is not None and params.get("stream") is True:
        return events(chunks_of(method, _pieces(method, value), params))
    if method.result is bytes:
        if not isinstance(value, bytes):
            raise _unfit(method, value, "bytes")
        return Reply(200, BYTES, (value,))
    return Reply(200, JSON, (to_json(_body(method, value, params)),))


def is_error(value: object) -> TypeGuard[BaseException | type[BaseException]]:
    """Whether it can be raised."""
    return isinstance(value, BaseException) or (isinstance(value, type) and issubclass(value, BaseException))


def _body(method: Method, value: object, params: Params) -> object:
    if isinstance(value, pydantic.BaseModel):
        if not method.is_paged and not isinstance(value, kinds := _classes(method.result)):
            raise _unfit(method, value, " or ".join(kind.__name__ for kind in kinds))
        return _plain(value)
    if isinstance(value, Mapping):
        return cast("Params", value)
    kind, make = _SHORT_FORMS.get(method.name, ((), None))
    if make is not None and isinstance(value, kind):
        return make(value, params)
    if method.is_paged and isinstance(value, (list, tuple)):
        return {"data": [_plain(item) for item in cast("Sequence[object]", value)]}
    raise _unfit(method, value, "its response type, or a dict as the API would send it")


def _classes(annotation: Any) -> tuple[type, ...]:
    """The classes that an annotation allows."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _classes(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return tuple(kind for part in get_args(annotation) for kind in _classes(part))
    return (origin or annotation,)


def _plain(value: object) -> object:
    if isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return value


def _unfit(method: Method, value: object, wanted: str) -> TypeError:
    return TypeError(f"{method.name} cannot return {value!r}: give {wanted}.")


def chat_body(message: Params, params: Params, end: str = "stop") -> dict[str, Any]:
    """The body of a chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": end}
    return _head("chat.completion", params) | {"choices": [choice], "usage": _USAGE, "prompt": []}


def _completion_body(text: str, params: Params) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "finish_reason": "stop"}
    return _head("text.completion", params) | {"choices": [choice], "usage": _USAGE, "prompt": []}


def _embedding_body(vectors: Sequence[Sequence[float]], params: Params) -> dict[str, Any]:
    if any(
        not isinstance(vector, Iterable) or isinstance(vector, str | bytes)
        for vector in cast("Sequence[object]", vectors)
    ):
        raise TypeError(f"embeddings.create cannot return {vectors!r}: give a list of vectors, such as [[0.1, 0.2]].")
    texts = params.get("input", vectors)
    asked = len(cast("Sequence[object]", texts)) if isinstance(texts, list | tuple) else 1
    if asked != len(vectors):
        raise AssertionError(
            f"embeddings.create was given {asked} input(s), and told to return {len(vectors)} vector(s): give one for "
            "each, or write .replies(lambda call: [[0.1, 0.2] for _ in call.params['input']])."
        )
    data = [{"object": "embedding", "index": index, "embedding": list(v)} for index, v in enumerate(vectors)]
    return {"object": "list", "model": params.get("model", "fake"), "data": data}


def _text_body(text: str, _params: Params) -> dict[str, Any]:
    return {"text": text}


_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}

#: What may be given instead of a whole answer, and how that is made of it.
_SHORT_FORMS: dict[str, tuple[Any, Callable[[Any, Params], dict[str, Any]]]] = {
    "chat.completions.create": (str, lambda text, params: chat_body({"content": text}, params)),
    "completions.create": (str, _completion_body),
    "embeddings.create": ((list, tuple), _embedding_body),
    "audio.transcriptions.create": (str, _text_body),
    "audio.translations.create": (str, _text_body),
}


def _head(kind: str, params: Params) -> dict[str, Any]:
    return {"id": "fake-1", "object": kind, "created": 0, "model": params.get("model", "fake")}


def tool_call(tool: str, arguments: Params) -> dict[str, Any]:
    """A call of a tool, as an answer has it."""
    return {
        "index": 0,
        "id": "call-1",
        "type": "function",
        "function": {"name": tool, "arguments": json.dumps(arguments)},
    }


def events(chunks: Iterable[Params], error: BaseException | None = None) -> Reply:
    """A stream of server-sent events; with `error` it breaks off after the last of them."""
    data = tuple(b"data: " + to_json(chunk) + b"\n\n" for chunk in chunks)
    return Reply(200, EVENTS, data if error else (*data, b"data: [DONE]\n\n"), error=error)


def parted(pieces: Iterable[Piece | Event]) -> tuple[list[Piece], dict[int, Event]]:
    """The pieces of a stream, and what is waited for before which of them."""
    said: list[Piece] = []
    holds: dict[int, Event] = {}
    for piece in pieces:
        if isinstance(piece, Event):
            holds[len(said)] = piece
        else:
            said.append(piece)
    return said, holds


def chunks_of(method: Method, pieces: Sequence[Piece], params: Params, *, whole: bool = True) -> list[Params]:
    """The chunks of a stream; of a `whole` one the last says that it has come to its end.

    Raises:
        TypeError: The method has no stream of such pieces.
    """
    if method.chunk is None:
        raise TypeError(f"{method.name} gives no stream.")
    made = [piece if isinstance(piece, Mapping) else _chunk(method, piece, params) for piece in pieces]
    if whole and made and isinstance(pieces[-1], str):
        made.append(_chunk(method, "", params, "stop"))
    return made


def _chunk(method: Method, piece: str | bytes, params: Params, end: str | None = None) -> Params:
    if method.name == "audio.speech.create" and isinstance(piece, bytes):
        return {
            "object": "audio.tts.chunk",
            "model": params.get("model", "fake"),
            "b64": base64.b64encode(piece).decode(),
        }
    if method.name == "chat.completions.create" and isinstance(piece, str):
        choice: dict[str, Any] = {"delta": {"role": "assistant", "content": piece}}
        return _head("chat.completion.chunk", params) | {"choices": [{"index": 0, "finish_reason": end, **choice}]}
    if method.name == "completions.create" and isinstance(piece, str):
        choice = {"delta": {"content": piece}, "text": piece}
        return _head("completion.chunk", params) | {"choices": [{"index": 0, "finish_reason": end, **choice}]}
    raise TypeError(f"{method.name} cannot stream {piece!r}: give chunks as the API would send them, as dicts.")


def _pieces(method: Method, value: object) -> Sequence[Piece]:
    """A whole answer in pieces: a text word by word."""
    if isinstance(value, str):
        return re.findall(r"\S+\s*|\s+", value) or [""]
    if isinstance(value, bytes):
        return [value]
    answer = cast("dict[str, Any]", _plain(value))
    if not isinstance(answer, Mapping) or not answer.get("choices"):
        raise _unfit(method, value, "a text, or a whole answer with its choices")
    choice = answer["choices"][0]
    message = choice.get("message", choice)
    if calls := message.get("tool_calls"):
        return [_tool_chunk({"role": "assistant", "content": None, "tool_calls": calls}), _tool_chunk({}, "tool_calls")]
    return _pieces(method, message.get("content") or message.get("text") or "")


def _tool_chunk(delta: Params, end: str | None = None) -> Params:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return _head("chat.completion.chunk", {}) | {"choices": [choice]}


def failing(error: BaseException | type[BaseException]) -> Reply:
    """The answer to which a client raises `error`, at once and without trying again.

    Raises:
        TypeError: The error cannot be made from its class alone.
    """
    kind = error if isinstance(error, type) else type(error)
    if not issubclass(kind, APIStatusError):
        return Reply(error=_made(error, kind))
    made = error if isinstance(error, APIStatusError) else kind(f"A scripted {kind.__name__}.")
    told = {"message": made.message, "type": "scripted", "param": None, "code": None}
    body: object = made.body or {"error": told}
    headers = {**made.response.headers, **JSON, "x-should-retry": "false"}
    return Reply(made.status_code, headers, (to_json(body),))


def _made(error: BaseException | type[BaseException], kind: type[BaseException]) -> BaseException:
    if isinstance(error, BaseException):
        return error
    if issubclass(kind, APIConnectionError):
        return lost(kind, "A scripted failure of the connection.", permanent=True)
    try:
        return kind("A scripted error.")
    except (TypeError, AttributeError):
        raise TypeError(f"{kind.__name__} needs more than a message: give the error itself, not its class.") from None


def lost(kind: type[APIConnectionError], message: str, *, permanent: bool = False) -> APIConnectionError:
    """A failure of the connection, after which the client tries again unless it is `permanent`."""
    error = kind(message=message) if issubclass(kind, APITimeoutError) else kind(message)
    error.permanent = permanent
    return error


def upload(reply: Reply) -> tuple[Reply, dict[str, Reply]]:
    """The answers to the requests that an upload takes, of which `reply` is the last; by verb and path after the first.

    The API names an address and the id of the file, the bytes go there, and the API takes the file in.
    """
    found: object = json.loads(b"".join(reply.chunks))
    file_id = str(cast("Params", found).get("id", "file-fake")) if isinstance(found, Mapping) else "file-fake"
    path = f"/uploads/{file_id}"
    headers = {"location": f"https://storage.invalid{path}", "x-together-file-id": file_id}
    return Reply(302, headers), {f"PUT {path}": Reply(), f"POST /v1/files/{file_id}/preprocess": reply}
