"""`colab://NAME`: a secret of a Google Colab notebook."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from . import Reference, SecretError, field_of

_STATES = {
    "SecretNotFoundError": "no secret of that name",
    "NotebookAccessError": "the secret exists, but this notebook has no access to it: switch it on in the key panel",
    "TimeoutException": "no answer; secrets can be read only from the Colab page itself",
}


def read(reference: Reference) -> str:
    """The secret.

    Raises:
        SecretError: This is not Colab, or there is no such secret, or it may not be read.
    """
    # Only asked inside Colab, where the module is loaded already: anywhere else importing it means nothing.
    if "google.colab" not in sys.modules:
        raise SecretError("not running in Colab")
    try:
        userdata: Any = importlib.import_module("google.colab.userdata")
        found: list[object] = [userdata.get(reference.path)]
    except Exception as error:  # noqa: BLE001 - Colab's errors share no base class
        raise SecretError(_STATES.get(type(error).__name__, f"failed: {type(error).__name__}")) from None
    text = str(found.pop() or "").strip()
    if not text:
        raise SecretError("the secret is empty")
    return field_of(text, reference.field, "the secret")
