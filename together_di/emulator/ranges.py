"""Parts of a body: `Range` and `If-Range` (RFC 9110, 13.1.5 and 14)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .exchange import ApiError, Reply

if TYPE_CHECKING:
    from .exchange import Request


def partial_reply(request: Request, data: bytes, tag: str) -> Reply:
    """Return what the request asks for of `data`: all of it, or one range.

    Raises:
        ApiError: 416, the range begins after the end.
    """
    headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes", "etag": tag}
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""), re.ASCII)
    if found is None or found[0] == "bytes=-" or request.headers.get("if-range", tag) != tag:
        return Reply(200, headers, data)
    first, last = _bounds(found[1], found[2], len(data))
    if first > last:
        message = f"The range {found[0]} is outside of the {len(data)} bytes."
        raise ApiError(416, message, code="invalid_range", headers={"content-range": f"bytes */{len(data)}"})
    headers["content-range"] = f"bytes {first}-{last}/{len(data)}"
    return Reply(206, headers, data[first : last + 1])


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
