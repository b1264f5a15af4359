"""What the standards say of the bytes of a server: the oracles of the targets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: Deeper than any answer, and less deep than where any of the parsers gives up (RFC 8259, 9: each may set a limit).
DEEPEST = 64


class NotJSON(Exception):
    """RFC 8259 does not allow these bytes."""


class UnclearError(Exception):
    """RFC 8259 leaves it to the parser what becomes of these bytes."""


def json_value(data: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        NotJSON: It is none.
        UnclearError: Parsers may differ about it.
    """
    try:
        text = data.decode()
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise UnclearError("too deep") from None
    except ValueError as error:
        if data.startswith(b"\xef\xbb\xbf") or "integer string conversion" in str(error):
            raise UnclearError(str(error)) from None
        raise NotJSON(str(error)) from None
    _check_clear(value, DEEPEST)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise UnclearError("a name comes twice (4)")
    return dict(pairs)


def _constant(name: str) -> Any:
    raise UnclearError(f"{name} is an extension (9)")


def _check_clear(value: Any, depth: int) -> None:
    """Raise `UnclearError` for what only some parsers take."""
    if depth < 0:
        raise UnclearError("too deep")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UnclearError("half of a surrogate pair (8.2)") from None
    elif isinstance(value, dict):
        _check_clear([*value, *value.values()], depth)
    elif isinstance(value, list):
        for item in value:
            _check_clear(item, depth - 1)
    elif value in {math.inf, -math.inf} or (type(value) is int and not -(2**63) <= value < 2**63):
        raise UnclearError("a number that not every parser can hold (6)")


def is_kept(sent: Any, kept: Any) -> bool:
    """Whether a model shows what was sent: text and truth values may stand for a number, nothing else changes."""
    if isinstance(sent, dict):
        return isinstance(kept, dict) and sent.keys() == kept.keys() and all(is_kept(sent[at], kept[at]) for at in sent)
    if isinstance(sent, list):
        return isinstance(kept, list) and len(sent) == len(kept) and all(map(is_kept, sent, kept))
    if isinstance(sent, str) and not isinstance(kept, str):
        return _is_number(sent, kept)
    return bool(sent == kept)


def _is_number(text: str, number: Any) -> bool:
    readings: tuple[Callable[[str], float], ...] = (int, float)
    for read in readings:
        with suppress(ValueError):
            value = read(text)
            # JSON has no word for these.
            return number is None if not math.isfinite(value) else bool(value == number)
    return False
