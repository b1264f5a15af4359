"""Writing a file: all of it or, if anything fails, nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(target: Path) -> Generator[Callable[[bytes], int]]:
    """A function that writes to a temporary file beside `target`, which takes its place at the end.

    Raises:
        OSError: It cannot be written; what stood at `target` still does.
    """
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            yield file.write
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
