"""The address in a reference: what the store calls the secret, and parameters such as `?version=5` after it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from .._text import near_miss
from . import Reference, SecretError


def address_of(reference: Reference, *parameters: str) -> tuple[str, dict[str, str]]:
    """The name in `reference`, and the parameters that follow it; an empty one is not set.

    Raises:
        SecretError: A parameter is not one of `parameters`.
    """
    name, _, query = reference.path.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option in options:
        if option not in parameters:
            known = ", ".join(f"?{parameter}=" for parameter in parameters)
            raise SecretError(f"no parameter is called {option!r}{near_miss(option, parameters)}; known: {known}")
    return name, {option: value for option, value in options.items() if value}
