"""`POST /v1/audio/speech` and `GET /v1/voices`: a tone for each word, in a real WAV."""

from __future__ import annotations

import math
import struct
from array import array
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from .exchange import Reply, Request, event_reply, invalid, json_reply
from .parameters import Parameters
from .wave import wrap_wave

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFAULT_RATE = 24_000
_LOUDNESS = 9_000
_FADE_SECONDS = 0.008
_GAP_SECONDS = 0.06
_SECONDS_PER_LETTER = 0.055
_LONGEST_INPUT = 100_000

_VOICES = {
    "canopylabs/orpheus-3b-0.1-ft": ("tara", "leah", "leo", "dan"),
    "cartesia/sonic": ("friendly sidekick", "calm lady", "storyteller lady"),
    "hexgrad/Kokoro-82M": ("af_alloy", "af_bella", "af_heart", "am_adam"),
}


def list_voices(request: Request) -> Reply:
    """Return the voices of each speech model, or of the one in the query."""
    wanted = request.query.get("model")
    data = [
        {"model": model, "voices": [{"id": voice, "name": voice} for voice in voices]}
        for model, voices in _VOICES.items()
        if wanted in {None, model}
    ]
    return json_reply({"data": data})


def create_speech(request: Request) -> Reply:
    """Speak a text: a WAV, bare samples, or a stream of samples."""
    parameters = Parameters.parse(request.body)
    model, text, voice = parameters.text("model"), parameters.text("input"), parameters.text("voice")
    if len(text) > _LONGEST_INPUT:
        raise invalid("input", f"`input` has {len(text)} characters: send at most {_LONGEST_INPUT}.")
    audio_format = parameters.choice("response_format", {"wav", "raw", "mp3"}, "wav")
    _refuse_other_formats(parameters, audio_format)
    rate = parameters.integer("sample_rate", minimum=8_000, maximum=48_000) or _DEFAULT_RATE
    spoken = _spoken(text, voice, rate)
    if parameters.flag("stream"):
        return event_reply(
            {"object": "audio.tts.chunk", "model": model, "b64": b64encode(part).decode()} for part in spoken
        )
    samples = b"".join(spoken)
    if audio_format == "raw":
        return Reply(200, {"content-type": f"audio/pcm;rate={rate};encoding=s16le"}, samples)
    return Reply(200, {"content-type": "audio/wav"}, wrap_wave(samples, rate, comment=text))


def _refuse_other_formats(parameters: Parameters, audio_format: str) -> None:
    if audio_format == "mp3":
        message = "The emulator speaks WAV and bare samples only: set `response_format` to 'wav' or 'raw'."
        raise invalid("response_format", message, code="not_emulated")
    known = {"pcm_s16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"}
    if parameters.choice("response_encoding", known, "pcm_s16le") != "pcm_s16le":
        message = "The emulator's samples are 16 bit: leave `response_encoding` out or set it to 'pcm_s16le'."
        raise invalid("response_encoding", message, code="not_emulated")


def _spoken(text: str, voice: str, rate: int) -> Iterator[bytes]:
    """Yield the samples of each word, with the pause after it."""
    pause = bytes(2 * int(rate * _GAP_SECONDS))
    base = 110 + crc32(voice.encode()) % 90
    for word in text.split():
        pitch = base * 2 ** (crc32(word.encode()) % 12 / 12)
        length = int(rate * _SECONDS_PER_LETTER * min(max(len(word), 2), 12))
        yield _tone(round(rate / pitch), length, rate) + pause


@lru_cache(maxsize=256)
def _tone(period: int, length: int, rate: int) -> bytes:
    """Return a tone of whole periods: one is computed and repeated, only the two ends are faded."""
    wave = [math.sin(2 * math.pi * step / period) for step in range(period)]
    overtone = [math.sin(4 * math.pi * step / period) for step in range(period)]
    cycle = array("h", (int(_LOUDNESS * (a + b / 3)) for a, b in zip(wave, overtone, strict=True)))
    samples = (cycle * (length // period + 1))[:length]
    fade = min(int(rate * _FADE_SECONDS), length // 2)
    for step in range(fade):
        samples[step] = samples[step] * step // fade
        samples[-1 - step] = samples[-1 - step] * step // fade
    return struct.pack(f"<{length}h", *samples)
