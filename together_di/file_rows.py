"""What one line of a JSONL file must look like, for each purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

#: Says what is wrong with the object in one line, or `None`. Some remember the lines before.
RowCheck: TypeAlias = "Callable[[dict[str, Any]], str | None]"

#: The fields that make the formats of training data; a file has the same in all its lines.
FORMATS: Mapping[str, tuple[str, ...]] = {
    "conversation": ("messages",),
    "instruction": ("prompt", "completion"),
    "preference": ("input", "preferred_output", "non_preferred_output"),
    "text": ("text",),
}
ROLES = ("system", "user", "assistant", "tool")
MOST_IMAGES = 10
LARGEST_IMAGE = 10 * 2**20
LONGEST_ID = 64
#: Identifiers beyond these are not compared: a batch has far fewer requests.
MOST_IDS = 200_000

_ADVICE = (
    'Write "messages", or "prompt" and "completion", or "input", "preferred_output" and "non_preferred_output", '
    'or "text".'
)


def row_check_for(purpose: str) -> RowCheck:
    """The check of the lines of one file."""
    if purpose == "fine-tune":
        return _TrainingRows().problem
    return _Requests().problem if purpose == "batch-api" else lambda _: None


_FIELDS = [(name, frozenset(fields)) for name, fields in FORMATS.items()]


class _TrainingRows:
    """Examples to train with."""

    def __init__(self) -> None:
        self._format = ""

    def problem(self, row: dict[str, Any]) -> str | None:
        found = [name for name, fields in _FIELDS if row.keys() >= fields]
        if len(found) != 1:
            return _no_format(row, found)
        if found[0] != (self._format or found[0]):
            return f"it is of the format {found[0]}, lines before of the format {self._format}. Use one per file."
        self._format = found[0]
        if self._format == "conversation":
            return _messages_problem(row["messages"], "messages")
        if self._format == "preference":
            return _preference_problem(row)
        return next(
            (_text_problem(row[field], field) for field in FORMATS[self._format] if not _is_text(row[field])), None
        )


def _no_format(row: Mapping[str, object], found: Sequence[str]) -> str:
    if found:
        names = " and ".join(f'"{field}"' for name in found for field in FORMATS[name][:1])
        return f"it has {names}, which are different formats. Keep one of them."
    for fields in FORMATS.values():
        there = [f'"{field}"' for field in fields if field in row]
        if there:
            missing = " and ".join(f'"{field}"' for field in fields if field not in row)
            return f"it has {' and '.join(there)} but not {missing}. Add what is missing."
    return f"it has none of the fields of an example. {_ADVICE}"


def _is_text(value: object) -> bool:
    return isinstance(value, str | list)


def _text_problem(value: object, field: str) -> str:
    return f'"{field}" is {"null" if value is None else type(value).__name__}. Write a text.'


def _preference_problem(row: Mapping[str, Any]) -> str | None:
    given = _object(row["input"])
    if given is None:
        return '"input" is no object. Write {"messages": [...]}.'
    return (
        _messages_problem(given.get("messages"), "input.messages")
        or _messages_problem(row["preferred_output"], "preferred_output")
        or _messages_problem(row["non_preferred_output"], "non_preferred_output")
    )


def _messages_problem(messages: object, where: str) -> str | None:
    listed = _list(messages)
    if not listed:
        return f'"{where}" is no list with messages. Write [{{"role": "user", "content": "..."}}, ...].'
    images: list[str] = []
    for index, message in enumerate(listed):
        fields = _object(message)
        if fields is None:
            return f'{where}[{index}] is no object. Write {{"role": ..., "content": ...}}.'
        if fields.get("role") not in ROLES:
            return f"{where}[{index}].role is not one of {', '.join(ROLES)}."
        content = fields.get("content")
        if (parts := _list(content)) is not None:
            images += _images(parts)
        elif not isinstance(content, str) and (content is not None or not fields.get("tool_calls")):
            return f"{where}[{index}].content is no text. Write one, or a list of parts."
    return _images_problem(images, where) if images else None


def _list(value: object) -> list[Any] | None:
    listed: Any = value
    return listed if isinstance(value, list) else None


def _object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _images(parts: Sequence[object]) -> list[str]:
    """The addresses of the images among the parts of a message."""
    fields = [part for part in map(_object, parts) if part and part.get("type") == "image_url"]
    return [str((_object(part.get("image_url")) or {}).get("url")) for part in fields]


def _images_problem(images: Sequence[str], where: str) -> str | None:
    if len(images) > MOST_IMAGES:
        return f'"{where}" has {len(images)} images. Use {MOST_IMAGES} at most.'
    # Base64 writes three bytes as four characters.
    if any(url.startswith("data:") and len(url.partition(",")[2]) * 3 // 4 > LARGEST_IMAGE for url in images):
        return f'"{where}" has an image of more than {LARGEST_IMAGE // 2**20} MiB. Make it smaller.'
    return None


class _Requests:
    """Requests of a batch."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def problem(self, row: dict[str, Any]) -> str | None:
        identifier = row.get("custom_id")
        if not isinstance(identifier, str) or not 0 < len(identifier) <= LONGEST_ID:
            return f'"custom_id" is no text of 1 to {LONGEST_ID} characters. Give each request a name of its own.'
        if not isinstance(row.get("body"), dict):
            return '"body" is no object. Write what would be sent to the endpoint: {"model": ..., "messages": [...]}.'
        if identifier in self._seen:
            return f'"custom_id" is that of a line before ({identifier!r}). Give each request a name of its own.'
        if len(self._seen) < MOST_IDS:
            self._seen.add(identifier)
        return None
