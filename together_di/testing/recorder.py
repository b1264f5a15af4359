"""What was asked of a fake, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import ndiff
from threading import Lock
from typing import Any, overload


@dataclass(slots=True)
class Call:
    """One request that was made.

    Attributes:
        name: The method, such as `chat.completions.create`; of a request that no method sends, its verb and path.
        params: Its arguments as they were sent.
        headers: The request's headers, without the key.
        status: The status of the answer; `None` if there was none.
        response: The answer: parsed JSON, or its bytes; `None` for a stream.
        error: What was raised instead of an answer.
        duration: Seconds until the answer began.
    """

    name: str
    params: dict[str, Any]
    headers: Mapping[str, str]
    status: int | None = None
    response: Any = None
    error: BaseException | None = None
    duration: float = 0.0

    @property
    def streamed(self) -> bool:
        """Whether a stream was asked for."""
        return self.params.get("stream") is True

    def matches(self, params: Mapping[str, Any]) -> bool:
        """Whether it was made with these arguments, among others."""
        missing = object()
        return all(self.params.get(name, missing) == value for name, value in params.items())

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.params.items())})"


@dataclass(slots=True)
class Calls(Sequence[Call]):
    """Calls in the order in which they were made, and assertions about them."""

    name: str = ""
    items: list[Call] = field(default_factory=list[Call])
    lock: Lock = field(default_factory=Lock)

    def add(self, call: Call) -> None:
        """Remember a call."""
        with self.lock:
            self.items.append(call)

    def of(self, name: str) -> Calls:
        """Those of one method."""
        with self.lock:
            return Calls(name, [call for call in self.items if call.name == name])

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self.items))

    def assert_called(self) -> None:
        """Fail unless there was a call."""
        if not self.items:
            raise AssertionError(f"{self.name} was not called.")

    def assert_not_called(self) -> None:
        """Fail if there was a call."""
        if self.items:
            raise AssertionError(f"{self.name} was called {len(self.items)} times:\n{self._listed()}")

    def assert_called_once(self) -> None:
        """Fail unless there was just one call."""
        if len(self.items) != 1:
            raise AssertionError(
                f"{self.name} was called {len(self.items)} times, not once.\n{self._listed()}".rstrip()
            )

    def assert_called_once_with(self, **params: Any) -> None:
        """Fail unless there was just one call, and that with these arguments, among others."""
        self.assert_called_once()
        self.assert_called_with(**params)

    def assert_called_with(self, **params: Any) -> None:
        """Fail unless the last call was made with these arguments, among others."""
        self.assert_called()
        last = self.items[-1]
        if not last.matches(params):
            made = {name: last.params[name] for name in params if name in last.params}
            raise AssertionError(f"{self.name} was called with other arguments:\n{_difference(params, made)}")

    def assert_any_call(self, **params: Any) -> None:
        """Fail unless one of the calls was made with these arguments, among others."""
        if not any(call.matches(params) for call in self.items):
            raise AssertionError(f"{self.name} was never called with {params!r}.\n{self._listed()}".rstrip())

    def _listed(self) -> str:
        return "\n".join(f"  {number}. {call}" for number, call in enumerate(self.items, start=1))


def _difference(expected: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    texts = [json.dumps(side, indent=2, default=repr, sort_keys=True).splitlines() for side in (expected, made)]
    lines = [line for line in ndiff(*texts) if not line.startswith("?")]
    return "\n".join(["(- expected, + called with)", *lines])
