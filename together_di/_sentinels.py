"""The marker for an argument that was not given, where `None` would mean something."""

from __future__ import annotations

from typing import Final, final


@final
class NotGiven:
    """Stands for an argument that is left out: nothing is sent for it, unlike for `None`."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __reduce__(self) -> str:
        return "not_given"


not_given: Final = NotGiven()
