"""What is said to names that a scripted method, or the list of calls, does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._text import near_miss

#: How `unittest.mock` calls it, and what to write here.
HABITS = {
    "return_value": ".returns(...)",
    "side_effect": ".raises(...), .replies(...) or .returns(...).then.returns(...)",
    "called": ".assert_called()",
    "call_count": "len() of .calls",
    "call_args": ".calls[-1].params",
    "call_args_list": ".calls",
    "mock_calls": ".calls",
    "reset_mock": ".reset() of the fake",
}


class Strict:
    """Refuses names it does not have, and attributes that are set: both would say nothing."""

    def _as_written(self) -> str:
        """What the user wrote to get here."""
        return str(self)

    def _advice(self, name: str) -> str:
        known = (known for known in dir(self) if not known.startswith("_"))
        return f": write {HABITS[name]}" if name in HABITS else near_miss(name, known)

    # For type checkers there are neither.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                return super().__getattribute__(name)
            raise AttributeError(f"{self._as_written()} has no {name!r}{self._advice(name)}.")

        def __setattr__(self, name: str, value: object) -> None:
            if name.startswith("_"):
                super().__setattr__(name, value)
            else:
                is_method = callable(getattr(self, name, None))
                advice = f": write .{name}(...)" if is_method else self._advice(name)
                raise AttributeError(f"{self._as_written()}.{name} cannot be set{advice}.")
