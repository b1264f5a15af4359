"""What error messages and warnings share."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable


def near_miss(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """` (did you mean 'x'?)` for the known name nearest to `name`, whatever the case, or nothing.

    Args:
        name: What was written.
        known: What could have been.
        cutoff: How near it must be, from 0 to 1 (equal).
    """
    spelt = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), spelt, n=1, cutoff=cutoff)
    found = found or sorted(candidate for candidate in spelt if candidate.startswith(f"{name.lower()}_"))
    return f" (did you mean {spelt[found[0]]!r}?)" if found else ""


def callers_level() -> int:
    """How many frames up the caller of this package stands, for a warning that points there."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    return level - 1
