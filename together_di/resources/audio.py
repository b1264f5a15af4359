"""`client.audio`: https://docs.together.ai/reference/audio-speech."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._sentinels import NotGiven, not_given
from ..endpoint import binary, get, post
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..engine import Engine
    from ..multipart import FileTypes
    from ..request import RequestOptions
    from ..response import BinaryAPIResponse
    from ..types.audio import (
        AudioSpeechStreamChunk,
        SpeechCreateParams,
        Transcription,
        TranscriptionVerbose,
        Translation,
        TranslationVerbose,
        VoiceListResponse,
    )

    Granularity = Literal["segment", "word"]

FILE = frozenset({"file"})


class Speech(Resource[M]):
    """Text, spoken."""

    name = "audio.speech"
    with_raw_response: Speech[Raw[M]]
    with_streaming_response: Speech[Streamed[M]]

    @binary("POST", "/v1/audio/speech", accept="application/octet-stream")
    def _create(self, *, stream: Literal[False] = False, **params: Unpack[SpeechCreateParams]) -> BinaryAPIResponse:
        """Speak a text.

        Args:
            input: The text.
            model: The model's name.
            voice: Which of the model's voices; `audio.voices.list()` has them.
            stream: Give the sound in chunks of raw samples as it is made.
            response_format: `"wav"`, `"mp3"` or `"raw"`; only `"raw"` with `stream=True`.
            response_encoding: How raw samples are written.
            sample_rate: In samples a second.
            bit_rate: Of mp3, in bits a second.
            language: The language of the text, such as `"en"`.
            extra_params: What only some models take.

        Returns:
            The sound: `write_to_file(path)` or `read()`; with `stream=True` a `Stream` of `AudioSpeechStreamChunk`.
        """
        ...

    @_create.streaming
    def create(self, *, stream: Literal[True], **params: Unpack[SpeechCreateParams]) -> AudioSpeechStreamChunk:
        """The same in chunks."""
        ...


class Transcriptions(Resource[M]):
    """Speech, written down."""

    name = "audio.transcriptions"
    with_raw_response: Transcriptions[Raw[M]]
    with_streaming_response: Transcriptions[Streamed[M]]

    @post("/v1/audio/transcriptions", form=FILE)
    def create(
        self,
        *,
        file: FileTypes | str,
        diarize: bool | NotGiven = not_given,
        language: str | NotGiven = not_given,
        max_speakers: int | NotGiven = not_given,
        min_speakers: int | NotGiven = not_given,
        model: str | NotGiven = not_given,
        prompt: str | NotGiven = not_given,
        response_format: Literal["json", "verbose_json"] | NotGiven = not_given,
        temperature: float | NotGiven = not_given,
        timestamp_granularities: Granularity | list[Granularity] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> TranscriptionVerbose | Transcription:
        """Write down what is said in a recording.

        Args:
            file: The recording: a path, bytes, a binary file, `(name, content)`, or the URL of one.
            model: The model's name.
            language: The language spoken, such as `"en"`.
            prompt: Words that may come up.
            response_format: `"verbose_json"` for times as well.
            timestamp_granularities: Times of `"segment"`, `"word"` or both.
            diarize: Tell speakers apart.
            min_speakers: How many speakers there are at least.
            max_speakers: How many speakers there are at most.
            temperature: 0 for the likeliest words.

        Returns:
            The text; with `response_format="verbose_json"` a `TranscriptionVerbose`.

        Raises:
            OSError: The file cannot be read; nothing was sent.
        """
        ...


class Translations(Resource[M]):
    """Speech, written down in English."""

    name = "audio.translations"
    with_raw_response: Translations[Raw[M]]
    with_streaming_response: Translations[Streamed[M]]

    @post("/v1/audio/translations", form=FILE)
    def create(
        self,
        *,
        file: FileTypes | str,
        language: str | NotGiven = not_given,
        model: str | NotGiven = not_given,
        prompt: str | NotGiven = not_given,
        response_format: Literal["json", "verbose_json"] | NotGiven = not_given,
        temperature: float | NotGiven = not_given,
        timestamp_granularities: Granularity | list[Granularity] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> TranslationVerbose | Translation:
        """Write down in English what is said in a recording.

        Args:
            file: The recording: a path, bytes, a binary file, `(name, content)`, or the URL of one.
            model: The model's name.
            language: The language to write in.
            prompt: Words that may come up.
            response_format: `"verbose_json"` for times as well.
            timestamp_granularities: Times of `"segment"`, `"word"` or both.
            temperature: 0 for the likeliest words.

        Returns:
            The text; with `response_format="verbose_json"` a `TranslationVerbose`.

        Raises:
            OSError: The file cannot be read; nothing was sent.
        """
        ...


class Voices(Resource[M]):
    """Voices that speech can have."""

    name = "audio.voices"
    with_raw_response: Voices[Raw[M]]
    with_streaming_response: Voices[Streamed[M]]

    @get("/v1/voices")
    def list(self, **options: Unpack[RequestOptions]) -> VoiceListResponse:
        """The voices of every model that speaks."""
        ...


class Audio(Resource[M]):
    """Speech and hearing."""

    name = "audio"
    with_raw_response: Audio[Raw[M]]
    with_streaming_response: Audio[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.speech: Speech[M] = Speech(engine)
        self.transcriptions: Transcriptions[M] = Transcriptions(engine)
        self.translations: Translations[M] = Translations(engine)
        self.voices: Voices[M] = Voices(engine)
