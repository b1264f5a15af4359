"""`keyring://together/default`: a password in the keyring of this computer, by service and user name.

The keyring is macOS' Keychain, Windows' Credential Manager, the Secret Service of a Linux desktop, or what else the
keyring library is set up to use; `keyring set together default` writes to it. In a name, `%2F` stands for `/` and `%23`
for `#`. Needs `pip install "together-di[keyring]"`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from . import Reference, SecretError, SecretNotFoundError, field_of, library
from ._bounded import bounded

_NO_CONNECTION = "cannot connect to the keyring: it is not running, or not within reach of this session"
#: What the exceptions mean: the first that has one of these names, or whose base class has.
_PROBLEMS = {
    "KeyringLocked": "the keyring is locked and was not unlocked, or access to it was denied",
    "NoKeyringError": "cannot connect: this computer has no keyring; `python -m keyring diagnose` tells what was tried",
    "InitError": _NO_CONNECTION,
    "SecretServiceNotAvailableException": _NO_CONNECTION,
    "OSError": _NO_CONNECTION,
}


def read(reference: Reference) -> str:
    """The password.

    Raises:
        SecretNotFoundError: There is none for that service and user.
        SecretError: There is no keyring, it is locked, or it does not answer.
    """
    service, _, username = (unquote(part) for part in reference.path.rpartition("/"))
    if not (service and username):
        raise SecretError("the service or the user name is missing: write keyring://SERVICE/USERNAME")
    keyring: Any = library("keyring", "keyring")
    found = _ask(lambda: keyring.get_password(service, username))
    if found is None:
        raise SecretNotFoundError(f"the keyring has no password of {username!r} for {service!r}")
    return field_of(found, reference.field, "the password")


def _ask(get_password: Callable[[], str | None]) -> str | None:
    try:
        return bounded(get_password, ": does a window wait for the password of the keyring?")
    except SecretError:
        raise
    except Exception as error:  # noqa: BLE001 - each kind of keyring has errors of its own
        names = [kind.__name__ for kind in type(error).__mro__]
    raise SecretError(next((_PROBLEMS[name] for name in names if name in _PROBLEMS), f"failed: {names[0]}"))
