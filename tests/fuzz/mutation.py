"""Changes that leave JSON what it is: of those that libFuzzer makes to bytes, few get past a parser of JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from .seeds import SCRAPS

_STRING = rb'"(?:[^"\\]|\\.)*"'
_MEMBER = re.compile(_STRING + rb"(?=\s*:)")
_VALUE = re.compile(rb"(?:%b|-?[0-9][0-9.eE+-]*|true|false|null|\[\s*\]|\{\s*\})(?!\s*:)" % _STRING)
_OPENING = re.compile(rb"[\[{](?!\s*[\]}])")

#: How deep a value is put. Whatever works by recursion goes down some hundred levels.
DEPTHS = (1, 1, 1, 2, 30, 200, 400, 600, 900, 1200)


def change_json(data: bytes, random: Random) -> bytes:
    """`data` with some changes to the JSON in it."""
    changes: list[Callable[[bytes, Random], bytes]] = [_other_value, _other_value, _other_name, _one_more, _deeper]
    for change in random.choices(changes, k=random.choice([1, 1, 2, 4])):
        data = change(data, random)
    return data


def _found(pattern: re.Pattern[bytes], data: bytes, random: Random) -> tuple[int, int]:
    spans = [match.span() for match in pattern.finditer(data)]
    return random.choice(spans) if spans else (0, 0)


def _other_value(data: bytes, random: Random) -> bytes:
    """Another value, from elsewhere or from here, in the place of one."""
    start, end = _found(_VALUE, data, random)
    first, last = _found(_VALUE, data, random)
    return data[:start] + random.choice([random.choice(SCRAPS), data[first:last]]) + data[end:]


def _other_name(data: bytes, random: Random) -> bytes:
    """The name of another member."""
    start, end = _found(_MEMBER, data, random)
    first, last = _found(_MEMBER, data, random)
    return data[:start] + data[first:last] + data[end:]


def _one_more(data: bytes, random: Random) -> bytes:
    """A member or an item in front of the others."""
    _, place = _found(_OPENING, data, random)
    name = b'"%b": ' % random.choice([b"new", b"error", b"content"]) if data[place - 1 : place] == b"{" else b""
    return data[:place] + name + random.choice(SCRAPS) + b", " + data[place:]


def _deeper(data: bytes, random: Random) -> bytes:
    """A value within lists or objects."""
    start, end = _found(_VALUE, data, random)
    opening, closing = random.choice([(b"[", b"]"), (b'{"": ', b"}")])
    times = random.choice(DEPTHS)
    return data[:start] + opening * times + data[start:end] + closing * times + data[end:]
