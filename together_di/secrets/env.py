"""`env://OTHER_NAME`: another environment variable, or with `#field` a JSON object in one."""

from __future__ import annotations

import os

from . import Reference, SecretNotFoundError, field_of


def read(reference: Reference) -> str:
    """The value of the variable, or one field of it.

    Raises:
        SecretError: It is no JSON object, and a field is asked for.
        SecretNotFoundError: It is not set, or empty, or has no such field.
    """
    what = f"the environment variable {reference.path}"
    if not os.environ.get(reference.path, "").strip():
        raise SecretNotFoundError(f"{what} is not set, or empty")
    return field_of(os.environ[reference.path], reference.field, what)


def stamp(reference: Reference) -> object:
    """The variable's place in the environment: reading it again costs nothing."""
    return hash(os.environ.get(reference.path))
