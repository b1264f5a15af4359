"""Inputs that fuzzing found: each of them failed once."""

from __future__ import annotations

import json

from ..core.support.sides import KEY, completion

#: The key in JSON, with an escape.
ESCAPED = KEY.replace("k", "\\u006b", 1)


def _deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def _misfit() -> bytes:
    """A completion with the key for a name, beside a value that does not fit."""
    body = completion()
    body["choices"][0]["top_logprobs"] = {KEY: "much"}
    return json.dumps(body).encode()


#: The target and the input, by what is odd about it.
FOUND: dict[str, tuple[str, bytes]] = {
    "LF after CR LF, in another piece": ("events", b"data: 1\r\n\n\xff\x09"),
    "deep error": ("error", f"500\n\n{_deep(500)}".encode()),
    "deep message": ("error", f'500\n\n{{"error": {{"message": {_deep(500)}}}}}'.encode()),
    "key for a name in an error": ("error", f'400\n\n{{"error": {{"{ESCAPED}": 1}}}}'.encode()),
    "deep error in a stream": ("stream", f'data: {{"error": {_deep(500)}}}\n\n'.encode()),
    "too deep error in a stream": ("stream", f'data: {{"error": {_deep(2000)}}}\n\n'.encode()),
    "too deep error event": ("stream", f"event: error\ndata: {_deep(2000)}\n\n".encode()),
    "key for a name in a stream": ("stream", f'data: {{"error": {{"{KEY}": 1}}}}\n\n'.encode()),
    "key for a name of what does not fit": ("answer", _misfit()),
    "integer of more than 64 bits": ("array", b'{"data": [], "usage": {"total_tokens": 123456789012345678901234}}'),
    "object for a list of vectors": ("array", b'{"data": {}}'),
    "list of lists for a vector": ("array", b'{"data": [{"index": 0, "embedding": [[1, 2], [3]]}]}'),
    "more than a float of the array holds": ("array", b'{"data": [{"index": 0, "embedding": [1e300]}]}'),
}
