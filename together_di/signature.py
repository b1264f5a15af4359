"""The arguments of a method, checked without Python's own binding, which would cost more than the rest of a call."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ._sentinels import not_given
from ._text import near_miss
from .request import OPTION_NAMES


class Signature:
    """What a declared function says about its arguments, read once, when the method is first called."""

    def __init__(self, function: Callable[..., object], in_path: tuple[str, ...], types: ModuleType) -> None:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        named = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
        self.positional = tuple(p.name for p in named if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.required = {p.name for p in named if p.default is p.empty}
        self.known = {p.name for p in named} | OPTION_NAMES
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                self._add_typed_dict(str(parameter.annotation), types)
        self.required -= {"stream"}
        self.known |= set(in_path)

    def _add_typed_dict(self, annotation: str, types: ModuleType) -> None:
        found = re.search(r"Unpack\[(\w+)\]", annotation)
        parameters = getattr(types, found[1], None) if found else None
        if parameters is not None:
            self.required |= parameters.__required_keys__
            self.known |= parameters.__required_keys__ | parameters.__optional_keys__

    def bind(self, args: tuple[object, ...], values: dict[str, Any], who: str) -> dict[str, Any]:
        """All arguments by name, without those that were not given.

        Raises:
            TypeError: One is missing, unknown (the nearest name is suggested) or given twice.
        """
        if args:
            self._add_positional(args, values, who)
        if not values.keys() <= self.known:
            name = min(values.keys() - self.known)
            hint = near_miss(name, self.known) or ". A field the API added since goes into extra_body={...}"
            raise TypeError(f"{who}() has no argument {name!r}{hint}.")
        values = {name: value for name, value in values.items() if value is not not_given}
        if missing := sorted(self.required - values.keys()):
            raise TypeError(f"{who}() needs {', '.join(map(repr, missing))}.")
        return values

    def _add_positional(self, args: tuple[object, ...], values: dict[str, Any], who: str) -> None:
        if len(args) > len(self.positional):
            if self.positional:
                raise TypeError(f"{who}() takes arguments by name; without a name only: {', '.join(self.positional)}.")
            names = ", ".join(f"{name}=..." for name in sorted(self.required or self.known - OPTION_NAMES)[:3])
            raise TypeError(f"{who}() takes its arguments by name: write {names}.")
        for name, value in zip(self.positional, args, strict=False):
            if name in values:
                raise TypeError(f"{who}() got {name!r} twice.")
            values[name] = value
