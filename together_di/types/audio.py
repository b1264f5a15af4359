"""Types of `client.audio`: https://docs.together.ai/reference/audio-speech."""

from typing import Literal, TypeAlias, TypedDict

from .._sentinels import NotGiven
from ..request import RequestOptions
from ._base import BaseModel

__all__ = [
    "AudioSpeechStreamChunk",
    "SpeakerSegment",
    "SpeechCreateParams",
    "SpeechExtraParams",
    "Transcription",
    "TranscriptionCreateResponse",
    "TranscriptionSegment",
    "TranscriptionVerbose",
    "TranscriptionWord",
    "Translation",
    "TranslationCreateResponse",
    "TranslationVerbose",
    "Voice",
    "VoiceListResponse",
    "VoicesOfModel",
]


class AudioSpeechStreamChunk(BaseModel):
    """A piece of streamed speech: raw samples, base64 encoded."""

    b64: str
    model: str
    object: Literal["audio.tts.chunk"]


class TranscriptionSegment(BaseModel):
    """A stretch of text; times in seconds."""

    id: int
    start: float
    end: float
    text: str


class TranscriptionWord(BaseModel):
    """A word; times in seconds."""

    word: str
    start: float
    end: float
    speaker_id: str | None = None


class SpeakerSegment(BaseModel):
    """What one speaker said at a stretch; times in seconds."""

    id: int
    speaker_id: str
    start: float
    end: float
    text: str
    words: list[TranscriptionWord]


class Transcription(BaseModel):
    """The text of a recording."""

    text: str


class TranscriptionVerbose(BaseModel):
    """The text of a recording, with times in seconds: `response_format="verbose_json"`."""

    text: str
    duration: float
    language: str
    segments: list[TranscriptionSegment]
    words: list[TranscriptionWord] | None = None
    speaker_segments: list[SpeakerSegment] | None = None


TranscriptionCreateResponse: TypeAlias = Transcription | TranscriptionVerbose


class Translation(BaseModel):
    """The text of a recording, in English."""

    text: str


class TranslationVerbose(BaseModel):
    """The text of a recording, in English, with times in seconds: `response_format="verbose_json"`."""

    text: str
    duration: float
    language: str
    segments: list[TranscriptionSegment]
    words: list[TranscriptionWord] | None = None


TranslationCreateResponse: TypeAlias = Translation | TranslationVerbose


class Voice(BaseModel):
    """A voice that speech can have."""

    id: str
    name: str


class VoicesOfModel(BaseModel):
    """The voices of one model."""

    model: str
    voices: list[Voice]


class VoiceListResponse(BaseModel):
    """The answer to `audio.voices.list`."""

    data: list[VoicesOfModel]


class SpeechExtraParams(TypedDict, total=False):
    """What only some models take."""

    pronunciation_dict: list[str]


class _Required(TypedDict):
    input: str
    model: str
    voice: str


class SpeechCreateParams(_Required, RequestOptions, total=False):
    """Arguments of `audio.speech.create`."""

    bit_rate: Literal[32000, 64000, 96000, 128000, 192000] | NotGiven
    extra_params: SpeechExtraParams | NotGiven
    language: str | NotGiven
    response_encoding: Literal["pcm_f32le", "pcm_s16le", "pcm_mulaw", "pcm_alaw"] | NotGiven
    response_format: Literal["mp3", "wav", "raw"] | NotGiven
    sample_rate: int | NotGiven
