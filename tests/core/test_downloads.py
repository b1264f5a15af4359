"""Files on their way here: connections that break, and what is left of them."""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from together_di import APIConnectionError, AsyncTogether, Together
from together_di._files import PartFile
from together_di.types import FileDownloadProgress

from .support.emulated import emulator
from .support.http_server import HTTPServer, Peer, chunked, message, raw, then_stall
from .support.sides import KEY, AsyncSide, OpenSide, SyncSide, both_sides

DATA = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)

pytestmark = pytest.mark.usefixtures("waits")

#: aiohttp forgets what has arrived when a connection breaks, so where it goes on from is not known beforehand.
exact_sides = pytest.mark.parametrize("open_side", [SyncSide, AsyncSide], ids=["sync", "async"])


class Content(HTTPServer):
    """Serves a file, in ranges if asked for; each answer is cut off after the next of `cuts`, if there is one."""

    def __init__(self, data: bytes = DATA, *cuts: int, tag: str | None = '"v1"', ranges: bool = True) -> None:
        super().__init__(default=self._answer)
        self.data = data
        self.cuts = list(cuts)
        self.tag = tag
        self.ranges = ranges

    @property
    def starts(self) -> list[int]:
        """Where each request wanted the content to begin."""
        found = [re.fullmatch(r"bytes=(\d+)-", one.headers.get("range", "")) for one in self.requests]
        return [int(one[1]) if one else 0 for one in found]

    def _answer(self, peer: Peer) -> None:
        start = self.starts[-1] if self.ranges else 0
        if self.requests[-1].headers.get("if-range", self.tag) != self.tag:
            start = 0
        headers = {"Content-Type": "application/octet-stream", "ETag": self.tag or ""}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.data) - 1}/{len(self.data)}"
        whole = message(self.data[start:], 206 if start else 200, headers)
        if not self.cuts:
            peer.send(whole)
            return
        peer.send(whole[: len(whole) - len(self.data[start:]) + self.cuts.pop(0)])
        peer.hang_up()


def content(side: Any) -> Any:
    return side.call(lambda client: client.files.content("file-1"))


def write(side: Any, path: Path, **options: Any) -> None:
    side.call(lambda client: _write(client, path, **options))


def _write(client: Any, path: Path, **options: Any) -> Any:
    if isinstance(client, Together):
        return client.files.content("file-1").write_to_file(path, **options)

    async def main() -> None:
        await (await client.files.content("file-1")).write_to_file(path, **options)

    return main()


def wait_until_closed(side: Any, server: HTTPServer) -> None:
    """Wait for the end of the first connection, in the event loop if there is one."""
    if side.name == "sync":
        server.wait_until_closed(1)
    else:
        side.call(lambda _: asyncio.to_thread(server.wait_until_closed, 1))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@both_sides
def test_a_file_is_written(open_side: OpenSide, tmp_path: Path) -> None:
    with Content() as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert (names(tmp_path), server.requests[0].headers["accept-encoding"]) == (["a.bin"], "identity")


@exact_sides
def test_a_download_that_breaks_goes_on_from_there(open_side: OpenSide, tmp_path: Path) -> None:
    with Content(DATA, 100_000, 50_000) as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert server.starts == [0, 100_000, 150_000]
    assert [request.headers.get("if-range") for request in server.requests] == [None, '"v1"', '"v1"']


@exact_sides
@pytest.mark.parametrize("way", ["read", "iter_bytes", "iter_lines"])
def test_every_way_of_reading_goes_on(open_side: OpenSide, way: str) -> None:
    lines = b'{"text": "a"}\n' * 5000

    async def gathered(pieces: Any) -> list[Any]:
        return [piece async for piece in pieces]

    with Content(lines, 30_001) as server, open_side(server.url) as side:
        result: Any = (
            side.call(lambda _: getattr(answer, way)()) if (answer := content(side)) and way == "read" else None
        )
        if result is None:
            pieces = getattr(answer, way)()
            pieces = list(pieces) if side.name == "sync" else side.call(lambda _: gathered(pieces))
            result = b"".join(pieces) if way == "iter_bytes" else "".join(f"{line}\n" for line in pieces).encode()
    assert result == lines
    assert server.starts == [0, 30_001]


@exact_sides
def test_bytes_that_come_give_new_patience(open_side: OpenSide, tmp_path: Path) -> None:
    cuts = [50_000] * 5
    with Content(DATA, *cuts) as server, open_side(server.url, max_retries=1) as side:
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert len(server.requests) == 6


@exact_sides
def test_a_server_without_ranges_begins_again(open_side: OpenSide, tmp_path: Path) -> None:
    with Content(DATA, 100_000, ranges=False) as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert server.starts == [0, 100_000]


@both_sides
def test_what_cannot_be_had_leaves_the_target_as_it_was(open_side: OpenSide, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"before")
    with (
        Content(DATA, 100_000, 0, 0, 0, tag=None) as server,
        open_side(server.url) as side,
        pytest.raises(APIConnectionError),
    ):
        write(side, tmp_path / "a.bin")
    assert (names(tmp_path), (tmp_path / "a.bin").read_bytes()) == (["a.bin"], b"before")


@exact_sides
def test_the_next_attempt_goes_on_with_what_is_there(open_side: OpenSide, tmp_path: Path) -> None:
    with Content(DATA, 100_000, 0, 0) as server, open_side(server.url) as side:
        with pytest.raises(APIConnectionError):
            write(side, tmp_path / "a.bin")
        assert not (tmp_path / "a.bin").exists()
        seen: list[FileDownloadProgress] = []
        write(side, tmp_path / "a.bin", progress_callback=seen.append)
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert names(tmp_path) == ["a.bin"]
    assert server.starts[3:] == [0, 100_000]
    assert seen[0] == FileDownloadProgress(100_000, len(DATA))


@both_sides
def test_a_part_that_is_whole_already_is_not_trusted(
    open_side: OpenSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: PartFile) -> None:
        raise LookupError("stopped before it got its name")

    monkeypatch.setattr(PartFile, "finish", stop)
    with Content() as server, open_side(server.url) as side:
        with pytest.raises(LookupError):
            write(side, tmp_path / "a.bin")
        monkeypatch.undo()
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == DATA
    assert server.starts == [0, 0]


@both_sides
def test_other_content_is_begun_anew(open_side: OpenSide, tmp_path: Path) -> None:
    with Content(DATA, 100_000, 0, 0) as server, open_side(server.url) as side:
        with pytest.raises(APIConnectionError):
            write(side, tmp_path / "a.bin")
        server.data, server.tag = OTHER, '"v2"'
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == OTHER
    assert names(tmp_path) == ["a.bin"]
    assert server.starts[3:] == [0]


@both_sides
@pytest.mark.parametrize("ranges", [True, False])
def test_content_that_changes_on_the_way_is_an_error(open_side: OpenSide, tmp_path: Path, ranges: bool) -> None:
    with Content(DATA, 100_000, ranges=ranges) as server, open_side(server.url) as side:

        def change(_: FileDownloadProgress) -> None:
            server.data, server.tag = OTHER, '"v2"'

        with pytest.raises(APIConnectionError, match="changed while it was downloaded") as caught:
            write(side, tmp_path / "a.bin", progress_callback=change)
    assert caught.value.permanent
    assert not (tmp_path / "a.bin").exists()


@both_sides
def test_a_body_shorter_than_its_length_is_never_a_file(open_side: OpenSide, tmp_path: Path) -> None:
    # As a proxy sends it that does not care: `Content-Range` says more than there is.
    partial = message(DATA[100:200], 206, {"Content-Range": f"bytes 100-199/{len(DATA)}", "ETag": '"v1"'})
    with Content(DATA, 100) as server, open_side(server.url, max_retries=1) as side:
        server.script += [server._answer, raw(partial), raw(partial)]
        with pytest.raises(APIConnectionError):
            write(side, tmp_path / "a.bin")
    assert not (tmp_path / "a.bin").exists()


@both_sides
def test_a_download_that_breaks_again_and_again_is_whole_in_the_end(open_side: OpenSide, tmp_path: Path) -> None:
    with Content(DATA, 100_000, 150_000) as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == DATA


@both_sides
def test_a_body_without_a_length_is_written(open_side: OpenSide, tmp_path: Path) -> None:
    seen: list[FileDownloadProgress] = []
    with HTTPServer(raw(chunked(b"abc", b"def"))) as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin", progress_callback=seen.append)
    assert (tmp_path / "a.bin").read_bytes() == b"abcdef"
    assert seen[-1] == FileDownloadProgress(6, None)


@both_sides
def test_a_body_that_is_compressed_all_the_same_is_written(open_side: OpenSide, tmp_path: Path) -> None:
    body = message(gzip.compress(b"abc" * 1000), headers={"Content-Encoding": "gzip", "ETag": '"v1"'})
    with HTTPServer(raw(body)) as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b"abc" * 1000


@both_sides
def test_an_empty_file_is_written(open_side: OpenSide, tmp_path: Path) -> None:
    with Content(b"") as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b""


@both_sides
def test_progress_goes_up_to_the_end(open_side: OpenSide, tmp_path: Path) -> None:
    seen: list[FileDownloadProgress] = []
    threads: set[int] = set()

    def tell(progress: FileDownloadProgress) -> None:
        seen.append(progress)
        threads.add(threading.get_ident())

    with Content(DATA, 100_000) as server, open_side(server.url) as side:
        write(side, tmp_path / "a.bin", progress_callback=tell)
    positions = [progress.downloaded_bytes for progress in seen]
    assert positions == sorted(positions)
    assert (positions[0], seen[-1]) == (0, FileDownloadProgress(len(DATA), len(DATA)))
    assert threads == {threading.get_ident()}


@both_sides
def test_a_callback_that_raises_ends_the_download(open_side: OpenSide, tmp_path: Path) -> None:
    def stop(progress: FileDownloadProgress) -> None:
        if progress.downloaded_bytes:
            raise LookupError("enough")

    with Content() as server, open_side(server.url) as side, pytest.raises(LookupError, match="enough"):
        write(side, tmp_path / "a.bin", progress_callback=stop)
    assert not (tmp_path / "a.bin").exists()


@both_sides
def test_a_folder_that_is_not_there_is_an_error(open_side: OpenSide, tmp_path: Path) -> None:
    with HTTPServer(then_stall(message(DATA)[:1000])) as server, open_side(server.url) as side:
        with pytest.raises(FileNotFoundError):
            write(side, tmp_path / "nowhere" / "a.bin")
        wait_until_closed(side, server)


@both_sides
def test_a_disk_that_is_full_keeps_nothing(
    open_side: OpenSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PartFile.write

    def full(self: PartFile, data: bytes) -> int:
        real(self, data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PartFile, "write", full)
    with Content() as server, open_side(server.url) as side:
        with pytest.raises(OSError, match="No space left"):
            write(side, tmp_path / "a.bin")
        wait_until_closed(side, server)
    assert names(tmp_path) == []


@exact_sides
def test_a_streaming_response_is_written_too(open_side: OpenSide, tmp_path: Path) -> None:
    def stream(client: Any) -> Any:
        if isinstance(client, Together):
            with client.files.with_streaming_response.content("file-1") as response:
                return response.stream_to_file(tmp_path / "a.bin")

        async def main() -> None:
            async with client.files.with_streaming_response.content("file-1") as response:
                await response.stream_to_file(tmp_path / "a.bin")

        return main()

    with Content(DATA, 100_000) as server, open_side(server.url) as side:
        side.call(stream)
    assert (tmp_path / "a.bin").read_bytes() == DATA


@both_sides
def test_content_that_is_never_read_does_not_hold_its_connection(open_side: OpenSide) -> None:
    def drop(client: Any) -> Any:
        if isinstance(client, Together):
            client.files.content("file-1")
            return server.wait_until_closed(1)

        async def main() -> None:
            await client.files.content("file-1")
            await asyncio.to_thread(server.wait_until_closed, 1)

        return main()

    with HTTPServer(then_stall(message(DATA)[:1000])) as server, open_side(server.url) as side:
        side.call(drop)


def test_a_cancelled_download_can_go_on(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"

    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            response = await client.files.content("file-1")
            task = asyncio.create_task(response.write_to_file(target, progress_callback=lambda _: cancel()))

            def cancel() -> None:
                task.cancel()

            with pytest.raises(asyncio.CancelledError):
                await task
            assert not target.exists()
            await (await client.files.content("file-1")).write_to_file(target)

    with Content() as server:
        asyncio.run(main(server.url))
    assert target.read_bytes() == DATA
    assert names(tmp_path) == ["a.bin"]


def test_the_loop_goes_on_while_a_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop_is_free = threading.Event()
    write = PartFile.write

    def slow(self: PartFile, data: bytes) -> int:
        assert loop_is_free.wait(20)  # only a loop that is not blocked can set this
        return write(self, data)

    monkeypatch.setattr(PartFile, "write", slow)

    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            response = await client.files.content("file-1")
            writing = asyncio.create_task(response.write_to_file(tmp_path / "a.bin"))
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(loop_is_free.set)
            await writing

    with Content() as server:
        asyncio.run(main(server.url))
    assert (tmp_path / "a.bin").read_bytes() == DATA


@both_sides
def test_the_emulators_files_are_written(open_side: OpenSide, tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(b'{"text": "a"}\n' * 1000)
    with emulator() as (url, _), open_side(url) as side:
        file = side.call(lambda client: client.files.upload(path))
        answer = side.call(lambda client: client.files.content(file.id))
        side.call(lambda _: answer.write_to_file(tmp_path / "copy.jsonl"))
    assert (tmp_path / "copy.jsonl").read_bytes() == path.read_bytes()
