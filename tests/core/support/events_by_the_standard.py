"""Server-sent events, word for word by the standard."""

from __future__ import annotations

Events = list[tuple[str, bytes]]


def reference(data: bytes) -> Events:
    """The events of a whole stream, word for word by the standard (WHATWG HTML, 9.2.6)."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    *lines, _ = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    events: Events = []
    name, values = b"", list[bytes]()
    for line in lines:
        if line == b"":
            if values:
                events.append((name.decode("utf-8", "replace") or "message", b"\n".join(values)))
            name, values = b"", []
        elif not line.startswith(b":"):
            field, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if field == b"data":
                values.append(value)
            elif field == b"event":
                name = value
    return events
