from __future__ import annotations

import io
import json
import wave
from base64 import b64decode
from typing import Any

import pytest

from tests.core.emulator.conftest import Api, body_of

SPEECH = "/v1/audio/speech"
TRANSCRIPTIONS = "/v1/audio/transcriptions"
TEXT = "Grüezi mitenand. How are you?"


def speak(api: Api, **params: object) -> bytes:
    body = json.dumps({"model": "m", "voice": "tara", "input": TEXT, **params}).encode()
    return body_of(api.send("POST", SPEECH, body))


def transcribe(api: Api, audio: bytes, **fields: str) -> Any:
    return api.json(api.form(TRANSCRIPTIONS, fields, ("speech.wav", audio)))


@pytest.mark.parametrize(("params", "rate"), [({}, 24_000), ({"sample_rate": 16_000}, 16_000)])
def test_speech_is_a_mono_16_bit_wave_file(api: Api, params: dict[str, object], rate: int) -> None:
    with wave.open(io.BytesIO(speak(api, **params))) as audio:
        assert (audio.getnchannels(), audio.getsampwidth(), audio.getframerate()) == (1, 2, rate)
        assert 1 < audio.getnframes() / rate < 5
        assert len(set(audio.readframes(2000))) > 20


def test_raw_speech_is_the_samples_of_the_wave_file(api: Api) -> None:
    with wave.open(io.BytesIO(speak(api))) as audio:
        assert speak(api, response_format="raw") == audio.readframes(audio.getnframes())


def test_voices_sound_different(api: Api) -> None:
    assert speak(api, voice="tara") == speak(Api(), voice="tara") != speak(api, voice="leo")


def test_streamed_speech_adds_up_to_the_raw_samples(api: Api) -> None:
    chunks = api.stream(SPEECH, model="m", voice="tara", input=TEXT)
    assert b"".join(b64decode(chunk["b64"]) for chunk in chunks) == speak(api, response_format="raw")
    assert {(chunk["object"], chunk["model"]) for chunk in chunks} == {("audio.tts.chunk", "m")}


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"response_format": "mp3"}, "response_format"),
        ({"response_encoding": "pcm_alaw"}, "response_encoding"),
        ({"sample_rate": 10}, "sample_rate"),
        ({"voice": None}, "voice"),
        ({"input": ""}, "input"),
    ],
)
def test_speech_refuses_a_value_and_names_the_parameter(api: Api, params: dict[str, object], param: str) -> None:
    assert api.refused(SPEECH, **{"model": "m", "voice": "v", "input": "Hi", **params})["param"] == param


def test_the_emulators_own_speech_is_understood(api: Api) -> None:
    assert transcribe(api, speak(api)) == {"text": TEXT}


def test_other_audio_gets_a_sentence_with_its_name_and_size(api: Api) -> None:
    reply = api.json(api.form(TRANSCRIPTIONS, {}, ("réunion.mp3", b"12345")))
    assert "réunion.mp3" in reply["text"]
    assert "5 bytes" in reply["text"]


def test_a_url_may_stand_for_the_file(api: Api) -> None:
    reply = api.json(api.form(TRANSCRIPTIONS, {"file": "https://example.com/a.mp3"}))
    assert "https://example.com/a.mp3" in reply["text"]


def test_verbose_json_times_segments_and_words(api: Api) -> None:
    fields = {"response_format": "verbose_json", "timestamp_granularities[]": "word", "language": "de"}
    reply = transcribe(api, speak(api), **fields)
    with wave.open(io.BytesIO(speak(api))) as audio:
        seconds = audio.getnframes() / audio.getframerate()
    assert abs(reply["duration"] - seconds) < 0.001
    assert (reply["language"], reply["task"]) == ("de", "transcribe")
    assert [segment["text"] for segment in reply["segments"]] == ["Grüezi mitenand.", "How are you?"]
    assert [word["word"] for word in reply["words"]] == TEXT.split()
    assert reply["words"][-1]["end"] == reply["duration"]


def test_diarize_names_the_one_speaker(api: Api) -> None:
    reply = transcribe(api, speak(api), response_format="verbose_json", diarize="true")
    assert {word["speaker_id"] for word in reply["speaker_segments"][0]["words"]} == {"SPEAKER_00"}


def test_a_translation_is_in_english(api: Api) -> None:
    fields = {"response_format": "verbose_json", "language": "de"}
    reply = api.json(api.form("/v1/audio/translations", fields, ("speech.wav", speak(api))))
    assert (reply["language"], reply["task"]) == ("en", "translate")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "srt"}, "response_format"),
        ({"temperature": "2"}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"timestamp_granularities": "letter"}, "timestamp_granularities"),
    ],
)
def test_transcription_refuses_a_value(api: Api, fields: dict[str, str], param: str) -> None:
    reply = api.form(TRANSCRIPTIONS, fields, ("a.wav", b"x"))
    assert (reply.status, api.json(reply)["error"]["param"]) == (400, param)


def test_transcription_needs_a_file(api: Api) -> None:
    reply = api.form(TRANSCRIPTIONS, {})
    assert (reply.status, api.json(reply)["error"]["param"]) == (400, "file")


def test_a_cut_off_wave_file_is_no_error(api: Api) -> None:
    assert "text" in transcribe(api, speak(api)[:30])


def test_voices_can_be_filtered_by_model(api: Api) -> None:
    everything = api.get("/v1/voices")["data"]
    one = api.get("/v1/voices?model=cartesia/sonic")["data"]
    assert len(everything) > 1
    assert [entry["model"] for entry in one] == ["cartesia/sonic"]
    assert set(one[0]["voices"][0]) == {"id", "name"}
