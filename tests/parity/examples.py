"""Arguments for a method of the official SDK, made from its type hints."""

from __future__ import annotations

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import typing_extensions
from together._types import FileTypes, NotGiven, Omit

OPTIONS = {"self", "extra_headers", "extra_query", "extra_body", "timeout", "idempotency_key"}
_WRAPPERS = {typing.Annotated, typing.Required, typing.NotRequired, typing_extensions.Required}
_PLAIN = {
    str: "text",
    int: 3,
    float: 0.5,
    bool: True,
    bytes: b"bytes",
    object: {"any": "thing"},
    datetime: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    type(None): None,
}
_LISTS = (list, collections.abc.Iterable, collections.abc.Sequence)


def parameters(method: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """The arguments of an official method, without those that every method takes."""
    found = inspect.signature(method).parameters
    return {name: parameter for name, parameter in found.items() if _is_own(name, parameter)}


def _is_own(name: str, parameter: inspect.Parameter) -> bool:
    # An idempotency key that has to be there is the method's own.
    is_option = name in OPTIONS and (name != "idempotency_key" or parameter.default is not parameter.empty)
    return not is_option and parameter.kind is not parameter.VAR_KEYWORD


def arguments(method: Callable[..., object], form: str, file: Path) -> dict[str, Any]:
    """Values for the arguments of `method`.

    Args:
        method: A method of a resource of the official SDK.
        form: `"required"`, or `"first"` or `"last"` for all arguments, with that of the types each may have.
        file: A file for arguments that take one.
    """
    hints = typing.get_type_hints(method, include_extras=True)
    maker = _Maker(form, file)
    chosen = {
        name: maker.value(hints[name], name)
        for name, parameter in parameters(method).items()
        if form != "required" or parameter.default is parameter.empty
    }
    if form == "required" and method.__qualname__ == "ClustersResource.create":
        chosen["nvidia_version_id"] = "12"  # one of two ways to say it is required, which no signature can express
    return {name: value for name, value in chosen.items() if value is not None}


class _Maker:
    def __init__(self, form: str, file: Path) -> None:
        self.form = form
        self.file = file

    def value(self, hint: Any, name: str) -> Any:
        """A value of the type `hint` for the argument `name`."""
        origin, args = get_origin(hint), get_args(hint)
        if origin in _WRAPPERS:
            return self.value(args[0], name)
        if origin in {Union, types.UnionType}:
            if set(get_args(FileTypes)) <= set(args):
                return self.file
            return self.value(self._chosen(args), name)
        if origin is Literal:
            return args[0]
        if origin is dict or origin is collections.abc.Mapping:
            return {"some_key": self.value(args[1], "item")}
        if typing_extensions.is_typeddict(hint):
            return self._object(hint)
        return self._list_or_plain(hint, origin, args, name)

    def _list_or_plain(self, hint: Any, origin: Any, args: Sequence[Any], name: str) -> Any:
        if origin in _LISTS or getattr(origin, "__name__", "") == "SequenceNotStr":
            return [self.value(args[0], name), self.value(args[0], name)]
        if hint is str and "model" not in name:
            return f"{name} with words"
        if hint not in _PLAIN:
            raise NotImplementedError(f"a value for {name}: {hint}")
        return _PLAIN[hint]

    def _chosen(self, variants: Sequence[Any]) -> Any:
        given = [variant for variant in variants if variant not in {Omit, NotGiven, type(None)}]
        return given[-1 if self.form == "last" else 0]

    def _object(self, hint: Any) -> dict[str, Any]:
        fields = typing_extensions.get_type_hints(hint, include_extras=True)
        wanted = hint.__required_keys__ if self.form == "required" else fields
        return {name: self.value(fields[name], name) for name in fields if name in wanted}
