"""Every method of the API that a client has, with the verb and path it sends."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

from .endpoint import Method
from .namespaces import Namespaces
from .resource import Resource

__all__ = ["Listed", "methods"]


class Listed(NamedTuple):
    """A method of the API.

    Attributes:
        name: Its name on a client, such as `chat.completions.create`.
        verb: The HTTP verb; empty for a method that sends several requests.
        path: The path, with `{name}` for arguments that stand in it; empty for a method that sends several requests.
    """

    name: str
    verb: str
    path: str


def methods() -> list[Listed]:
    """All methods, by name."""
    nobody: Any = None  # nothing is called
    return sorted(_methods(Namespaces[Any](nobody), ""))


def _methods(resource: object, prefix: str) -> Iterator[Listed]:
    for name in dir(resource):
        if name.startswith(("_", "with_")) or name == "client":
            continue
        member = inspect.getattr_static(type(resource), name, None)
        if isinstance(member, Method):
            yield Listed(prefix + name, member.template.method, member.template.path)
        elif isinstance(getattr(resource, name), Resource):
            yield from _methods(getattr(resource, name), f"{prefix}{name}.")
