"""What must not stand in a cassette: keys, signatures of addresses, and the ids of whoever paid for the calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast
from urllib.parse import quote

from ..headers import is_secret_header
from ..wire import Request

HIDDEN = "[hidden]"

#: Nothing shorter is looked for elsewhere: it would be found in half the words there are.
SHORTEST = 8

_SECRET_FIELD = re.compile(
    r"(api|private|secret|access)[_-]?key$|(access|api|auth|bearer|hf|hub|refresh|security|session)[_-]?token$"
    r"|secret$|passw|authori[sz]ation|credential",
    re.IGNORECASE,
).search
_OWNER_FIELD = re.compile(r"(organi[sz]ation|org|user|account|owner)[_-]?id", re.IGNORECASE).fullmatch
_OWNER = re.compile(r"organi[sz]ation|org|user|account|owner|api_key", re.IGNORECASE).fullmatch
_OWNER_HEADER = re.compile("organi[sz]ation|account|(^|-)org(-|$)", re.IGNORECASE).search
_SIGNATURE = re.compile(r"(^|[_-])(sig|signature)$|^((access|auth|id)_)?token$|^api_?key$", re.IGNORECASE).search
_URL = re.compile(r"https?://[^\s\"'<>\\)\]]+\?[^\s\"'<>\\]+")


class Scrubber:
    """Knows what was secret in the recorded calls, and hides it wherever it stands."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def notice_request(self, request: Request) -> None:
        """Remember the key and the other credentials of a request."""
        if request.key is not None:
            self._notice((request.key.get_secret_value(),))
        for name, value in request.raw_headers:
            if is_secret_header(name.decode("latin-1")) or _OWNER_HEADER(name.decode("latin-1")):
                text = value.decode("latin-1")
                # `Bearer ...`, and `name=...; name=...`.
                self._notice((text, text.rpartition(" ")[2], *(part.partition("=")[2] for part in text.split("; "))))

    def notice_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """Remember the owner that the headers of a response name."""
        self._notice(value for name, value in headers if _OWNER_HEADER(name))

    def notice_body(self, value: object) -> None:
        """Remember what fields of a body tell by their names."""
        self._notice(_told(value))

    def _notice(self, values: Iterable[str]) -> None:
        for value in values:
            if len(value) >= SHORTEST:
                # As it is, as a URL writes it, and as a text in JSON does.
                self._secrets |= {value, quote(value, safe="", errors="replace"), json.dumps(value)[1:-1]}

    def bytes(self, data: bytes) -> bytes:
        """`data` without the secrets in it."""
        for secret in self._longest_first():
            data = data.replace(secret.encode("utf-8", "replace"), HIDDEN.encode())
        return data

    def text(self, text: str) -> str:
        """`text` without the secrets in it, and without the signatures of the addresses in it."""
        for secret in self._longest_first():
            text = text.replace(secret, HIDDEN)
        return _URL.sub(lambda found: _unsigned(found[0]), text) if "://" in text else text

    def json(self, value: object, field: str = "") -> Any:
        """`value` without the secrets in it."""
        if isinstance(value, dict):
            fields = cast("dict[str, object]", value)
            return {self.text(name): self.json(item, _within(field, name)) for name, item in fields.items()}
        if isinstance(value, list):
            return [self.json(item, field) for item in cast("list[object]", value)]
        if isinstance(value, str):
            return HIDDEN if value and _is_told_by(field) else self.text(value)
        return value

    def _longest_first(self) -> list[str]:
        return sorted(self._secrets, key=len, reverse=True)


def _is_told_by(field: str) -> bool:
    return bool(_SECRET_FIELD(field) or _OWNER_FIELD(field))


def _within(field: str, name: str) -> str:
    """What a field is called, by itself: `id` of an `organization` is its `organization_id`."""
    return "owner_id" if name == "id" and _OWNER(field) else name


def _told(value: object, field: str = "") -> Iterator[str]:
    """The texts that stand in fields of secrets and of owners."""
    if isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            yield from _told(item, _within(field, name))
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _told(item, field)
    elif isinstance(value, str) and _is_told_by(field):
        yield value


def _unsigned(url: str) -> str:
    """A signed URL without the values of its query; any other as it is."""
    path, _, query = url.partition("?")
    if not any(_SIGNATURE(part.partition("=")[0]) for part in query.split("&")):
        return url
    return f"{path}?{re.sub('=[^&]*', f'={HIDDEN}', query)}"
