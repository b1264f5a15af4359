"""`POST /v1/audio/transcriptions` and `/v1/audio/translations`.

Nothing listens: speech that the emulator made carries its text along, other audio gets a fixed sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .exchange import Reply, Request, invalid, json_reply
from .multipart import read_form
from .text import sentences
from .wave import read_wave

if TYPE_CHECKING:
    from .multipart import Form

_FORMATS = ("json", "verbose_json")
_GRANULARITIES = frozenset({"segment", "word"})
# What a compressed recording of an unknown kind is taken to need.
_BYTES_PER_SECOND = 16_000
_SPEAKER = "SPEAKER_00"


@dataclass(frozen=True, slots=True)
class _Heard:
    text: str
    seconds: float


def create_transcription(request: Request) -> Reply:
    """Return the text of a recording."""
    return _reply(request, "transcribe")


def create_translation(request: Request) -> Reply:
    """Return the text of a recording as if it were English."""
    return _reply(request, "translate")


def _reply(request: Request, task: str) -> Reply:
    form = read_form(request)
    heard = _hear(form)
    wanted = form.text("response_format", "json")
    if wanted not in _FORMATS:
        message = f"`response_format` is {wanted!r}: use one of {', '.join(_FORMATS)}."
        raise invalid("response_format", message)
    granularities = set(form.texts.get("timestamp_granularities", ["segment"]))
    if not granularities <= _GRANULARITIES:
        raise invalid("timestamp_granularities", "`timestamp_granularities` takes 'segment' and 'word'.")
    _check_temperature(form)
    if wanted == "json":
        return json_reply({"text": heard.text})
    return json_reply(_verbose(form, heard, task, granularities))


def _hear(form: Form) -> _Heard:
    part = form.files.get("file")
    if part is None:
        url = form.text("file")
        if not url:
            raise invalid("file", "`file` is required: add a file or its URL to the form.", code="missing_required")
        return _Heard(f"The emulator does not listen to {url}.", 1.0)
    facts = read_wave(part.data)
    seconds = facts.seconds if facts else len(part.data) / _BYTES_PER_SECOND
    text = facts.comment if facts else ""
    fixed = f"The emulator does not listen to {part.name}, a file of {len(part.data)} bytes."
    return _Heard(text or fixed, round(seconds, 3))


def _check_temperature(form: Form) -> None:
    given = form.text("temperature")
    try:
        fits = not given or 0 <= float(given) <= 1
    except ValueError:
        fits = False
    if not fits:
        raise invalid("temperature", f"`temperature` is {given!r}: it has to be a number from 0 to 1.")


def _verbose(form: Form, heard: _Heard, task: str, granularities: set[str]) -> dict[str, object]:
    diarize = form.text("diarize").lower() in {"true", "1"}
    words = _words(heard, diarize=diarize)
    reply: dict[str, object] = {
        "task": task,
        "language": "en" if task == "translate" else form.text("language") or "en",
        "duration": heard.seconds,
        "text": heard.text,
        "segments": [
            {"id": index, **timed} for index, timed in enumerate(_timed(sentences(heard.text), heard, "text"))
        ],
    }
    if "word" in granularities:
        reply["words"] = words
    if diarize:
        whole = {"id": 0, "speaker_id": _SPEAKER, "start": 0.0, "end": heard.seconds, "text": heard.text}
        reply["speaker_segments"] = [{**whole, "words": words}]
    return reply


def _words(heard: _Heard, *, diarize: bool) -> list[dict[str, object]]:
    speaker = {"speaker_id": _SPEAKER} if diarize else {}
    return [{**timed, **speaker} for timed in _timed(heard.text.split(), heard, "word")]


def _timed(parts: list[str], heard: _Heard, key: str) -> list[dict[str, object]]:
    """Share the recording's time out by the length of the parts."""
    total = sum(map(len, parts)) or 1
    timed: list[dict[str, object]] = []
    spent = 0
    for part in parts:
        start, spent = spent, spent + len(part)
        begin, end = (round(heard.seconds * place / total, 3) for place in (start, spent))
        timed.append({key: part, "start": begin, "end": end})
    return timed
