"""What methods that take several requests are made of: generators that yield calls, pauses and functions.

They are written once; the engine runs them with plain calls, or with awaited ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .endpoint import Method, Step
    from .resource import Resource


@dataclass(frozen=True, slots=True)
class Pause:
    """A step that does nothing for some seconds; an event loop goes on with other things."""

    seconds: float

    def __call__(self) -> None:
        """Block this thread for as long."""
        time.sleep(self.seconds)


def ask(resource: Resource[Any], method: Method, *args: object, **values: object) -> Step[Any]:
    """The steps of calling `method` of the same namespace, for what it gives."""
    engine = resource._engine
    if not method.is_loaded:
        yield method.load
    return method.parse((yield method.prepare(engine.builder, args, values)), strict=engine.config.strict)


class Driver:
    """Runs a generator of steps: holds the step to do, takes its result or its error, and then the next step.

    Attributes:
        step: What is to be done; `None` at the end.
        result: What the generator returned.
    """

    def __init__(self, steps: Generator[Any, Any, Any]) -> None:
        self.step: Any = None
        self.result: Any = None
        self._steps = steps
        self.send(None)

    def send(self, result: Any) -> None:
        """The step has been done, with this result."""
        self._resume(self._steps.send, result)

    def throw(self, error: BaseException) -> None:
        """The step has failed."""
        self._resume(self._steps.throw, error)

    def _resume(self, resume: Callable[[Any], Any], outcome: object) -> None:
        try:
            self.step = resume(outcome)
        except StopIteration as end:
            self.step, self.result = None, end.value
