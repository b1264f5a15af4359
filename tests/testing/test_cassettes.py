"""Real calls, recorded into a file and given again when nobody is there any more to answer them."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from together_di import (
    APIConnectionError,
    AsyncTogether,
    NotFoundError,
    RateLimitError,
    Together,
    TogetherError,
)
from together_di.emulator import EmulatorServer
from together_di.testing import CassetteError, FakeTogether, UnusedRecordingWarning, cassette
from together_di.testing.tape import fits, written

from ..core.support.events import DONE, chunk, events, texts
from ..core.support.http_server import HTTPServer, answer, chunked, message, raw, then_hang_up
from ..core.support.sides import KEY, completion, list_files

QUESTION: Any = {"model": "m", "messages": [{"role": "user", "content": "Tell me of llamas. They are tall."}]}

LAST_LINE = (
    "If the program is right, record it again with the real API at hand: pytest --together-record=all, or "
    "cassette(..., record='all')."
)

Work = Callable[[Any], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tapes" / "calls.json"


def recorded(path: Path, work: Work) -> Any:
    """What `work` gives with a client of a real server, which is gone afterwards; its calls are recorded."""
    with EmulatorServer() as server, Together(api_key=KEY, base_url=server.url) as client, cassette(path, record="all"):
        return work(client)


def recorded_from(server: HTTPServer, path: Path, work: Work) -> Any:
    """The same with a server of the test's own."""
    with server, Together(api_key=KEY, base_url=server.url, max_retries=2) as client, cassette(path, record="all"):
        return work(client)


def replayed(path: Path, work: Work) -> Any:
    """What `work` gives from the file, with a client that has no key."""
    with cassette(path):
        return work(Together())


def ask(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(**{**QUESTION, **more})


def embed(client: Any, text: str = "a") -> Any:
    return client.embeddings.create(model="m", input=text).data[0].embedding


def calls_in(path: Path) -> Any:
    return json.loads(path.read_text())["calls"]


def test_an_answer_is_given_again(path: Path) -> None:
    assert recorded(path, ask) == replayed(path, ask)


def test_a_stream_is_given_again_chunk_by_chunk(path: Path) -> None:
    first = recorded(path, lambda client: list(ask(client, stream=True)))
    again = replayed(path, lambda client: list(ask(client, stream=True)))
    assert first == again
    assert len(again) > 3


@pytest.mark.parametrize("transport", ["httpx", "aiohttp"])
def test_async_clients_are_recorded_and_answered_too(path: Path, transport: str) -> None:
    async def work(client: AsyncTogether) -> list[Any]:
        stream = await ask(client, stream=True)
        return [await ask(client), await embed_async(client), [chunk async for chunk in stream]]

    async def embed_async(client: AsyncTogether) -> Any:
        return await client.embeddings.create(model="m", input="a")

    async def record(url: str) -> Any:
        async with AsyncTogether(api_key=KEY, base_url=url, transport=transport) as client:
            return await work(client)

    with EmulatorServer() as server, cassette(path, record="all"):
        first = asyncio.run(record(server.url))
    with cassette(path):
        assert asyncio.run(work(AsyncTogether())) == first


def test_what_one_kind_of_client_recorded_answers_the_other(path: Path) -> None:
    first = recorded(path, ask)
    with cassette(path):
        assert asyncio.run(ask(AsyncTogether())) == first


def test_sound_comes_back_byte_by_byte(path: Path) -> None:
    def speak(client: Together) -> bytes:
        return client.audio.speech.create(model="m", input="Hello", voice="v").read()

    sound = recorded(path, speak)
    assert sound.startswith(b"RIFF")
    assert replayed(path, speak) == sound


def test_an_upload_and_its_bytes_are_given_again(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_bytes(b'{"text":  "a"}\n')

    def upload(client: Together) -> tuple[Any, bytes]:
        stored = client.files.upload(file)
        return stored, client.files.content(stored.id).read()

    stored, content = recorded(path, upload)
    assert content == b'{"text":  "a"}\n'
    assert replayed(path, upload) == (stored, content)


def test_a_form_is_known_by_its_fields_and_its_files(path: Path) -> None:
    sound = recorded(path, lambda client: client.audio.speech.create(model="m", input="Hello", voice="v").read())

    def transcribe(client: Together, data: bytes = sound) -> str:
        return client.audio.transcriptions.create(model="m", file=("a.wav", data)).text

    assert recorded(path, transcribe) == replayed(path, transcribe)
    with pytest.raises(CassetteError, match="sha256"):
        replayed(path, lambda client: transcribe(client, sound + b"\0"))


def test_a_picture_in_a_question_is_known_by_its_digest(path: Path) -> None:
    def look(client: Together, letter: str = "A") -> Any:
        part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{letter * 1000}"}}
        return ask(client, messages=[{"role": "user", "content": [part]}])

    assert recorded(path, look) == replayed(path, look)
    assert "AAAA" not in path.read_text()
    with pytest.raises(CassetteError):
        replayed(path, lambda client: look(client, "B"))


def test_a_refusal_is_given_again_and_so_is_what_came_after_it(path: Path) -> None:
    refusal = answer({"error": {"message": "Slow down", "code": "busy"}}, status=429, retry_after="0")
    recorded_from(HTTPServer(refusal, answer(completion("Hello"))), path, ask)
    with cassette(path) as fake:
        assert ask(Together()).choices[0].message.content == "Hello"
        assert [call.status for call in fake.calls] == [429, 200]
    with pytest.raises(RateLimitError, match="Slow down"), cassette(path):
        ask(Together(max_retries=0))


def test_an_error_of_the_api_is_no_reason_not_to_record(path: Path) -> None:
    def lost(client: Together) -> str:
        with pytest.raises(NotFoundError) as caught:
            client.files.retrieve("file-none")
        return str(caught.value)

    assert recorded(path, lost) == replayed(path, lost)


def test_calls_are_recorded_by_the_fake_both_times(path: Path) -> None:
    with EmulatorServer() as server, cassette(path, record="all") as fake:
        client = Together(api_key=KEY, base_url=server.url)
        ask(client)
        list(ask(client, stream=True))
    first = fake.calls
    with cassette(path) as again:
        ask(Together())
        list(ask(Together(), stream=True))
        again.chat.completions.create.assert_called_with(stream=True)
    for calls in (first, again.calls):
        assert [call.name for call in calls] == ["chat.completions.create"] * 2
        assert [call.status for call in calls] == [200, 200]
        assert calls[0].response["object"] == "chat.completion"
    assert KEY not in repr(first)


def test_a_file_holds_each_event_of_a_stream_on_its_line(path: Path) -> None:
    recorded_from(
        HTTPServer(raw(chunked(events("Bon", "jour"), DONE))), path, lambda client: list(ask(client, stream=1))
    )
    lines = [line.strip() for line in path.read_text().splitlines()]
    assert [line for line in lines if "Bon" in line or "jour" in line or "DONE" in line] == [
        json.dumps(json.loads(chunk(text)[6:])) + "," for text in ("Bon", "jour")
    ] + ['"[DONE]"']


def test_a_file_holds_a_vector_on_one_line(path: Path) -> None:
    vector = recorded(path, embed)
    assert any(json.dumps(vector) in line for line in path.read_text().splitlines())
    assert replayed(path, embed) == vector


def test_a_file_says_what_was_asked_and_no_more_of_the_headers_than_counts(path: Path) -> None:
    recorded(path, list_files)
    (call,) = calls_in(path)
    assert call["request"]["method"] == "GET"
    assert call["request"]["url"].endswith("/v1/files")
    assert call["request"].keys() == {"method", "url"}
    assert call["response"]["headers"].keys() == {"content-type", "x-request-id"}


def test_a_compressed_answer_is_kept_readable(path: Path) -> None:
    packed = gzip.compress(json.dumps(completion("Hello")).encode())
    server = HTTPServer(raw(message(packed, headers={"Content-Encoding": "gzip"})))
    assert recorded_from(server, path, ask).choices[0].message.content == "Hello"
    assert calls_in(path)[0]["response"]["json"] == completion("Hello")
    assert replayed(path, ask).choices[0].message.content == "Hello"


def test_named_events_and_texts_are_given_again(path: Path) -> None:
    stream = chunked(events("a"), b"event: note\ndata: one\ndata: two\n\n", DONE)

    def read(client: Together) -> bytes:
        with client.chat.completions.with_streaming_response.create(**QUESTION, stream=True) as response:
            return b"".join(response.iter_bytes())

    recorded_from(HTTPServer(raw(stream)), path, read)
    assert replayed(path, read) == events("a") + b"event: note\ndata: one\ndata: two\n\n" + DONE


def test_a_stream_that_broke_off_breaks_off_again(path: Path) -> None:
    def read(client: Together) -> list[str]:
        stream = ask(client, stream=True)
        chunks = [next(stream), next(stream)]
        with pytest.raises(APIConnectionError):
            next(stream)
        return texts(chunks)

    recorded_from(HTTPServer(then_hang_up(chunked(events("a", "b"), end=False))), path, read)
    assert replayed(path, read) == ["a", "b"]


def test_a_stream_that_was_left_early_can_be_left_there_again(path: Path) -> None:
    def first(client: Together) -> Any:
        with ask(client, stream=True) as stream:
            return next(stream)

    server = HTTPServer(raw(chunked(events("a"), end=False)))
    recorded_from(server, path, first)
    assert texts([replayed(path, first)]) == ["a"]
    with pytest.raises(APIConnectionError, match="recording of this answer ends here"):
        replayed(path, lambda client: list(ask(client, stream=True)))


def test_the_same_call_is_answered_in_the_order_of_the_recordings(path: Path) -> None:
    def twice(client: Together) -> list[Any]:
        return [ask(client).choices[0].message.content for _ in range(2)]

    recorded_from(HTTPServer(answer(completion("one")), answer(completion("two"))), path, twice)
    assert replayed(path, twice) == ["one", "two"]


def test_different_calls_may_come_in_another_order(path: Path) -> None:
    first = recorded(path, lambda client: [embed(client, "a"), embed(client, "b")])
    assert replayed(path, lambda client: [embed(client, "b"), embed(client, "a")]) == first[::-1]


def test_threads_share_a_cassette(path: Path) -> None:
    words = [str(number) for number in range(8)]
    first = recorded(path, lambda client: {word: embed(client, word) for word in words})
    found: dict[str, Any] = {}
    with cassette(path):
        client = Together()
        threads = [Thread(target=lambda word=word: found.update({word: embed(client, word)})) for word in words]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == first


def test_the_query_counts_and_the_host_does_not(path: Path) -> None:
    def models(client: Together, kind: str) -> Any:
        return client.with_options(default_query={"kind": kind}).files.list()

    recorded(path, lambda client: models(client, "chat"))
    replayed(path, lambda client: models(client, "chat"))
    with pytest.raises(CassetteError):
        replayed(path, lambda client: models(client, "image"))


def test_a_miss_shows_the_call_the_nearest_recording_and_how_to_record(path: Path) -> None:
    recorded(path, lambda client: [embed(client), ask(client, temperature=0)])
    with pytest.raises(CassetteError) as caught:
        replayed(path, lambda client: [embed(client), ask(client, temperature=1)])
    assert str(caught.value).splitlines() == [
        f"{path} has no answer to this call (1 of 2 used):",
        "  POST https://api.together.ai/v1/chat/completions",
        "The nearest is call 2:",
        "(- recorded, + asked)",
        "       }",
        "     ]",
        '-    "temperature": 0',
        '+    "temperature": 1',
        "   }",
        " }",
        LAST_LINE,
    ]


def test_a_call_made_more_often_than_recorded_is_a_miss(path: Path) -> None:
    recorded(path, ask)
    with pytest.raises(CassetteError, match="Call 1 is the same, and has been used"):
        replayed(path, lambda client: [ask(client), ask(client)])


def test_a_miss_is_no_failure_of_the_api(path: Path) -> None:
    recorded(path, ask)
    with pytest.raises(CassetteError) as caught:
        replayed(path, embed)
    assert not isinstance(caught.value, TogetherError)


def test_recordings_that_were_not_used_are_told(path: Path) -> None:
    recorded(path, lambda client: [embed(client), ask(client)])
    with pytest.warns(UnusedRecordingWarning, match=r"not asked for this time:\s+POST http://.*/v1/embeddings\n"):
        replayed(path, ask)


def test_after_a_failure_unused_recordings_are_not_what_matters(path: Path) -> None:
    recorded(path, lambda client: [embed(client), ask(client)])
    with pytest.raises(ZeroDivisionError), cassette(path):
        raise ZeroDivisionError


def test_a_missing_cassette_says_how_to_record_it(path: Path) -> None:
    with pytest.raises(CassetteError, match=r"There is no cassette .*calls\.json\. Record it .*--together-record"):
        replayed(path, ask)


def test_what_may_be_recorded_must_be_spelt_right(path: Path) -> None:
    mode: Any = "always"
    with pytest.raises(ValueError, match="record='always' is unknown; write one of"), cassette(path, record=mode):
        pass


@pytest.mark.parametrize("content", ["", "[]", "<<<<<<< HEAD", '{"calls": [{"request": {}}]}', '{"calls": 3}'])
def test_a_file_that_is_no_cassette_is_named(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(CassetteError, match=r"calls\.json is no cassette"):
        replayed(path, ask)


def test_a_block_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    recorded(path, ask)
    before = path.read_bytes()

    def fail(client: Together) -> None:
        embed(client)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        recorded(path, fail)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_file_is_replaced_as_a_whole_and_not_written_over(path: Path) -> None:
    recorded(path, ask)
    same = path.with_name("same.json")
    same.hardlink_to(path)
    before = path.read_bytes()
    recorded(path, embed)
    assert same.read_bytes() == before != path.read_bytes()


def test_once_records_only_what_is_not_there(path: Path) -> None:
    with EmulatorServer() as server, cassette(path, record="once"):
        first = ask(Together(api_key=KEY, base_url=server.url))
    with cassette(path, record="once"):
        assert ask(Together()) == first


def test_what_the_script_says_comes_first_and_is_not_recorded(path: Path) -> None:
    def work(client: Together, fake: FakeTogether) -> Any:
        fake.embeddings.create.returns([[1.0]])
        return embed(client), ask(client)

    with EmulatorServer() as server, cassette(path, record="all") as fake:
        first = work(Together(api_key=KEY, base_url=server.url), fake)
    assert len(calls_in(path)) == 1
    with cassette(path) as fake:
        assert work(Together(), fake) == first


def test_a_fake_plays_but_has_nothing_to_record(path: Path) -> None:
    first = recorded(path, ask)
    with cassette(path) as fake:
        assert ask(fake) == first
    with pytest.raises(CassetteError, match="a FakeTogether reaches no API"), cassette(path, record="all") as fake:
        ask(fake)


def test_what_the_emulator_makes_up_is_not_recorded(path: Path) -> None:
    with pytest.raises(CassetteError, match="unset TOGETHER_TRANSPORT"), cassette(path, record="all"):
        ask(Together(transport="embedded"))
    assert not path.exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(JSON)
def test_whatever_is_written_can_be_read_again(value: Any) -> None:
    assert json.loads(written({"events": [value], "body": value}).encode()) == {"events": [value], "body": value}


@given(JSON)
def test_everything_fits_itself(value: Any) -> None:
    assert fits(value, value)
