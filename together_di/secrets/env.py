"""`env://OTHER_NAME`: another environment variable."""

from __future__ import annotations

import os

from . import Reference, SecretNotFoundError


def read(reference: Reference) -> str:
    """The value of the variable.

    Raises:
        SecretNotFoundError: It is not set, or empty.
    """
    if not os.environ.get(reference.path, "").strip():
        raise SecretNotFoundError(f"the environment variable {reference.path} is not set, or empty")
    return os.environ[reference.path]


def stamp(reference: Reference) -> object:
    """The variable's place in the environment: reading it again costs nothing."""
    return hash(os.environ.get(reference.path))
