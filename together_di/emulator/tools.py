"""Choosing a tool, filling in its arguments, and answering from its result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pydantic_core import from_json, to_json

from .exchange import Json, JsonObject, invalid
from .parameters import wrong_type
from .schemas import InstanceMaker
from .text import content_stems, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .parameters import Parameters

_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+")
# Words that nearly every tool's name or description has.
_COMMON_WORDS = """
add call check create current do fetch find function get given help information list load look lookup
make number query read retrieve return run search send set show tool update use user value
"""
_COMMON_STEMS = frozenset(map(stem, _COMMON_WORDS.split()))


@dataclass(frozen=True, slots=True)
class Tool:
    """One function that a request offers."""

    name: str
    description: str
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the reply asks for; `arguments` is JSON text."""

    identifier: str
    name: str
    arguments: str

    def as_json(self, index: int, arguments: str | None = None) -> dict[str, object]:
        """Return the call in the API's shape."""
        function = {"name": self.name, "arguments": self.arguments if arguments is None else arguments}
        return {"id": self.identifier, "type": "function", "index": index, "function": function}


def read_tools(parameters: Parameters) -> list[Tool]:
    """Check and return the tools of a request."""
    return [_tool(item, f"tools.{index}") for index, item in enumerate(parameters.items("tools"))]


def chosen_tool(parameters: Parameters, tools: Sequence[Tool], question: str) -> Tool | None:
    """Return the tool to call, by `tool_choice` and the words of the question."""
    choice = parameters.get("tool_choice")
    if isinstance(choice, dict):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str):
            raise invalid("tool_choice", 'An object in `tool_choice` has to be {"function": {"name": "…"}}.')
        return _named(name, tools)
    if choice is None or choice == "auto":
        return _matching(tools, question)
    if choice == "none":
        return None
    if choice == "required":
        return _required(tools, question)
    if isinstance(choice, str):
        return _named(choice, tools)
    raise wrong_type("tool_choice", "a string or an object", choice)


def call(tool: Tool, question: str, answer: str, identifier: str) -> ToolCall:
    """Fill in a tool's arguments from the question."""
    maker = InstanceMaker(tool.schema, question, answer or question, "tools")
    arguments = maker.make() if tool.schema else {}
    return ToolCall(identifier, tool.name, to_json(arguments).decode())


def answer_from_results(results: Sequence[tuple[str, str]]) -> str:
    """Say what the tools returned; each result is a tool's name and its text."""
    return " ".join(
        f"According to {name}: {_spoken(text)}" if name else _spoken(text) for name, text in results if text
    )


def split_arguments(arguments: str) -> Iterator[str]:
    """Split JSON text into the parts a stream sends."""
    size = max(1, min(12, -(-len(arguments) // 2)))
    for start in range(0, len(arguments), size):
        yield arguments[start : start + size]


def _tool(item: Json, param: str) -> Tool:
    if not isinstance(item, dict):
        raise wrong_type(param, "an object", item)
    function = item.get("function")
    if not isinstance(function, dict):
        raise wrong_type(f"{param}.function", "an object", function)
    name, description, schema = function.get("name"), function.get("description"), function.get("parameters")
    if not isinstance(name, str) or not name:
        raise invalid(f"{param}.function.name", "A tool has to have a name that is a non-empty string.")
    if description is not None and not isinstance(description, str):
        raise wrong_type(f"{param}.function.description", "a string", description)
    if schema is not None and not isinstance(schema, dict):
        raise wrong_type(f"{param}.function.parameters", "an object", schema)
    return Tool(name, description or "", schema or {})


def _named(name: str, tools: Sequence[Tool]) -> Tool:
    for tool in tools:
        if tool.name == name:
            return tool
    offered = ", ".join(tool.name for tool in tools) or "none"
    raise invalid("tool_choice", f"`tool_choice` names the tool {name!r}; the request's tools are: {offered}.")


def _required(tools: Sequence[Tool], question: str) -> Tool:
    if not tools:
        raise invalid("tool_choice", "`tool_choice` is 'required': send at least one tool in `tools`.")
    asked = set(content_stems(question))
    return max(tools, key=lambda tool: len(asked & _stems(tool)[1]))


def _matching(tools: Sequence[Tool], question: str) -> Tool | None:
    """Return the best tool whose name's own words are all in the question, or two of its words."""
    asked = set(content_stems(question))
    best: Tool | None = None
    most = 0
    for tool in tools:
        name, everything = _stems(tool)
        shared = len(asked & everything)
        fits = bool(name and name <= asked) or shared >= 2
        if fits and shared > most:
            best, most = tool, shared
    return best


def _stems(tool: Tool) -> tuple[set[str], set[str]]:
    name = set(content_stems(_CAMEL_HUMP.sub(" ", tool.name))) - _COMMON_STEMS
    return name, name | (set(content_stems(tool.description)) - _COMMON_STEMS)


def _spoken(text: str) -> str:
    try:
        value = cast("Json", from_json(text))
    except ValueError:
        return text
    return f"{_phrase(value)}." if isinstance(value, (dict, list)) else text


def _phrase(value: Json) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_phrase(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(_phrase(part) for part in value)
    return value if isinstance(value, str) else to_json(value).decode()
