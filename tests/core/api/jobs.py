"""Files that jobs take, and clients to start them with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from together_di import Together

OPTIONS: dict[str, Any] = {"api_key": "key-for-tests", "transport": "embedded", "strict": True, "max_retries": 0}
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Llamas hum. What do llamas do?"}]}


def upload(client: Together, folder: Path, rows: list[Any], purpose: str = "fine-tune") -> str:
    """The id of a file with these rows; text is written as it is."""
    file = folder / f"{uuid4().hex}.jsonl"
    # Each row names its file, because the same bytes would be the same file.
    lines = [row if isinstance(row, str) else json.dumps(row | {"file": file.stem}) for row in rows]
    file.write_text("\n".join(lines) + "\n")
    return client.files.upload(file, purpose=purpose, check=False).id


def lines_of(client: Together, file_id: str | None) -> list[Any]:
    """What is in a file."""
    assert file_id is not None
    return [json.loads(line) for line in client.files.content(file_id).read().splitlines()]
