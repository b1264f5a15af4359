"""Training data: the rows of a JSONL file, and which part of each is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pydantic_core import from_json

from .jobs import lines_of
from .text import token_count

if TYPE_CHECKING:
    from .exchange import Json, JsonObject


class DatasetError(Exception):
    """The data cannot be trained on; the message names the line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One example.

    Attributes:
        form: `general`, `instruction`, `conversation` or `preference`.
        parts: Its texts, each with whether a model is to learn it.
    """

    form: str
    parts: tuple[tuple[str, bool], ...]

    @property
    def token_count(self) -> int:
        """How many tokens it has."""
        return sum(token_count(text) for text, _ in self.parts)


def read_rows(data: bytes) -> list[Row]:
    """The rows of a file.

    Raises:
        DatasetError: It is empty, or a line is no example.
    """
    rows = [_row(number, line) for number, line in enumerate(lines_of(data), 1)]
    if not rows:
        raise DatasetError("The file holds no example.")
    return rows


def _row(number: int, line: bytes) -> Row:
    try:
        fields = from_json(line)
    except ValueError as error:
        raise DatasetError(f"Line {number} is not JSON: {error}.") from None
    row = _read(cast("JsonObject", fields)) if isinstance(fields, dict) else None
    if row is None:
        wanted = "`text`, `prompt` and `completion`, `messages`, or `input` with two outputs"
        raise DatasetError(f"Line {number} is no example: it needs {wanted}.")
    return row


def _read(fields: JsonObject) -> Row | None:
    match fields:
        case {"text": str(text)}:
            return Row("general", ((text, True),))
        case {"prompt": str(prompt), "completion": str(completion)}:
            return Row("instruction", ((prompt, False), (completion, True)))
        case {"messages": [_, *_] as messages}:
            return _conversation(messages)
        case {"input": {"messages": list()}, "preferred_output": list(), "non_preferred_output": list()}:
            return _preference(fields)
        case _:
            return None


def _conversation(messages: object) -> Row | None:
    parts: list[tuple[str, bool]] = []
    for message in cast("list[Json]", messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            return None
        content = message.get("content")
        parts.append((content if isinstance(content, str) else "", message["role"] == "assistant"))
    return Row("conversation", tuple(parts))


def _preference(fields: JsonObject) -> Row | None:
    asked = _conversation(cast("JsonObject", fields["input"])["messages"])
    answered = _conversation(fields["preferred_output"])
    return None if asked is None or answered is None else Row("preference", (*asked.parts, *answered.parts))
