"""Record and replay: real answers, kept in a file and given again offline."""

from __future__ import annotations

import difflib
import functools
import json
import warnings
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol, TypeAlias, get_args

from ..transport.embedded import AsyncEmbeddedTransport, EmbeddedTransport
from ..wire import Request, Response
from .fake import FakeTogether
from .interception import Send, diverted, intercepted
from .replies import Reply
from .scrubbing import Scrubber
from .tape import Json, Recorded, compared, described, difference, fits, load, reply_of, save
from .transport import AsyncScriptedTransport, ScriptedTransport, answered, async_answered

if TYPE_CHECKING:
    import os

    from .recorder import Call
    from .script import Script

#: What may be recorded: nothing, cassettes that are not there, or all of them anew.
Mode: TypeAlias = Literal["none", "once", "all"]

HOW_TO_RECORD = "with the real API at hand: pytest --together-record=all, or cassette(..., record='all')"


class CassetteError(AssertionError):
    """A cassette cannot be played, or not be recorded.

    It is no `TogetherError`, so that code which handles failures of the API does not handle this one.
    """


class UnusedRecordingWarning(UserWarning):
    """A cassette has calls that were not made."""


@contextmanager
def cassette(path: str | os.PathLike[str], *, record: Mode = "none") -> Generator[FakeTogether]:
    """Have every client of the process answered from a file of recorded calls, or record them.

    Replayed, a call is answered by the first recording of a request with the same verb, path, query and body that has
    not been used yet. No key is needed and nothing leaves the machine. Recorded, calls reach the real API, and the
    file is written at the end unless an exception comes out of the block; it holds no key and no credentials. What the
    script of the fake says comes first, and is not recorded.

    Args:
        path: The file.
        record: `"none"`; `"once"` to record if there is no such file; `"all"` to record it anew.

    Yields:
        The fake, with its script and its `calls`.

    Raises:
        CassetteError: The file is missing or none; or, by the call: there is no recording of it.
        ValueError: `record` is something else.
    """
    if record not in get_args(Mode):
        raise ValueError(f"cassette(): record={record!r} is unknown; write one of {get_args(Mode)}.")
    fake = FakeTogether()
    with inserted(Path(path), record, fake) as player:
        yield fake
    player.finish()


class Player(Protocol):
    """A cassette in use."""

    is_recording: bool

    def finish(self) -> None:
        """All went well: keep what was recorded, or tell what was not used."""
        ...


@contextmanager
def inserted(path: Path, record: Mode, fake: FakeTogether) -> Generator[Player]:
    """Play or record while the block lasts; whether it went well, the caller says."""
    if record == "all" or (record == "once" and not path.exists()):
        recorder = Recorder(path, fake.script)
        with diverted(recorder.send_through):
            yield recorder
        return
    replay = Replay(path)
    fake.script.unscripted = replay.reply
    with intercepted(fake):
        yield replay


class Replay:
    """Gives each recorded answer once, in order."""

    is_recording = False

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise CassetteError(f"There is no cassette {path}. Record it {HOW_TO_RECORD}.")
        try:
            self._calls = load(path)
        except ValueError as error:
            raise CassetteError(str(error)) from None
        self._path = path
        self._asked = [compared(call["request"]) for call in self._calls]
        self._used: set[int] = set()
        self._lock = Lock()

    def reply(self, request: Request) -> Reply:
        """The recorded answer to `request`.

        Raises:
            CassetteError: There is none.
        """
        asked = described(request)
        wanted = compared(asked)
        with self._lock:
            for number, recorded in enumerate(self._asked):
                if number not in self._used and fits(recorded, wanted):
                    self._used.add(number)
                    return reply_of(self._calls[number]["response"])
            scrubber = Scrubber()
            scrubber.notice_request(request)
            scrubber.notice_body(asked)
            raise CassetteError(self._miss(scrubber.json(asked)))

    def finish(self) -> None:
        """Tell which recordings were not used."""
        unused = [call["request"] for number, call in enumerate(self._calls) if number not in self._used]
        if unused:
            lines = "".join(f"\n  {_headline(request)}" for request in unused)
            text = f"{self._path}: recorded, and not asked for this time:{lines}\nRecord it again {HOW_TO_RECORD}."
            warnings.warn(text, UnusedRecordingWarning, stacklevel=4)

    def _miss(self, asked: Json) -> str:
        lines = [f"{self._path} has no answer to this call ({len(self._used)} of {len(self._calls)} used):"]
        lines.append(f"  {_headline(asked)}")
        if self._calls:
            number = max(range(len(self._calls)), key=functools.partial(self._likeness, asked))
            lines += self._told(number, asked)
        return "\n".join([*lines, f"If the program is right, record it again {HOW_TO_RECORD}."])

    def _likeness(self, asked: Json, number: int) -> tuple[bool, bool, float]:
        recorded, wanted = self._asked[number], compared(asked)
        matcher = difflib.SequenceMatcher(None, json.dumps(recorded)[:5000], json.dumps(wanted)[:5000])
        return fits(recorded, wanted), recorded["url"][0] == wanted["url"][0], matcher.quick_ratio()

    def _told(self, number: int, asked: Json) -> list[str]:
        if fits(self._asked[number], compared(asked)):
            return [f"Call {number + 1} is the same, and has been used: it was made fewer times when it was recorded."]
        return [f"The nearest is call {number + 1}:", difference(self._calls[number]["request"], asked)]


class Recorder:
    """Lets calls pass to the real API, and keeps what is said."""

    is_recording = True

    def __init__(self, path: Path, script: Script) -> None:
        self._path = path
        self._script = script
        self._calls: list[Recorded] = []
        script.unscripted = _not_recorded

    def send_through(self, transport: Any) -> Send | None:
        """What a client with this transport sends through."""
        if isinstance(transport, ScriptedTransport | AsyncScriptedTransport):
            return None
        if isinstance(transport, EmbeddedTransport | AsyncEmbeddedTransport):
            return _refuse_emulator
        return functools.partial(self._asend if hasattr(transport, "aclose") else self._send, transport)

    def finish(self) -> None:
        """Write the file."""
        save(self._path, self._calls)

    def _send(self, transport: Any, request: Request) -> Response:
        with self._script.noticed(request) as (sent, call):
            call.reply = self._script.scripted(call)
            return answered(call.reply, sent) if call.reply else self._kept(transport.send(sent), sent, call)

    async def _asend(self, transport: Any, request: Request) -> Response:
        with self._script.noticed(request) as (sent, call):
            call.reply = self._script.scripted(call)
            return (
                async_answered(call.reply, sent) if call.reply else self._kept(await transport.send(sent), sent, call)
            )

    def _kept(self, response: Response, request: Request, call: Call) -> Response:
        """`response`, whose body is kept while it is read."""
        # What is kept and handed on is unpacked.
        headers = [item for item in response.raw_headers if item[0].lower() != b"content-encoding"]
        # The call ends by taking the key from its request; here it is still needed, so that it can be blotted out.
        recorded = Recorded(replace(request), response.status_code, headers)
        self._calls.append(recorded)
        call.reply = Reply(response.status_code, dict(response.headers), recorded.chunks)
        source = response._body
        if source is None:  # all of it has come with its head
            recorded.chunks.append(response.content)
            recorded.is_whole = True
            return response
        body = replace(source, close=response.close, aclose=response.aclose)
        if source.chunks is not None:
            body.chunks = _captured(response, recorded)
        else:
            body.achunks = _async_captured(response, recorded)
        return Response(response.status_code, headers, request, body=body)


def _captured(response: Response, recorded: Recorded) -> Iterator[bytes]:
    for chunk in response.iter_bytes():
        recorded.chunks.append(chunk)
        yield chunk
    recorded.is_whole = True


async def _async_captured(response: Response, recorded: Recorded) -> AsyncIterator[bytes]:
    async for chunk in response.aiter_bytes():
        recorded.chunks.append(chunk)
        yield chunk
    recorded.is_whole = True


def _not_recorded(_request: Request) -> NoReturn:
    raise CassetteError(
        "This cassette is being recorded, and a FakeTogether reaches no API: have a real client make the call, or "
        "script the answer."
    )


def _refuse_emulator(request: Request) -> NoReturn:
    raise CassetteError(
        f"{request.method} {request.target}: a cassette keeps what the real API says, and the transport 'embedded' "
        "makes it up. To record, unset TOGETHER_TRANSPORT and set TOGETHER_API_KEY."
    )


def _headline(request: Json) -> str:
    return f"{request['method']} {request['url']}"
