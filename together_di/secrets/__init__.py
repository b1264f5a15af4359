"""Keys that stand elsewhere: a reference such as `file:///run/secrets/together` in the place of a key.

A store is a function from a `Reference` to the key as text; it raises `SecretError` or any exception of its own.
Another package adds one for a scheme of its own by an entry point in the group `together_di.secrets`, whose name is
the scheme. Nothing is looked up before the first call that needs the key.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import NamedTuple

from .._text import near_miss
from ..errors import ConfigurationError

__all__ = ["Reference", "SecretError", "Store", "store_for"]

ENTRY_POINTS = "together_di.secrets"
OWN_STORES = ("colab", "env", "file")


class SecretError(ConfigurationError):
    """A secret cannot be read; the message names the reference and the step, never the value."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is: `scheme://path#field`.

    Attributes:
        scheme: Which store.
        path: What the store calls it.
        field: Which part of it, where it has parts.
    """

    scheme: str
    path: str
    field: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference | None:
        """The reference that `text` is; `None` for an ordinary key, which never has `://` in it."""
        found = re.fullmatch(r"([a-z][a-z0-9+.-]*)://([^#]+)(?:#(.+))?", text.strip())
        return cls(found[1], found[2], found[3]) if found else None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}" + (f"#{self.field}" if self.field else "")


class Store(NamedTuple):
    """How one kind of reference is read.

    Attributes:
        read: Gives the secret. It may block, for a bounded time.
        stamp: Gives something that is another when the secret has changed, without reading it; `None` if there is
            no such thing.
    """

    read: Callable[[Reference], str]
    stamp: Callable[[Reference], object] | None = None


def store_for(reference: Reference) -> Store:
    """The store that reads `reference`.

    Raises:
        ConfigurationError: No store has that scheme.
    """
    if reference.scheme in OWN_STORES:
        module = importlib.import_module(f".{reference.scheme}", __name__)
        return Store(module.read, getattr(module, "stamp", None))
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if reference.scheme not in found:
        known = sorted({*OWN_STORES, *found})
        raise ConfigurationError(
            f"{reference}: no secret store has the scheme {reference.scheme!r}{near_miss(reference.scheme, known)}. "
            f"Known: {', '.join(f'{scheme}://' for scheme in known)}."
        )
    loaded = found[reference.scheme].load()
    return loaded if isinstance(loaded, Store) else Store(loaded)
