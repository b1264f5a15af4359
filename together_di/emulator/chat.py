"""`POST /v1/chat/completions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_core import to_json

from .answers import answer, extract, question_of
from .exchange import Json, JsonObject, Reply, Request, event_reply, invalid, json_reply
from .generation import EPOCH, Generated, Sampling, cut, echoed, logprobs, read_sampling, stream_pieces, usage
from .parameters import Parameters, wrong_type
from .schemas import InstanceMaker
from .text import token_id, token_logprob
from .tools import ToolCall, answer_from_results, call, chosen_tool, read_tools, split_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_CONTEXT_ROLES = frozenset({"system", "developer", "user"})
_TEXT_PARTS = frozenset({"text", "input_text"})
_OTHER_PARTS = frozenset({"image_url", "video_url", "audio_url", "input_audio"})


@dataclass(frozen=True, slots=True)
class _Message:
    role: str
    text: str
    fields: JsonObject


@dataclass(frozen=True, slots=True)
class _Conversation:
    messages: list[_Message]

    @property
    def question(self) -> str:
        asked = next((message for message in reversed(self.messages) if message.role == "user"), None)
        return question_of((asked or self.messages[-1]).text)

    @property
    def context(self) -> list[str]:
        return [message.text for message in self.messages if message.role in _CONTEXT_ROLES]

    @property
    def tool_results(self) -> list[tuple[str, str]]:
        """The results at the end of the conversation, each with the name of its tool."""
        names = self._called_names()
        results: list[tuple[str, str]] = []
        for message in reversed(self.messages):
            if message.role not in {"tool", "function"}:
                break
            given = message.fields.get("name")
            name = given if isinstance(given, str) else names.get(str(message.fields.get("tool_call_id")), "")
            results.append((name, message.text))
        return results[::-1]

    def _called_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for message in self.messages:
            calls = message.fields.get("tool_calls")
            for made in calls if isinstance(calls, list) else []:
                function = made.get("function") if isinstance(made, dict) else None
                if isinstance(made, dict) and isinstance(function, dict):
                    names[str(made.get("id"))] = str(function.get("name"))
        return names


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What every choice of the reply says."""

    generated: Generated
    tool_call: ToolCall | None = None

    @property
    def written(self) -> str:
        return self.generated.text if self.tool_call is None else self.tool_call.arguments


def create_chat_completion(request: Request) -> Reply:
    """Answer a conversation, plain or streamed."""
    parameters = Parameters.parse(request.body)
    model = parameters.text("model")
    conversation = _Conversation(_read_messages(parameters))
    sampling = read_sampling(parameters)
    outcome = _outcome(request, parameters, conversation, sampling)
    texts = [message.text for message in conversation.messages]
    counted = usage(texts, [outcome.written] * sampling.choices)
    identifier = request.identifier("chatcmpl")
    if sampling.stream:
        base = {"id": identifier, "object": "chat.completion.chunk", "created": EPOCH, "model": model}
        return event_reply(_chunks(base, outcome, sampling, counted))
    return json_reply(
        {
            "id": identifier,
            "object": "chat.completion",
            "created": EPOCH,
            "model": model,
            "prompt": echoed(texts, sampling),
            "choices": [_choice(index, outcome, sampling) for index in range(sampling.choices)],
            "usage": counted,
        }
    )


def _read_messages(parameters: Parameters) -> list[_Message]:
    items = parameters.required("messages")
    if not isinstance(items, list):
        raise wrong_type("messages", "an array", items)
    if not items:
        raise invalid("messages", "`messages` is empty: send at least one message.")
    return [_read_message(item, f"messages.{index}") for index, item in enumerate(items)]


def _read_message(item: Json, param: str) -> _Message:
    if not isinstance(item, dict):
        raise wrong_type(param, "an object", item)
    role = item.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        known = ", ".join(sorted(_ROLES))
        raise invalid(f"{param}.role", f"`{param}.role` is {role!r}: use one of {known}.")
    content = item.get("content")
    if isinstance(content, str):
        return _Message(role, content, item)
    if isinstance(content, list):
        parts = [_part_text(part, f"{param}.content.{index}") for index, part in enumerate(content)]
        return _Message(role, "\n".join(text for text in parts if text), item)
    if content is None and role == "assistant":
        return _Message(role, "", item)
    raise wrong_type(f"{param}.content", "a string or an array of parts", content)


def _part_text(part: Json, param: str) -> str:
    if not isinstance(part, dict):
        raise wrong_type(param, "an object", part)
    kind = part.get("type")
    if kind in _TEXT_PARTS:
        text = part.get("text")
        if not isinstance(text, str):
            raise wrong_type(f"{param}.text", "a string", text)
        return text
    if kind not in _OTHER_PARTS:
        known = ", ".join(sorted(_TEXT_PARTS | _OTHER_PARTS))
        raise invalid(f"{param}.type", f"`{param}.type` is {kind!r}: use one of {known}.")
    if not isinstance(part.get(str(kind)), dict):
        raise wrong_type(f"{param}.{kind}", "an object", part.get(str(kind)))
    return ""


def _outcome(request: Request, parameters: Parameters, conversation: _Conversation, sampling: Sampling) -> _Outcome:
    tools = read_tools(parameters)
    results = conversation.tool_results
    question = conversation.question
    if not results:
        tool = chosen_tool(parameters, tools, question)
        if tool is not None:
            made = call(tool, question, extract(question, conversation.context), request.identifier("call"))
            return _Outcome(Generated("", "tool_calls"), made)
    text = answer_from_results(results) or answer(question, conversation.context)
    return _Outcome(cut(_formatted(parameters, question, text), sampling))


def _formatted(parameters: Parameters, question: str, text: str) -> str:
    """Put the answer into the form that `response_format` asks for."""
    wanted = parameters.mapping("response_format")
    match wanted.get("type"):
        case "json_object":
            schema = wanted.get("schema")
        case "json_schema":
            described = wanted.get("json_schema")
            schema = described.get("schema") if isinstance(described, dict) else None
            if not isinstance(schema, dict):
                raise wrong_type("response_format.json_schema.schema", "an object", schema)
        case None if not wanted:
            return text
        case "text":
            return text
        case other:
            message = f"`response_format.type` is {other!r}: use json_object, json_schema or text."
            raise invalid("response_format.type", message)
    if not isinstance(schema, dict) or not schema:
        return to_json({"answer": text}).decode()
    return to_json(InstanceMaker(schema, question, text, "response_format").make()).decode()


def _choice(index: int, outcome: _Outcome, sampling: Sampling) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": outcome.generated.text}
    if outcome.tool_call is not None:
        message |= {"content": None, "tool_calls": [outcome.tool_call.as_json(0)]}
    return {
        "index": index,
        "message": message,
        "finish_reason": outcome.generated.finish_reason,
        "logprobs": logprobs(outcome.generated.text) if sampling.logprobs else None,
        "seed": sampling.seed,
    }


def _chunks(
    base: Mapping[str, object],
    outcome: _Outcome,
    sampling: Sampling,
    counted: dict[str, int],
) -> Iterator[object]:
    opening = {"role": "assistant", "content": "" if outcome.tool_call is None else None}
    for index in range(sampling.choices):
        yield _chunk(base, _delta_choice(index, opening))
    for delta, logprob in _deltas(outcome, sampling):
        for index in range(sampling.choices):
            yield _chunk(base, _delta_choice(index, delta, logprob=logprob))
    reason = outcome.generated.finish_reason
    for index in range(sampling.choices):
        last = index == sampling.choices - 1
        choice = _delta_choice(index, opening, reason, seed=sampling.seed)
        yield _chunk(base, choice, counted if last else None)


def _deltas(outcome: _Outcome, sampling: Sampling) -> Iterator[tuple[dict[str, object], float | None]]:
    if outcome.tool_call is not None:
        first = outcome.tool_call.as_json(0, "")
        yield {"role": "assistant", "tool_calls": [first]}, None
        # Readers join the strings of all deltas: what the first one said must not come again.
        rest = ToolCall("", "", "")
        for part in split_arguments(outcome.tool_call.arguments):
            yield {"role": "assistant", "tool_calls": [rest.as_json(0, part)]}, None
        return
    for piece in stream_pieces(outcome.generated.text, sampling):
        delta: dict[str, object] = {"role": "assistant", "content": piece}
        if sampling.logprobs:
            delta["token_id"] = token_id(piece)
        yield delta, token_logprob(piece) if sampling.logprobs else None


def _delta_choice(
    index: int,
    delta: Mapping[str, object],
    reason: str | None = None,
    *,
    logprob: float | None = None,
    seed: int | None = None,
) -> dict[str, object]:
    return {"index": index, "delta": delta, "finish_reason": reason, "logprobs": logprob, "seed": seed}


def _chunk(
    base: Mapping[str, object],
    choice: dict[str, object],
    counted: dict[str, int] | None = None,
) -> dict[str, object]:
    return {**base, "choices": [choice], "usage": counted}
