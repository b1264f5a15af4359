"""One read of a store, as the package does it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from together_di.secrets import Reference, SecretError, SecretNotFoundError

from ..support.leaks import found_in


def read_from(store: ModuleType, reference: str, **options: Any) -> str:
    """What a store has under a reference."""
    parsed = Reference.parse(reference)
    assert parsed is not None
    value: str = store.read(parsed, **options)
    return value


def problem_with(store: ModuleType, reference: str) -> str:
    """What the error says; it is not that the secret is missing."""
    with pytest.raises(SecretError) as caught:
        read_from(store, reference)
    assert not isinstance(caught.value, SecretNotFoundError)
    assert found_in(str(caught.value)) == []
    return str(caught.value)
