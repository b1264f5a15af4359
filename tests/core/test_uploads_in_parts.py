"""Large files: parts that break, uploads that are cancelled, progress, and the same requests as the official SDK's."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import together

import together_di
from together_di import APIError, AsyncTogether, ConflictError, InternalServerError, Together
from together_di.request import Call
from together_di.types import FileUploadProgress
from together_di.upload import PART_SIZE, part_sizes, upload_steps
from together_di.upload import _digested as digested

from .support.emulated import Seen, emulator
from .support.http_server import PATIENCE, HTTPServer, Peer, Received, answer, message, raw, then_hang_up
from .support.sides import KEY, OpenSide, both_sides

LINES = b'{"text": "one"}\n' * 20_000
PARTS = 4

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large is not so large here, in both SDKs."""
    monkeypatch.setattr("together_di.upload.MULTIPART_THRESHOLD", len(LINES) // 2)
    monkeypatch.setattr("together_di.upload.PART_SIZE", len(LINES) // PARTS)
    monkeypatch.setattr("together.lib.resources.files.MULTIPART_THRESHOLD_GB", len(LINES) / 2 / 2**30)
    monkeypatch.setattr("together.lib.resources.files.TARGET_PART_SIZE_MB", len(LINES) / PARTS / 2**20)
    monkeypatch.setattr("together.lib.resources.files.MIN_PART_SIZE_MB", 0)


@pytest.fixture
def training(tmp_path: Path) -> Path:
    """A file that is sent in parts."""
    path = tmp_path / "training.jsonl"
    path.write_bytes(LINES)
    return path


def upload(path: Path, **options: Any) -> Callable[[Any], Any]:
    return lambda client: client.files.upload(path, **options)


class Storage(HTTPServer):
    """Announces four parts and takes them; `disturb` is asked before each answer, and may give another one."""

    def __init__(self, disturb: Callable[[Received], Callable[[Peer], None] | None] = lambda _: None) -> None:
        super().__init__(default=self._answer)
        self.disturb = disturb
        self.started: Any = {"upload_id": "up-1", "file_id": "file-1"}
        self.headers: dict[str, str] | None = None

    @property
    def steps(self) -> list[str]:
        """What was asked for, in short."""
        return [request.target.rpartition("/")[2] for request in self.requests]

    def _answer(self, peer: Peer) -> None:
        request = self.requests[-1]
        other = self.disturb(request)
        if other is not None:
            other(peer)
        elif request.method == "PUT":
            peer.send(message(headers={"ETag": f'"tag-{self.steps[-1]}"'}))
        elif self.steps[-1] == "initiate":
            parts = [self._part(number) for number in range(1, PARTS + 1)]
            answer({"parts": parts, **self.started})(peer)
        else:
            answer({"file": {"id": "file-1"}})(peer)

    def _part(self, number: int) -> dict[str, object]:
        return {"part_number": number, "UploadURL": f"{self.url}/store/{number}", "Headers": self.headers}


# What is sent


@both_sides
def test_a_large_file_arrives_byte_for_byte(open_side: OpenSide, training: Path) -> None:
    with emulator() as (url, seen), open_side(url) as side:
        file = side.call(upload(training))
        stored = side.call(lambda client: client.files.content(file.id))
        assert side.call(lambda _: stored.read()) == LINES
    assert [(one.method, one.target.rpartition("/")[2]) for one in seen.seen[:-1]] == [
        ("POST", "initiate"),
        *[("PUT", str(number)) for number in range(1, PARTS + 1)],
        ("POST", "complete"),
    ]
    assert (file.filename, file.bytes, file.object) == ("training.jsonl", len(LINES), "file")


def told(seen: list[Seen]) -> list[tuple[Any, ...]]:
    """What the requests say, without what is different each time; official parts come in any order."""
    requests: list[tuple[Any, ...]] = []
    for one in seen:
        kind, _, boundary = one.headers.get("content-type", "").partition("; boundary=")
        body: Any = one.body.replace(boundary.encode(), b"--") if boundary else one.body
        if kind == "application/json" and body:
            body = json.loads(body)
        if boundary:
            body = sorted(body.split(b"----"))
        key = one.headers.get("authorization")
        requests.append((one.method, one.target, kind, one.headers.get("accept") if key else "", key, body))
    return sorted(requests, key=str)


@pytest.mark.parametrize("size", [len(LINES), len(LINES) // 2, 32])
@pytest.mark.parametrize("kind", ["Together", "AsyncTogether"])
def test_the_requests_are_those_of_the_official_sdk(tmp_path: Path, size: int, kind: str) -> None:
    path = tmp_path / "training.jsonl"
    path.write_bytes(LINES[:size])
    requests: list[Any] = []
    for sdk in (together, together_di):
        with emulator() as (url, seen):
            client = getattr(sdk, kind)(api_key=KEY, base_url=url)
            _run(client, path)
            requests.append(told([_at_home(one, url) for one in seen.seen]))
    assert requests[1] == requests[0]


def _run(client: Any, path: Path) -> None:
    if isinstance(client, together.Together | Together):
        client.files.upload(path, purpose="fine-tune")
        client.close()
        return

    async def main() -> None:
        await client.files.upload(path, purpose="fine-tune")
        await client.close()

    asyncio.run(main())


def _at_home(one: Seen, url: str) -> Seen:
    return Seen(one.method, one.target.removeprefix(url), one.headers, one.body)


@both_sides
def test_the_store_gets_its_own_headers_and_not_the_key(open_side: OpenSide, training: Path) -> None:
    with Storage() as server, open_side(server.url, default_headers={"x-team": "search"}) as side:
        server.headers = {"x-amz-acl": "private"}
        side.call(upload(training))
    for request in server.requests:
        assert ("authorization" in request.headers) == ("x-team" in request.headers) == (request.method == "POST")
        assert ("x-amz-acl" in request.headers) == (request.method == "PUT")
    assert b"".join(request.body for request in server.requests[1:-1]) == LINES


@pytest.mark.parametrize("size", [5 * 2**30 + 1, 6 * 2**30, int(50.1 * 2**30)])
def test_parts_are_as_large_as_the_official_sdk_makes_them(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.undo()
    from together.lib.resources.files import _calculate_parts

    assert part_sizes(size) == _calculate_parts(size)
    assert part_sizes(size)[0] <= PART_SIZE


# What goes wrong


@both_sides
def test_a_part_that_breaks_is_sent_again_and_the_others_are_not(open_side: OpenSide, training: Path) -> None:
    trouble: Iterator[Any] = iter([then_hang_up(), answer({}, 503)])
    with (
        Storage(lambda one: next(trouble, None) if one.target == "/store/2" else None) as server,
        open_side(server.url) as side,
    ):
        side.call(upload(training))
    assert server.steps == ["initiate", "1", "2", "2", "2", "3", "4", "complete"]
    assert len({request.body for request in server.requests if request.target == "/store/2"}) == 1


@both_sides
@pytest.mark.parametrize("step", ["3", "complete"])
def test_an_upload_that_fails_for_good_is_aborted(open_side: OpenSide, training: Path, step: str) -> None:
    refused = answer({"error": {"message": "Broken."}}, 500)
    with (
        Storage(lambda one: refused if one.target.endswith(f"/{step}") else None) as server,
        open_side(server.url) as side,
        pytest.raises(InternalServerError, match="Broken"),
    ):
        side.call(upload(training))
    assert server.steps[-4:] == [step, step, step, "abort"]
    assert server.requests[-1].json() == {"upload_id": "up-1", "file_id": "file-1"}


@both_sides
def test_what_failed_is_told_even_if_the_abort_fails_too(open_side: OpenSide, training: Path) -> None:
    refused = answer({"error": {"message": "Broken."}}, 400)
    aborted = answer({"error": {"message": "Unknown."}}, 404)
    with (
        Storage(lambda one: {"/store/1": refused, "/v1/files/multipart/abort": aborted}.get(one.target)) as server,
        open_side(server.url) as side,
        pytest.raises(APIError, match="Broken"),
    ):
        side.call(upload(training))
    assert server.steps == ["initiate", "1", "abort"]


@both_sides
def test_a_store_that_gives_no_tag_is_an_error(open_side: OpenSide, training: Path) -> None:
    with (
        Storage(lambda one: raw(message()) if one.target == "/store/1" else None) as server,
        open_side(server.url) as side,
        pytest.raises(APIError, match="no ETag for part 1"),
    ):
        side.call(upload(training))
    assert server.steps == ["initiate", "1", "abort"]


@both_sides
@pytest.mark.parametrize(
    "started",
    [
        {"upload_id": None},
        {"file_id": "../x"},
        {"file_id": None},
        {"parts": None},
        {"parts": []},
        {"parts": ["x"] * PARTS},
        {"parts": [{"part_number": number, "URL": "ftp://x"} for number in range(1, PARTS + 1)]},
        {"parts": [{"part_number": 1, "URL": "http://127.0.0.1/"}] * PARTS},
    ],
)
def test_an_unusable_announcement_is_an_error(open_side: OpenSide, training: Path, started: Any) -> None:
    with Storage() as server, open_side(server.url) as side:
        server.started = {**server.started, **started}
        with pytest.raises(APIError, match=r"files\.upload\(\): the API named no usable address"):
            side.call(upload(training))
    assert {request.method for request in server.requests} == {"POST"}


@both_sides
def test_the_same_file_again_gives_the_one_that_is_there(open_side: OpenSide, training: Path) -> None:
    with emulator() as (url, _), open_side(url) as side:
        first = side.call(upload(training))
        assert side.call(upload(training)).id == first.id
        with pytest.raises(ConflictError):
            side.call(upload(training, raise_if_already_exists=True))


@both_sides
def test_a_file_that_changes_between_parts_is_aborted(open_side: OpenSide, training: Path) -> None:
    def grow(one: Received) -> None:
        if one.target == "/store/1":
            training.write_bytes(LINES + b"\n")

    with Storage(grow) as server, open_side(server.url) as side, pytest.raises(APIError, match="changed its size"):
        side.call(upload(training))
    assert server.steps.count("abort") == 1


@both_sides
def test_a_callback_that_raises_ends_the_upload(open_side: OpenSide, training: Path) -> None:
    def stop(progress: FileUploadProgress) -> None:
        if progress.uploaded_bytes:
            raise LookupError("enough")

    with Storage() as server, open_side(server.url) as side, pytest.raises(LookupError, match="enough"):
        side.call(upload(training, progress_callback=stop))
    assert server.steps.count("abort") == 1


def test_an_interrupted_upload_is_aborted(training: Path) -> None:
    def interrupt(progress: FileUploadProgress) -> None:
        if progress.uploaded_bytes:
            raise KeyboardInterrupt  # as Ctrl-C does, wherever the thread is

    with Storage() as server, Together(api_key=KEY, base_url=server.url) as client, pytest.raises(KeyboardInterrupt):
        client.files.upload(training, progress_callback=interrupt)
    assert server.steps.count("abort") == 1


def test_a_cancelled_upload_is_aborted(training: Path) -> None:
    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            task = asyncio.create_task(client.files.upload(training))
            await asyncio.to_thread(server.wait_for_requests, 2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with Storage(lambda one: Peer.wait_for_end if one.target == "/store/1" else None) as server:
        asyncio.run(main(server.url))
    assert server.steps == ["initiate", "1", "abort"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_upload_out_of_time_is_aborted(training: Path, backend: str) -> None:
    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            with anyio.CancelScope() as scope:

                def stop(progress: FileUploadProgress) -> None:
                    if progress.uploaded_bytes:
                        scope.cancel()

                await client.files.upload(training, progress_callback=stop)
            assert scope.cancelled_caught

    with Storage() as server:
        anyio.run(main, server.url, backend=backend)
    assert server.steps.count("abort") == 1


def test_an_upload_that_nobody_awaits_any_more_just_ends(training: Path) -> None:
    uploading = AsyncTogether(api_key=KEY, base_url="http://127.0.0.1:9").files.upload(training)

    async def main() -> None:
        uploading.send(None)

    with asyncio.Runner() as runner:
        runner.run(main())
        uploading.close()
    assert inspect.getcoroutinestate(uploading) == inspect.CORO_CLOSED


def test_steps_that_are_dropped_take_no_other(training: Path) -> None:
    with Storage() as server, Together(api_key=KEY, base_url=server.url) as client:
        options: Any = {"check": True, "raise_if_already_exists": False, "progress_callback": None}
        steps = upload_steps(client.files, training, "eval", **options)
        engine: Any = client._engine
        step: Any = next(steps)
        while not (isinstance(step, Call) and step.request.method == "PUT"):
            step = steps.send(engine.send(step) if isinstance(step, Call) else step())
        steps.close()
    assert server.steps == ["initiate"]


# Progress


@both_sides
@pytest.mark.parametrize("whole", [True, False])
def test_progress_goes_up_to_the_end_in_the_callers_thread(
    open_side: OpenSide, training: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    if whole:
        monkeypatch.setattr("together_di.upload.MULTIPART_THRESHOLD", 2**30)
    seen: list[FileUploadProgress] = []
    threads: set[int] = set()

    def tell(progress: FileUploadProgress) -> None:
        seen.append(progress)
        threads.add(threading.get_ident())

    with emulator() as (url, _), open_side(url) as side:
        side.call(upload(training, progress_callback=tell))
    positions = [progress.uploaded_bytes for progress in seen]
    assert positions == sorted(set(positions))
    assert (positions[0], seen[-1]) == (0, FileUploadProgress(len(LINES), len(LINES)))
    assert threads == {threading.get_ident()}


@both_sides
def test_a_part_that_is_sent_again_is_told_once(open_side: OpenSide, training: Path) -> None:
    trouble: Iterator[Any] = iter([then_hang_up()])
    seen: list[int] = []
    with (
        Storage(lambda one: next(trouble, None) if one.target == "/store/2" else None) as server,
        open_side(server.url) as side,
    ):
        side.call(upload(training, progress_callback=lambda now: seen.append(now.uploaded_bytes)))
    assert seen == sorted(set(seen))
    assert seen[-1] == len(LINES)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_embedded_transport_takes_parts_and_tells(training: Path, asynchronous: bool) -> None:
    seen: list[int] = []

    def run(client: Any) -> Any:
        return client.files.upload(training, purpose="eval", progress_callback=lambda p: seen.append(p.uploaded_bytes))

    if asynchronous:
        asyncio.run(run(AsyncTogether(transport="embedded")))
    else:
        run(Together(transport="embedded"))
    assert seen in ([], [0, *[len(LINES) * n // PARTS for n in range(1, PARTS + 1)]])


# The event loop


def test_the_loop_goes_on_while_a_file_is_checked_and_read(training: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    real = Path.open

    def slow(self: Path, *args: Any) -> Any:
        if self == training:
            is_free = threading.Event()
            loops[0].call_soon_threadsafe(is_free.set)
            assert is_free.wait(PATIENCE), "The event loop is blocked"
        return real(self, *args)

    monkeypatch.setattr(Path, "open", slow)

    async def main(url: str) -> int:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            loops.append(asyncio.get_running_loop())
            return (await client.files.upload(training)).bytes

    with emulator() as (url, _):
        assert asyncio.run(main(url)) == len(LINES)


def test_bits_of_work_are_cancelled_between_them(training: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("together_di.upload.STEP", 1000)
    reads: list[None] = []
    has_begun: list[Callable[[], object]] = []

    def watched(path: Path, digest: Any) -> Iterator[None]:
        for _ in digested(path, digest):
            reads.append(None)
            has_begun[0]()
            yield

    monkeypatch.setattr("together_di.upload._digested", watched)

    async def main(url: str) -> None:
        async with AsyncTogether(api_key=KEY, base_url=url) as client:
            begun, loop = asyncio.Event(), asyncio.get_running_loop()
            has_begun.append(lambda: loop.call_soon_threadsafe(begun.set))
            task = asyncio.create_task(client.files.upload(training))
            await begun.wait()
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    asyncio.run(main("http://127.0.0.1:9"))
    assert len(reads) < len(LINES) // 1000
