"""Keys that stand elsewhere: a reference such as `file:///run/secrets/together` in the place of a key.

A store is a function from a `Reference` to the key as text; it raises `SecretError` or any exception of its own.
Another package adds one for a scheme of its own by an entry point in the group `together_di.secrets`, whose name is
the scheme; a program by `register_store`. Nothing is looked up before the first call that needs the key.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from .._text import near_miss
from ..errors import ConfigurationError

__all__ = [
    "PATIENCE",
    "Reference",
    "SecretError",
    "SecretNotFoundError",
    "Store",
    "field_of",
    "library",
    "register_store",
    "store_for",
]

ENTRY_POINTS = "together_di.secrets"
OWN_STORES = ("aws-sm", "aws-ssm", "azure-kv", "colab", "env", "file", "gcp-sm", "keyring", "op", "vault")

#: Seconds that a store is given to answer.
PATIENCE = 10.0


class SecretError(ConfigurationError):
    """A secret cannot be read; the message names the reference and the step, never the value."""


class SecretNotFoundError(SecretError):
    """The store answered, and there is no such secret in it."""


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


_registered: dict[str, Store] = {}


def register_store(scheme: str, store: Store | Callable[[Reference], str]) -> None:
    """Have `store` read the references that begin with `scheme://`, also those of a store of this package.

    For example a Google client of your own:
    `register_store("gcp-sm", functools.partial(gcp_sm.read, client=client))`.

    Args:
        scheme: What its references begin with, without `://`.
        store: A function that gives the key for a reference, or a `Store`.

    Raises:
        TypeError: It is neither.
    """
    if not callable(store if not isinstance(store, Store) else store.read):
        raise TypeError(f"register_store({scheme!r}, ...) takes a function from a Reference to the key, or a Store.")
    _registered[scheme] = store if isinstance(store, Store) else Store(store)


def library(module: str, extra: str) -> Any:
    """The library `module`, which is installed with the extra `extra`.

    Raises:
        SecretError: It is not installed; the message has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SecretError(f'the library {module} is missing: pip install "together-di[{extra}]"') from None


def field_of(text: str, field: str | None, what: str) -> str:
    """`text`, or the text under `field` in the JSON object that it is; `what` names it in errors.

    Raises:
        SecretError: It is no JSON object, or has no such field.
    """
    if field is None:
        return text
    try:
        content: Any = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise SecretError(f"{what} is not a JSON object, so it has no field {field!r}")
    value = cast("dict[str, object]", content).get(field)
    if not isinstance(value, str):
        raise SecretNotFoundError(f"{what} is JSON that has no text under {field!r}")
    return value


def store_for(reference: Reference) -> Store:
    """The store that reads `reference`.

    Raises:
        ConfigurationError: No store has that scheme.
    """
    if reference.scheme in _registered:
        return _registered[reference.scheme]
    if reference.scheme in OWN_STORES:
        module = importlib.import_module(f".{reference.scheme.replace('-', '_')}", __name__)
        return Store(module.read, getattr(module, "stamp", None))
    from importlib.metadata import entry_points  # takes 10 ms, and few have a scheme of their own

    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if reference.scheme not in found:
        known = sorted({*OWN_STORES, *found})
        raise ConfigurationError(
            f"{reference}: no secret store has the scheme {reference.scheme!r}{near_miss(reference.scheme, known)}. "
            f"Known: {', '.join(f'{scheme}://' for scheme in known)}."
        )
    loaded = found[reference.scheme].load()
    return loaded if isinstance(loaded, Store) else Store(loaded)
