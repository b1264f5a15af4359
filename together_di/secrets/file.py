"""`file:///run/secrets/together`: a file that holds the key, or with `#field` a JSON object that has it.

Docker, Kubernetes and systemd mount secrets as files. Kubernetes replaces them by moving a symbolic link, so it is the
file behind the link that is watched.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from . import Reference, SecretError, SecretNotFoundError, field_of

LARGEST = 65536
"""Bytes: a longer file is not a key."""


def read(reference: Reference) -> str:
    """The content of the file, or one field of it.

    Raises:
        SecretError: It cannot be read, is no text, or has no such field.
    """
    try:
        with _path(reference).open("rb") as file:
            text = file.read(LARGEST + 1).decode("utf-8-sig")
    except FileNotFoundError:
        raise SecretNotFoundError("there is no such file") from None
    except OSError as error:
        raise SecretError(f"the file cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        raise SecretError("the file is not text in UTF-8") from None
    if len(text) > LARGEST:
        raise SecretError(f"the file is larger than {LARGEST} bytes: that is no key")
    return field_of(text, reference.field, "the file")


def stamp(reference: Reference) -> object:
    """Changes when the file behind the path is another, or was written to; `None` if it has gone."""
    try:
        status = os.stat(_path(reference))  # noqa: PTH116 - half the cost of Path.stat, on every call
    except (OSError, SecretError):
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _path(reference: Reference) -> Path:
    path = Path(unquote(reference.path))
    if not path.is_absolute():
        raise SecretError(f"the path {str(path)!r} is relative: write file:///... with three slashes")
    return path
