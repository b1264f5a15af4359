"""What was asked of a fake, in order."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import ndiff
from typing import TYPE_CHECKING, Any, overload

from .._text import near_miss
from ..headers import is_secret_header
from ..multipart import form_text
from .habits import Strict

if TYPE_CHECKING:
    from ..wire import Request
    from .replies import Reply

_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 300
_shown.maxlevel = _shown.maxdict = _shown.maxlist = 12


@dataclass(slots=True)
class Call:
    """One request that was made.

    Attributes:
        name: The method, such as `chat.completions.create`; of a request that no method sends, its verb and path.
        params: Its arguments.
        headers: The request's headers, names in lower case, without the values of credentials.
        reply: What was sent back; `None` if nothing was.
        error: What was raised instead of an answer.
        duration: Seconds until the answer began.
    """

    name: str
    params: dict[str, Any]
    headers: Mapping[str, str]
    reply: Reply | None = None
    error: BaseException | None = None
    duration: float = 0.0

    @property
    def streamed(self) -> bool:
        """Whether a stream was asked for."""
        return self.params.get("stream") is True

    @property
    def status(self) -> int | None:
        """The status of the answer; `None` if there was none."""
        return None if self.reply is None else self.reply.status

    @property
    def response(self) -> Any:
        """The body of the answer: parsed JSON, or its bytes; `None` if there was none, or a stream."""
        if self.reply is None or self.reply.is_stream:
            return None
        body = b"".join(self.reply.chunks)
        try:
            return json.loads(body)
        except ValueError:
            return body

    def matches(self, params: Mapping[str, Any]) -> bool:
        """Whether it was made with these arguments, among others."""
        return all(name in self.params and _same(self.params[name], value) for name, value in params.items())

    def __str__(self) -> str:
        return f"{self.name}({shown(self.params)})"


def _same(sent: Any, expected: Any) -> bool:
    # In a URL or a form every argument is a text.
    return bool(sent == expected) or (isinstance(sent, str) and sent == form_text(expected))


def hidden(headers: dict[str, str], request: Request) -> dict[str, str]:
    """The headers of a request without the values of credentials."""
    if request.key is not None:
        headers["authorization"] = ""
    return {name: "[hidden]" if is_secret_header(name) else value for name, value in headers.items()}


def shown(params: Mapping[str, Any]) -> str:
    """Arguments as a call would be written, cut where they are long."""
    return ", ".join(f"{name}={_shown.repr(value)}" for name, value in params.items())


class Assertions(Strict):
    """What a test can claim about the calls of a method, or of the whole API."""

    @property
    def calls(self) -> Sequence[Call]:
        """The calls, in order."""
        raise NotImplementedError

    def assert_called(self) -> None:
        """Fail unless there was a call."""
        if not self.calls:
            raise AssertionError(f"{self} was not called.")

    def assert_not_called(self) -> None:
        """Fail if there was a call."""
        if self.calls:
            raise AssertionError(f"{self} was called{self._listed()}")

    def assert_called_once(self) -> None:
        """Fail unless there was just one call."""
        self.assert_called()
        if len(self.calls) != 1:
            raise AssertionError(f"{self} was called {len(self.calls)} times, not once{self._listed()}")

    def assert_called_with(self, /, **params: Any) -> None:
        """Fail unless the last call was made with these arguments, among others."""
        self.assert_called()
        last = self.calls[-1]
        if not last.matches(params):
            made = {name: last.params[name] for name in params if name in last.params}
            difference = _difference(params, made) + self._misspelt(params)
            raise AssertionError(f"{self} was called with other arguments:\n{difference}")

    def assert_called_once_with(self, /, **params: Any) -> None:
        """Fail unless there was just one call, and that with these arguments, among others."""
        self.assert_called_once()
        self.assert_called_with(**params)

    def assert_any_call(self, /, **params: Any) -> None:
        """Fail unless one of the calls was made with these arguments, among others."""
        self.assert_called()
        if not any(call.matches(params) for call in self.calls):
            listed = self._listed() + self._misspelt(params)
            raise AssertionError(f"{self} was never called with {shown(params)}{listed}")

    def _arguments(self) -> Iterable[str]:
        """The names that an argument can have."""
        return {name for call in self.calls for name in call.params}

    def _misspelt(self, params: Mapping[str, Any]) -> str:
        known = set(self._arguments())
        hints = {name: near_miss(name, known) for name in params if name not in known}
        return "".join(f"\nThere is no argument {name!r}{hint}." for name, hint in hints.items() if hint)

    def _listed(self) -> str:
        return ":" + "".join(f"\n  {number}. {call}" for number, call in enumerate(self.calls, start=1))


def _difference(expected: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    wanted, found = (json.dumps(side, indent=2, default=repr, sort_keys=True) for side in (expected, made))
    lines = [line for line in ndiff(wanted.splitlines(), found.splitlines()) if not line.startswith("?")]
    return "\n".join(["(- expected, + called with)", *lines])


class Calls(Sequence[Call], Assertions):
    """Calls in the order in which they were made, and assertions about them.

    Threads may add to it: a list appends and copies in one step.
    """

    def __init__(self) -> None:
        self._calls: list[Call] = []

    @property
    def calls(self) -> Sequence[Call]:
        """The calls, in order."""
        return list(self._calls)

    def add(self, call: Call) -> None:
        """Remember a call."""
        self._calls.append(call)

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls)

    def __str__(self) -> str:
        return "The API"

    def _as_written(self) -> str:
        return "fake.calls"

    def __repr__(self) -> str:
        return f"<{len(self)} calls{self._listed() if self._calls else ''}>"
