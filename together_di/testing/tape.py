"""Recorded calls as a file that people can read: what was asked, what the API said, and finding it again."""

from __future__ import annotations

import base64
import difflib
import hashlib
import json
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from ..emulator.exchange import Request as EmulatorRequest
from ..emulator.multipart import read_form
from ..errors import APIConnectionError
from ..headers import Headers, RawHeaders
from ..streaming import EventParser
from ..wire import Request
from .replies import Reply, lost
from .scrubbing import HIDDEN, Scrubber

Json: TypeAlias = "dict[str, Any]"

#: What is kept of a response's headers: what clients act on. The others tell who asked, or change every time.
KEPT_HEADERS = re.compile(
    r"content-type|location|retry-after(-ms)?|x-should-retry|x-together-file-id|x-ratelimit-.+|x-request-id"
).fullmatch
WIDTH = 110
#: In a difference one thing stands on each line.
NARROW = 40
#: A row of numbers, whatever its length, stays on its line.
_is_vector = re.compile(r"\[[-+\d.eE, ]*\]").fullmatch
LONGEST_DATA_URL = 200


@dataclass
class Recorded:
    """A call while it is being recorded.

    Attributes:
        request: What was asked.
        status: The status of the answer.
        headers: Its header fields.
        chunks: Its body, as far as it has been read.
        is_whole: Whether that is all of it.
    """

    request: Request
    status: int
    headers: RawHeaders = field(repr=False)
    chunks: list[bytes] = field(default_factory=list[bytes], repr=False)
    is_whole: bool = False

    def as_json(self, scrubber: Scrubber) -> Json:
        """The call as the file has it."""
        headers = Headers(self.headers)
        kept = {name: scrubber.text(value) for name, value in headers.items() if KEPT_HEADERS(name)}
        body = _response_body(b"".join(self.chunks), headers.get("content-type", "").lower(), scrubber)
        # Nobody waits long for what may come after the last word of a stream.
        cut = {} if self.is_whole or body.get("events", [])[-1:] == ["[DONE]"] else {"cut": True}
        asked = scrubber.json(described(self.request))
        return {"request": asked, "response": {"status": self.status, "headers": kept, **body, **cut}}

    def noticed_by(self, scrubber: Scrubber) -> None:
        """Show `scrubber` what is secret in this call."""
        scrubber.notice_request(self.request)
        scrubber.notice_headers(Headers(self.headers).items())
        for body in (described(self.request), _parsed(b"".join(self.chunks))):
            scrubber.notice_body(body)


def described(request: Request) -> Json:
    """What a request asks, as a file has it: neither headers nor the bytes of files."""
    assert isinstance(request.content, bytes)
    head = {"method": request.method, "url": request.url}
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        form = read_form(EmulatorRequest(0, {"content-type": kind}, {}, {}, request.content, ""))
        files = {name: {"name": part.name, **_digest(part.data)} for name, part in form.files.items()}
        return {**head, "form": form.texts, "files": files}
    if not request.content:
        return head
    value = _parsed(request.content) if "json" in kind else None
    return {**head, **(_digest(request.content) if value is None else {"json": _without_data(value)})}


def _digest(data: bytes) -> Json:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _parsed(data: bytes) -> Any:
    """`data` as JSON; `None` if it is none."""
    try:
        return json.loads(data)
    except ValueError:
        return None


def _without_data(value: object) -> Any:
    """A body with a digest in place of each picture or sound in it."""
    if isinstance(value, dict):
        return {name: _without_data(item) for name, item in cast("Json", value).items()}
    if isinstance(value, list):
        return [_without_data(item) for item in cast("list[object]", value)]
    if isinstance(value, str) and value.startswith("data:") and len(value) > LONGEST_DATA_URL:
        head, _, data = value.partition(",")
        return f"{head},(sha256 {_digest(data.encode('utf-8', 'replace'))['sha256']})"
    return value


def _response_body(data: bytes, content_type: str, scrubber: Scrubber) -> Json:
    if content_type.startswith("text/event-stream"):
        return {"events": [_event(name, text, scrubber) for name, text in EventParser().feed(data)]}
    if not data:
        return {}
    # What is not said to be JSON, such as a file, must come back byte for byte.
    value = _parsed(data) if "json" in content_type else None
    if value is not None:
        return {"json": scrubber.json(value)}
    try:
        return {"text": scrubber.text(data.decode())}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(scrubber.bytes(data)).decode()}


def _event(name: str, data: bytes, scrubber: Scrubber) -> Any:
    """An object where that is what the event holds, else its text; after its name, if it has one."""
    value = _parsed(data)
    held = scrubber.json(value) if data.startswith(b"{") and value else scrubber.text(data.decode("utf-8", "replace"))
    return held if name == "message" else [name, held]


def reply_of(response: Json) -> Reply:
    """The recorded answer, as it travels."""
    reply = Reply(response["status"], response["headers"], tuple(_chunks(response)))
    if not response.get("cut"):
        return reply
    ended = lost(APIConnectionError, "The recording of this answer ends here: more was not read.")
    # At least one piece, so that the answer begins before it ends.
    return reply._replace(chunks=reply.chunks or (b"",), error=ended)


def _chunks(response: Json) -> Iterator[bytes]:
    if "json" in response:
        yield json.dumps(response["json"], ensure_ascii=False).encode("utf-8", "surrogatepass")
    elif "text" in response:
        yield response["text"].encode()
    elif "base64" in response:
        yield base64.b64decode(response["base64"])
    for event in response.get("events", ()):
        name, held = cast("tuple[str, Any]", event if isinstance(event, list) else ("", event))
        text = held if isinstance(held, str) else json.dumps(held)
        lines = [f"event: {name}"] if name else []
        yield "\n".join([*lines, *(f"data: {line}" for line in text.split("\n")), "", ""]).encode()


def fits(recorded: object, asked: object) -> bool:
    """Whether they are the same; what is hidden may be anything."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        left, right = cast("Json", recorded), cast("Json", asked)
        return left.keys() == right.keys() and all(fits(value, right[name]) for name, value in left.items())
    if isinstance(recorded, list) and isinstance(asked, list):
        pairs = (cast("list[object]", recorded), cast("list[object]", asked))
        return len(pairs[0]) == len(pairs[1]) and all(map(fits, *pairs))
    if isinstance(recorded, str) and isinstance(asked, str) and HIDDEN in recorded:
        pattern = ".*".join(map(re.escape, recorded.split(HIDDEN)))
        return re.fullmatch(pattern, asked, re.DOTALL) is not None
    return recorded == asked


def compared(request: Json) -> Json:
    """A request as it is compared: on whichever host, and however its URL is written."""
    url: str = request["url"]
    parts = urlsplit(url)
    query = [list(item) for item in sorted(parse_qsl(parts.query, keep_blank_values=True))]
    return {**request, "url": [unquote(parts.path), query]}


def difference(recorded: Json, asked: Json) -> str:
    """What was asked otherwise than it was recorded, line by line."""
    # The host does not count.
    here, there = urlsplit(str(recorded["url"])), urlsplit(str(asked["url"]))
    asked = {**asked, "url": there._replace(scheme=here.scheme, netloc=here.netloc).geturl()}
    sides = (recorded, _aligned(recorded, asked))
    wanted, found = ([line.rstrip(",") for line in written(side, width=NARROW).splitlines()] for side in sides)
    lines = list(difflib.unified_diff(wanted, found, lineterm="", n=2))[2:]
    return "\n".join(["(- recorded, + asked)", *(line for line in lines if not line.startswith("@@"))])


def _aligned(recorded: object, asked: object) -> Any:
    """`asked`, written as the recording writes it where that is the same."""
    if fits(recorded, asked):
        return recorded
    if isinstance(recorded, dict) and isinstance(asked, dict):
        known = cast("Json", recorded)
        given = cast("Json", asked)
        order = [name for name in known if name in given] + [name for name in given if name not in known]
        return {name: _aligned(known.get(name), given[name]) for name in order}
    if isinstance(recorded, list) and isinstance(asked, list):
        items, others = cast("list[object]", recorded), cast("list[object]", asked)
        return list(map(_aligned, items, others)) + others[len(items) :]
    return asked


def load(path: Path) -> list[Json]:
    """The calls in a cassette.

    Raises:
        ValueError: It is none.
    """
    try:
        calls = json.loads(path.read_bytes().decode("utf-8"))["calls"]
        for call in calls:
            compared(call["request"])
            reply_of(call["response"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no cassette ({type(error).__name__}: {error}). Record it again.") from None
    return cast("list[Json]", calls)


def save(path: Path, calls: list[Recorded]) -> None:
    """Write a cassette: all of it, or nothing."""
    scrubber = Scrubber()
    for call in calls:
        call.noticed_by(scrubber)
    text = written({"calls": [call.as_json(scrubber) for call in calls]})
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text + "\n", encoding="utf-8", newline="\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def written(value: Any, margin: str = "", *, width: float = WIDTH) -> str:
    """JSON to be read: short things and rows of numbers on one line, and each event of a stream."""
    line = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", json.dumps(value, ensure_ascii=False))
    if len(margin) + len(line) <= width or not isinstance(value, dict | list) or _is_vector(line):
        return line
    inner = margin + "  "
    if isinstance(value, dict):
        fields = cast("Json", value).items()
        items = [f"{json.dumps(name, ensure_ascii=False)}: {_field(name, item, inner, width)}" for name, item in fields]
    else:
        items = [written(item, inner, width=width) for item in cast("list[object]", value)]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{margin}{closing}"


def _field(name: str, value: object, margin: str, width: float) -> str:
    if name != "events" or not isinstance(value, list):
        return written(value, margin, width=width)
    lines = [f"\n{margin}  {written(event, width=math.inf)}" for event in cast("list[object]", value)]
    return f"[{','.join(lines)}\n{margin}]"
