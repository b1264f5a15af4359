"""Server-sent events, as the page reads them."""

from __future__ import annotations

import json
from typing import Any


def read_events(body: str) -> list[tuple[str, Any]]:
    """The name of each event, and its data."""
    return [_read(block) for block in body.split("\n\n") if block]


def written(body: str) -> str:
    """The text of the answer."""
    chunks = [data for name, data in read_events(body) if name == "message" and data != "[DONE]"]
    return "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)


def _read(block: str) -> tuple[str, Any]:
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    data = fields["data"]
    return fields.get("event", "message"), data if data == "[DONE]" else json.loads(data)
