"""The three steps of `files.upload`, and where the bytes of the file are read."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from together_di import APIConnectionError, APIError, BadRequestError, ConflictError, FileTypeError, Together
from together_di.address import Origin
from together_di.attempts import redirect_target
from together_di.multipart import CHUNK, FileSource
from together_di.wire import Request, Response

from .support.emulated import emulator
from .support.http_server import HTTPServer, Peer, answer, message, raw, redirect, then_hang_up
from .support.sides import KEY, AsyncSide, OpenSide, both_sides
from .support.training_file import LINES

pytestmark = pytest.mark.usefixtures("waits")


@both_sides
def test_an_upload_arrives_byte_for_byte(open_side: OpenSide, training: Path) -> None:
    with emulator() as (url, _), open_side(url) as side:
        file = side.call(lambda client: client.files.upload(training))
        stored = side.call(lambda client: client.files.content(file.id))
        assert side.call(lambda _: stored.read()) == LINES
    assert (file.filename, file.bytes, file.purpose) == ("training.jsonl", len(LINES), "fine-tune")


@both_sides
def test_an_upload_is_announced_sent_and_taken_in(open_side: OpenSide, training: Path) -> None:
    with emulator() as (url, seen), open_side(url) as side:
        file = side.call(lambda client: client.files.upload(str(training), purpose="eval"))
    steps = [(one.method, one.target.rpartition("/")[0]) for one in seen.seen]
    assert steps == [("POST", "/v1"), ("PUT", "/emulator/uploads"), ("POST", f"/v1/files/{file.id}")]
    announced = seen.seen[0].body
    assert b"eval" in announced
    assert hashlib.sha256(LINES).hexdigest().encode() in announced


@both_sides
def test_the_signed_address_does_not_see_the_key(open_side: OpenSide, training: Path) -> None:
    with emulator() as (url, seen), open_side(url, default_headers={"x-team": "search"}) as side:
        side.call(lambda client: client.files.upload(training))
    announce, put, finish = (one.headers for one in seen.seen)
    assert announce["authorization"] == finish["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in put
    assert "x-team" not in put
    assert put["content-length"] == str(len(LINES))


@both_sides
def test_the_bytes_go_to_another_host_without_the_key(open_side: OpenSide, training: Path) -> None:
    with HTTPServer(raw(message())) as storage, HTTPServer() as server, open_side(server.url) as side:
        address = {"Location": f"{storage.url}/bucket/a%20b?signature=x%2By", "X-Together-File-Id": "file-1"}
        done = answer({"id": "file-1", "object": "file"})
        server.script += [raw(message(status=302, headers=address)), done]
        assert side.call(lambda client: client.files.upload(training)).id == "file-1"
    put = storage.requests[0]
    assert (put.method, put.target, put.body) == ("PUT", "/bucket/a%20b?signature=x%2By", LINES)
    assert KEY not in str(put.headers)
    assert [request.target for request in server.requests] == ["/v1/files", "/v1/files/file-1/preprocess"]


@both_sides
def test_a_put_that_breaks_is_made_again_from_the_beginning(open_side: OpenSide, training: Path) -> None:
    with HTTPServer(then_hang_up(), raw(message())) as storage, HTTPServer() as server, open_side(server.url) as side:
        address = {"Location": f"{storage.url}/x", "X-Together-File-Id": "file-1"}
        server.script += [raw(message(status=302, headers=address)), answer({"id": "file-1"})]
        side.call(lambda client: client.files.upload(training))
    assert [request.body for request in storage.requests] == [LINES, LINES]


@both_sides
def test_the_store_may_name_another_host(open_side: OpenSide, training: Path) -> None:
    with (
        HTTPServer(raw(message())) as other,
        HTTPServer(redirect(f"{other.url}/y", 307)) as storage,
        HTTPServer() as server,
        open_side(server.url) as side,
    ):
        address = {"Location": f"{storage.url}/x", "X-Together-File-Id": "file-1"}
        server.script += [raw(message(status=302, headers=address)), answer({"id": "file-1"})]
        side.call(lambda client: client.files.upload(training))
    assert (other.requests[0].method, other.requests[0].target, other.requests[0].body) == ("PUT", "/y", LINES)
    assert KEY not in str(other.requests[0].headers)


def test_a_store_does_not_lead_away_from_encryption() -> None:
    request = Request("PUT", Origin("https", "store.test", None), "/x", [])
    response = Response(307, [(b"location", b"http://other.test/y")], request)
    assert redirect_target(request, response, keyless=True) is None


@both_sides
def test_an_upload_that_fails_for_good_is_taken_back(open_side: OpenSide, training: Path) -> None:
    with HTTPServer(default=then_hang_up()) as storage, HTTPServer() as server, open_side(server.url) as side:
        address = {"Location": f"{storage.url}/x", "X-Together-File-Id": "file-1"}
        server.script += [raw(message(status=302, headers=address)), answer({"id": "file-1", "deleted": True})]
        with pytest.raises(APIConnectionError):
            side.call(lambda client: client.files.upload(training))
    assert (server.requests[-1].method, server.requests[-1].target) == ("DELETE", "/v1/files/file-1")


@both_sides
def test_the_same_file_again_gives_the_one_that_is_there(open_side: OpenSide, training: Path) -> None:
    with emulator() as (url, _), open_side(url) as side:
        first = side.call(lambda client: client.files.upload(training))
        assert side.call(lambda client: client.files.upload(training)).id == first.id
        with pytest.raises(ConflictError):
            side.call(lambda client: client.files.upload(training, raise_if_already_exists=True))


BAD_ADDRESSES: list[dict[str, str]] = [
    {},
    {"Location": "http://127.0.0.1/x"},
    {"X-Together-File-Id": "file-1"},
    {"Location": "ftp://127.0.0.1/x", "X-Together-File-Id": "file-1"},
    {"Location": "/relative", "X-Together-File-Id": "file-1"},
    {"Location": "http://127.0.0.1/x", "X-Together-File-Id": "../models"},
    {"Location": "http://127.0.0.1:9/x", "X-Together-File-Id": ".."},
]


@both_sides
@pytest.mark.parametrize("headers", BAD_ADDRESSES)
def test_an_unusable_address_is_an_error(open_side: OpenSide, training: Path, headers: dict[str, str]) -> None:
    with (
        HTTPServer(raw(message(status=302, headers=headers))) as server,
        open_side(server.url) as side,
        pytest.raises(APIError, match=r"files\.upload"),
    ):
        side.call(lambda client: client.files.upload(training))
    assert len(server.requests) == 1


@both_sides
def test_an_upload_whose_announcement_is_refused_raises_the_typed_error(open_side: OpenSide, training: Path) -> None:
    refusal = answer({"error": {"message": "Not this one.", "param": "file"}}, 400)
    with (
        HTTPServer(refusal) as server,
        open_side(server.url) as side,
        pytest.raises(BadRequestError, match="Not this one"),
    ):
        side.call(lambda client: client.files.upload(training))
    assert server.connections == 1


def missing(folder: Path) -> Path:
    return folder / "missing.jsonl"


def empty(folder: Path) -> Path:
    (folder / "empty.jsonl").touch()
    return folder / "empty.jsonl"


def other_kind(folder: Path) -> Path:
    (folder / "notes.txt").write_text("x")
    return folder / "notes.txt"


def no_suffix(folder: Path) -> Path:
    (folder / "notes").write_text("x")
    return folder / "notes"


def directory(folder: Path) -> Path:
    (folder / "all.jsonl").mkdir()
    return folder / "all.jsonl"


@both_sides
@pytest.mark.parametrize(
    ("make", "kind", "problem"),
    [
        (missing, FileNotFoundError, r"missing\.jsonl"),
        (empty, FileTypeError, r"'empty\.jsonl' cannot be used for 'fine-tune': it is empty"),
        (other_kind, FileTypeError, r"'notes\.txt' cannot be used for 'fine-tune': its name must end in"),
        (no_suffix, FileTypeError, r"'notes' cannot be used for 'fine-tune': its name must end in"),
        (directory, IsADirectoryError, r"all\.jsonl"),
    ],
)
def test_a_file_that_cannot_be_uploaded_raises_before_anything_is_sent(
    open_side: OpenSide, tmp_path: Path, make: Callable[[Path], Path], kind: type[Exception], problem: str
) -> None:
    with HTTPServer() as server, open_side(server.url) as side, pytest.raises(kind, match=problem):
        side.call(lambda client: client.files.upload(make(tmp_path)))
    assert server.connections == 0


@contextmanager
def forbidden(path: Path) -> Generator[None]:
    """Nobody may read `path`; root may read anything, so root becomes nobody meanwhile."""
    user = os.geteuid()
    path.chmod(0)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@both_sides
@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has no such permissions")
def test_an_unreadable_file_raises_before_anything_is_sent(open_side: OpenSide, training: Path) -> None:
    with (
        HTTPServer() as server,
        open_side(server.url) as side,
        forbidden(training),
        pytest.raises(PermissionError),
    ):
        side.call(lambda client: client.files.upload(training))
    assert server.connections == 0


@both_sides
def test_an_unknown_purpose_raises_before_anything_is_sent(open_side: OpenSide, training: Path) -> None:
    with HTTPServer() as server, open_side(server.url) as side, pytest.raises(ValueError, match="fine-tune"):
        side.call(lambda client: client.files.upload(training, purpose="fine-tuning"))
    assert server.connections == 0


@both_sides
@pytest.mark.parametrize("size", [10, CHUNK * 2, len(LINES) + 10], ids=["much shorter", "shorter", "longer"])
def test_a_file_that_changes_its_size_while_it_is_uploaded_is_an_error_that_is_not_retried(
    open_side: OpenSide, training: Path, waits: list[float], size: int
) -> None:
    def change(peer: Peer) -> None:
        training.write_bytes(LINES[:size].ljust(size, b" "))
        headers = {"Location": f"{storage.url}/x", "X-Together-File-Id": "file-1"}
        peer.send(message(status=302, headers=headers))

    with (
        HTTPServer(default=raw(message())) as storage,
        HTTPServer(change, answer({})) as server,
        open_side(server.url) as side,
        pytest.raises(APIConnectionError, match="changed its size") as caught,
    ):
        side.call(lambda client: client.files.upload(training))
    assert caught.value.permanent
    assert (storage.requests, waits) == ([], [])


# Where the bytes are read


def test_an_async_upload_is_read_in_worker_threads(training: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers: set[int] = set()
    real_open = Path.open

    def watched(self: Path, *args: Any, **options: Any) -> Any:
        if self == training:
            readers.add(threading.get_ident())
        return real_open(self, *args, **options)

    monkeypatch.setattr(Path, "open", watched)
    with emulator() as (url, _), AsyncSide(url) as side:
        side.call(lambda client: client.files.upload(training))
    assert readers
    assert threading.get_ident() not in readers


def test_a_file_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    path.write_bytes(LINES)
    sizes = [len(chunk) for chunk in FileSource(path).chunks()]
    assert max(sizes) <= CHUNK
    assert sum(sizes) == len(LINES)


def test_the_embedded_transport_takes_uploads(training: Path) -> None:
    client = Together(transport="embedded")
    file = client.files.upload(training, raise_if_already_exists=False)
    assert client.files.content(file.id).read() == LINES
