"""Files in forms: how they are sent, and where their bytes are read."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import os
import threading
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from together_di import AsyncTogether

from .support.http_server import HTTPServer, Received, answer, redirect
from .support.sides import KEY, AsyncSide, OpenSide, both_sides
from .support.training_file import LINES

TEXT = answer({"text": "Good morning."})

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "grüße.wav"
    path.write_bytes(b"RIFF" + bytes(range(256)) * 20)
    return path


def form(request: Received) -> dict[str, EmailMessage]:
    """The parts of a form by name, read by Python's own MIME parser."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    whole = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    assert isinstance(whole, EmailMessage)
    assert not whole.defects
    parts: dict[str, EmailMessage] = {}
    for part in whole.iter_parts():
        assert isinstance(part, EmailMessage)
        parts[str(part["content-disposition"].params["name"])] = part
    return parts


def content(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


def transcribe(file: Any, **more: Any) -> Callable[[Any], Any]:
    return lambda client: client.audio.transcriptions.create(file=file, model="m", **more)


@both_sides
def test_a_path_is_sent_with_its_name_and_type(open_side: OpenSide, recording: Path) -> None:
    with HTTPServer(TEXT) as server, open_side(server.url) as side:
        result = side.call(transcribe(recording, language="de", temperature=0.5, diarize=True))
    assert result.text == "Good morning."
    parts = form(server.requests[0])
    assert content(parts["file"]) == recording.read_bytes()
    assert parts["file"].get_content_type() in {"audio/x-wav", "audio/wav", "audio/vnd.wave"}
    assert {name: content(part).decode() for name, part in parts.items() if name != "file"} == {
        "model": "m",
        "language": "de",
        "temperature": "0.5",
        "diarize": "true",
    }
    assert 'filename="grüße.wav"'.encode() in server.requests[0].body


@both_sides
def test_text_that_names_a_file_is_a_path(open_side: OpenSide, recording: Path) -> None:
    with HTTPServer(TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(str(recording)))
    assert content(form(server.requests[0])["file"]) == recording.read_bytes()


@both_sides
def test_bytes_are_sent_as_they_are(open_side: OpenSide) -> None:
    with HTTPServer(TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(b"\x00\r\n--\xff"))
    assert content(form(server.requests[0])["file"]) == b"\x00\r\n--\xff"


@both_sides
def test_a_file_is_sent_from_where_it_stands_and_stays_open(open_side: OpenSide, recording: Path) -> None:
    with recording.open("rb") as file, HTTPServer(TEXT) as server, open_side(server.url) as side:
        file.seek(100)
        side.call(transcribe(file))
        assert not file.closed
    assert content(form(server.requests[0])["file"]) == recording.read_bytes()[100:]


@both_sides
@pytest.mark.parametrize(
    ("file", "name", "kind"),
    [
        (("talk.mp3", b"abc"), "talk.mp3", "audio/mpeg"),
        (("talk", b"abc", "audio/flac"), "talk", "audio/flac"),
        (("talk.mp3", b"abc", None), "talk.mp3", "audio/mpeg"),
        ((None, b"abc"), "upload", "application/octet-stream"),
    ],
)
def test_a_tuple_names_the_file_and_its_type(open_side: OpenSide, file: Any, name: str, kind: str) -> None:
    with HTTPServer(TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(file))
    part = form(server.requests[0])["file"]
    assert (part.get_filename(), part.get_content_type(), content(part)) == (name, kind, b"abc")


@both_sides
def test_a_name_cannot_break_out_of_its_header(open_side: OpenSide) -> None:
    with HTTPServer(TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(('a"\r\nX-Evil: 1\r\n\r\n.wav', b"abc")))
    part = form(server.requests[0])["file"]
    assert content(part) == b"abc"
    assert part["x-evil"] is None


@both_sides
def test_a_url_is_sent_as_a_field(open_side: OpenSide) -> None:
    with HTTPServer(TEXT) as server, open_side(server.url) as side:
        side.call(transcribe("https://example.test/talk.mp3"))
    part = form(server.requests[0])["file"]
    assert (part.get_filename(), content(part)) == (None, b"https://example.test/talk.mp3")


@both_sides
def test_the_size_is_announced_exactly(open_side: OpenSide, training: Path) -> None:
    with HTTPServer(TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(training))
    assert int(server.requests[0].headers["content-length"]) == len(server.requests[0].body)
    assert "transfer-encoding" not in server.requests[0].headers


@both_sides
def test_a_form_is_sent_again_whole_and_with_the_same_idempotency_key(open_side: OpenSide, training: Path) -> None:
    with training.open("rb") as file, HTTPServer(answer({}, 503), TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(file))
    first, second = server.requests
    assert first.body == second.body
    assert content(form(second)["file"]) == LINES
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@both_sides
def test_a_missing_file_raises_before_anything_is_sent(open_side: OpenSide) -> None:
    with (
        HTTPServer() as server,
        open_side(server.url) as side,
        pytest.raises(FileNotFoundError, match=r"audio\.transcriptions\.create\(\): file='nowhere\.wav'"),
    ):
        side.call(transcribe("nowhere.wav"))
    assert server.connections == 0


@both_sides
def test_a_text_file_raises_before_anything_is_sent(open_side: OpenSide) -> None:
    with HTTPServer() as server, open_side(server.url) as side, pytest.raises(TypeError, match="binary mode"):
        side.call(transcribe(io.StringIO("abc")))
    assert server.connections == 0


class Pipe(io.RawIOBase):
    """A file that can be read only once."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(buffer)


@both_sides
def test_a_pipe_is_sent_whole_and_can_be_sent_again(open_side: OpenSide) -> None:
    with HTTPServer(answer({}, 503), TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(Pipe(LINES)))
    assert [content(form(request)["file"]) for request in server.requests] == [LINES, LINES]


@both_sides
def test_a_real_pipe_is_sent_whole(open_side: OpenSide) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(b"abc" * 100)
    with os.fdopen(reading, "rb") as file, HTTPServer(TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(file))
    assert content(form(server.requests[0])["file"]) == b"abc" * 100


@both_sides
def test_a_redirected_form_is_sent_whole_on_the_same_host(open_side: OpenSide, training: Path) -> None:
    with HTTPServer(redirect("/other", 307), TEXT) as server, open_side(server.url) as side:
        side.call(transcribe(training))
    assert content(form(server.requests[1])["file"]) == LINES


# Where the bytes are read


class Watched(io.BytesIO):
    """A file that remembers which threads have read from it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.readers: set[int] = set()

    def read(self, size: int | None = -1, /) -> bytes:
        if size:
            self.readers.add(threading.get_ident())
        return super().read(size)


def test_an_async_form_is_read_in_a_worker_thread() -> None:
    file = Watched(LINES)
    with HTTPServer(TEXT) as server, AsyncSide(server.url) as side:
        side.call(transcribe(file))
    assert file.readers
    assert threading.get_ident() not in file.readers


class WatchedPipe(Pipe):
    """A pipe that remembers which threads have read from it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.readers: set[int] = set()

    def readinto(self, buffer: Any) -> int:
        if len(buffer):
            self.readers.add(threading.get_ident())
        return super().readinto(buffer)


def test_an_async_form_reads_a_pipe_in_a_worker_thread() -> None:
    file = WatchedPipe(b"abc")
    with HTTPServer(TEXT) as server, AsyncSide(server.url) as side:
        side.call(transcribe(file))
    assert file.readers
    assert threading.get_ident() not in file.readers


def test_the_loop_goes_on_while_a_file_is_read() -> None:
    loop_is_free = threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            # Only a loop that is not blocked can set this.
            assert not size or loop_is_free.wait(20)
            return super().read(size)

    async def main(url: str) -> str:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            call = asyncio.create_task(client.audio.transcriptions.create(file=Slow(LINES), model="m"))
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(loop_is_free.set)
            return (await call).text

    with HTTPServer(TEXT) as server:
        assert asyncio.run(main(server.url)) == "Good morning."
