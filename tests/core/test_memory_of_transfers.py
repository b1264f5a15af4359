"""Files of any size need the same memory, on their way there and back."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from .support.sides import OpenSide, both_sides

SIZE = 200 * 2**20
BLOCK = bytes(2**16)


class _Reader:
    """Reads requests, and counts their bodies without keeping them."""

    def __init__(self, sock: socket.socket, url: str) -> None:
        self._sock = sock
        self._url = url
        self._buffer = bytearray()

    def serve(self) -> int:
        received = 0
        while True:
            while b"\r\n\r\n" not in self._buffer:
                if not (data := self._sock.recv(65536)):
                    return received
                self._buffer += data
            head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            self._buffer.clear()
            due = _length(head) - len(rest)
            while due > 0:
                due -= len(self._sock.recv(min(65536, due)))
            received += _length(head) if head.startswith(b"PUT") else 0
            self._answer(head.split(b" ")[0], head)

    def _answer(self, method: bytes, head: bytes) -> None:
        if method == b"GET":
            self._sock.sendall(b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: %d\r\n\r\n' % SIZE)
            for _ in range(SIZE // len(BLOCK)):
                self._sock.sendall(BLOCK)
        elif head.startswith(b"POST /v1/files "):
            headers = f"Location: {self._url}/store\r\nX-Together-File-Id: file-1\r\nContent-Length: 0\r\n\r\n"
            self._sock.sendall(b"HTTP/1.1 302 Found\r\n" + headers.encode())
        else:
            self._sock.sendall(b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Length: 15\r\n\r\n{"id":"file-1"}')


def _length(head: bytes) -> int:
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


@contextmanager
def store() -> Generator[tuple[str, list[int]]]:
    """A server that keeps nothing: its URL, and how many bytes each connection brought."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(20)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    received: list[int] = []
    threads: list[threading.Thread] = []

    def serve(sock: socket.socket) -> None:
        with sock, suppress(OSError):
            received.append(_Reader(sock, url).serve())

    def accept() -> None:
        with suppress(OSError):
            while True:
                thread = threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True)
                threads.append(thread)
                thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield url, received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        for thread in (accepting, *threads):
            thread.join(20)
        listener.close()


def peak(action: Callable[[], object]) -> int:
    """The most memory that Python used at a time."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@both_sides
@pytest.mark.parametrize("threshold", [2**40, 2**20], ids=["whole", "parts"])
def test_an_upload_needs_little_memory(
    open_side: OpenSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threshold: int
) -> None:
    monkeypatch.setattr("together_di.upload.MULTIPART_THRESHOLD", threshold)
    monkeypatch.setattr("together_di.upload._part_addresses", _addresses)
    monkeypatch.setattr("together_di.upload._object", lambda _: {"upload_id": "up-1", "file_id": "file-1"})
    path = tmp_path / "sparse.jsonl"
    with path.open("wb") as file:
        file.truncate(SIZE)
    with store() as (url, received):
        monkeypatch.setattr("tests.core.test_memory_of_transfers.HOME", [url])
        with open_side(url) as side:
            used = peak(lambda: side.call(lambda client: client.files.upload(path, check=False)))
    assert sum(received) == SIZE
    assert used < SIZE / 20


HOME: list[str] = []


def _addresses(_answer: Any, _started: Any, count: int) -> Any:
    from together_di.address import parse_url

    return {number: (parse_url(f"{HOME[0]}/store"), []) for number in range(1, count + 1)}


@both_sides
def test_a_download_needs_little_memory(open_side: OpenSide, tmp_path: Path) -> None:
    async def write(client: Any) -> None:
        await (await client.files.content("file-1")).write_to_file(tmp_path / "a.bin")

    def ask(client: Any) -> Any:
        if side.name != "sync":
            return write(client)
        return client.files.content("file-1").write_to_file(tmp_path / "a.bin")

    with store() as (url, _), open_side(url) as side:
        used = peak(lambda: side.call(ask))
    assert (tmp_path / "a.bin").stat().st_size == SIZE
    assert used < SIZE / 20
