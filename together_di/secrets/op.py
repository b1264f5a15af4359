"""`op://vault/item/field`: 1Password's own way to name a secret, read by its command line program, `op`.

The reference is handed on as it is, also with a section (`op://vault/item/section/field`) or a parameter. `op` must be
on PATH and have an account: that of the desktop app, or OP_SERVICE_ACCOUNT_TOKEN.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from .. import secrets
from . import Reference, SecretError, SecretNotFoundError

#: What `op` says on stderr, and what that means. It has one exit code for all of them, and no list of its messages.
_ANSWERS: tuple[tuple[str, type[SecretError], str], ...] = (
    (
        "isn't a vault|isn't an item|does not have a (field|section)|could not find item",
        SecretNotFoundError,
        "this account sees no such vault, item or field",
    ),
    ("more than one", SecretError, "several items have that name: write the ID of one instead"),
    ("invalid secret reference", SecretError, "op does not take the reference: write IDs instead of the names"),
    ("forbidden|authorized to|do not have permission", SecretError, "denied: this account may not read the item"),
    (
        r"signed in|no account|session|authorization|desktop app|bearer token|decodesa|\(401\)",
        SecretError,
        "sign in: op has no account that it may use: run op signin, or set OP_SERVICE_ACCOUNT_TOKEN",
    ),
    (
        "dial tcp|no such host|connection re|unreachable|deadline exceeded|timeout",
        SecretError,
        "cannot connect to 1Password",
    ),
)


def read(reference: Reference) -> str:
    """The field.

    Raises:
        SecretNotFoundError: There is no such vault, item or field.
        SecretError: `op` is missing, is not signed in, fails, or does not answer.
    """
    if not re.fullmatch("[^/]+(/[^/]+){2,3}", reference.path.partition("?")[0]):
        raise SecretError("write op://VAULT/ITEM/FIELD or op://VAULT/ITEM/SECTION/FIELD")
    program = shutil.which("op")
    if program is None:
        raise SecretError("1Password's command line program, op, is not on PATH: install it, version 2 or later")
    done = _run([program, "read", "--no-newline", str(reference)])
    if done.returncode or not done.stdout:
        # The names in the reference are no part of what `op` has to say.
        raise _meaning(done.stderr.decode(errors="replace").replace(str(reference), ""))
    try:
        return done.stdout.decode()
    except UnicodeDecodeError:
        pass
    raise SecretError("the field is not text in UTF-8")


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        # With no terminal to ask on, `op` fails where it would ask for a password.
        return subprocess.run(  # noqa: S603 - no shell sees the reference
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=secrets.PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        problem = f"no answer within {secrets.PATIENCE:g} s: does 1Password wait to be unlocked?"
    except OSError as error:
        problem = f"{command[0]} cannot be run: {error.strerror}"
    raise SecretError(problem)


def _meaning(stderr: str) -> SecretError:
    for pattern, kind, meaning in _ANSWERS:
        if re.search(pattern, stderr, re.IGNORECASE):
            return kind(meaning)
    return SecretError("op failed: run op read with the reference to see why")
