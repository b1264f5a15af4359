"""The header fields of requests and responses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

RawHeaders = list[tuple[bytes, bytes]]

_SECRET_HEADER = re.compile(
    "auth|cookie|credential|(?<!idempotency-)key|pass|secret|signature|token", re.IGNORECASE
).search


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is a credential, as far as its name tells."""
    return _SECRET_HEADER(name) is not None


class Headers(Mapping[str, str]):
    """Header fields by name, whatever the case; repeated fields are joined with a comma (RFC 9110, 5.2)."""

    __slots__ = ("_fields", "raw")

    def __init__(self, raw: RawHeaders) -> None:
        self.raw = raw
        self._fields: dict[str, str] = {}
        for name, value in raw:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._fields[key] = f"{self._fields[key]}, {text}" if key in self._fields else text

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        shown = {name: "[hidden]" if is_secret_header(name) else value for name, value in self.items()}
        return f"Headers({shown!r})"
