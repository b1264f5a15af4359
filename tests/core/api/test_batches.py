"""`client.batches`, as the emulator answers it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from together_di import AsyncTogether, BadRequestError, NotFoundError, Together
from together_di.types.batches import BatchJob

from .jobs import CHAT, OPTIONS, lines_of, upload


@pytest.fixture
def client() -> Together:
    return Together(**OPTIONS)


def line(name: str, **body: Any) -> dict[str, Any]:
    return {"custom_id": name, "body": {**CHAT, **body}}


def start(client: Together, folder: Path, rows: list[Any]) -> str:
    file_id = upload(client, folder, rows, "batch-api")
    job = client.batches.create(endpoint="/v1/chat/completions", input_file_id=file_id).job
    assert job is not None
    assert job.status == "VALIDATING"
    assert job.id is not None
    return job.id


def read(client: Together, batch_id: str, times: int) -> BatchJob:
    return [client.batches.retrieve(batch_id) for _ in range(times)][-1]


def test_each_line_is_answered_as_the_endpoint_answers_it(client: Together, tmp_path: Path) -> None:
    done = read(client, start(client, tmp_path, [line("a"), line("b", max_tokens=1)]), 3)
    assert (done.status, done.progress, done.error_file_id) == ("COMPLETED", 100, None)
    results = {row["custom_id"]: row["response"]["body"] for row in lines_of(client, done.output_file_id)}
    direct = client.chat.completions.create(**CHAT)
    assert results["a"]["choices"][0]["message"]["content"] == direct.choices[0].message.content
    assert results["b"]["choices"][0]["finish_reason"] == "length"
    assert results["a"]["id"] != results["b"]["id"]


def test_bad_lines_are_in_the_error_file_and_the_others_are_answered(client: Together, tmp_path: Path) -> None:
    rows = [line("hot", temperature=9), "no json", {"custom_id": "bare"}, line("good"), {"body": CHAT}]
    done = read(client, start(client, tmp_path, rows), 3)
    assert [row["custom_id"] for row in lines_of(client, done.output_file_id)] == ["good"]
    errors = lines_of(client, done.error_file_id)
    assert [row["custom_id"] for row in errors] == ["hot", None, "bare", None]
    assert [row["error"]["param"] for row in errors] == ["temperature", None, "body", "custom_id"]
    assert done.model_extra is not None
    assert done.model_extra["request_counts"] == {"total": 5, "completed": 1, "failed": 4}


def test_a_batch_moves_on_each_time_it_is_read(client: Together, tmp_path: Path) -> None:
    batch_id = start(client, tmp_path, [line("a"), line("b")])
    seen = [(job.status, job.progress) for job in [client.batches.retrieve(batch_id) for _ in range(4)]]
    assert seen == [("IN_PROGRESS", 0), ("IN_PROGRESS", 50), ("COMPLETED", 100), ("COMPLETED", 100)]


def test_a_line_that_asks_for_a_stream_gets_a_whole_answer(client: Together, tmp_path: Path) -> None:
    done = read(client, start(client, tmp_path, [line("a", stream=True)]), 3)
    assert lines_of(client, done.output_file_id)[0]["response"]["body"]["object"] == "chat.completion"


def test_a_batch_of_recordings_is_transcribed(client: Together, tmp_path: Path) -> None:
    rows = [{"custom_id": "r", "body": {"model": "openai/whisper-large-v3", "file": "https://host.test/a.wav"}}]
    file_id = upload(client, tmp_path, rows, "batch-api")
    job = client.batches.create(endpoint="/v1/audio/transcriptions", input_file_id=file_id).job
    assert job is not None
    done = read(client, str(job.id), 3)
    assert "https://host.test/a.wav" in lines_of(client, done.output_file_id)[0]["response"]["body"]["text"]


def test_a_file_without_a_request_fails(client: Together, tmp_path: Path) -> None:
    failed = read(client, start(client, tmp_path, [" "]), 1)
    assert failed.status == "FAILED"
    assert failed.error is not None


def test_a_batch_can_be_cancelled_until_it_is_complete(client: Together, tmp_path: Path) -> None:
    batch_id = start(client, tmp_path, [line("a")])
    assert client.batches.cancel(batch_id).status == "CANCELLED"
    assert client.batches.retrieve(batch_id).status == "CANCELLED"
    complete = start(client, tmp_path, [line("b")])
    read(client, complete, 3)
    with pytest.raises(BadRequestError, match="COMPLETED"):
        client.batches.cancel(complete)


def test_all_batches_are_listed(client: Together, tmp_path: Path) -> None:
    made = [start(client, tmp_path, [line("a")]) for _ in range(2)]
    assert [job.id for job in client.batches.list()][-2:] == made


def test_an_unknown_batch_is_not_found(client: Together) -> None:
    with pytest.raises(NotFoundError, match="nope"):
        client.batches.retrieve("nope")


def test_a_batch_needs_a_file_that_is_there(client: Together) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.batches.create(endpoint="/v1/chat/completions", input_file_id="file-nope")
    assert caught.value.param == "input_file_id"


def test_only_some_endpoints_take_batches(client: Together) -> None:
    endpoint: Any = "/v1/embeddings"
    with pytest.raises(BadRequestError) as caught:
        client.batches.create(endpoint=endpoint, input_file_id="file-nope")
    assert caught.value.param == "endpoint"


def test_the_async_client_gives_the_same(client: Together, tmp_path: Path) -> None:
    batch_id = start(client, tmp_path, [line("a")])

    async def main() -> BatchJob:
        async with AsyncTogether(**OPTIONS) as other:
            return [await other.batches.retrieve(batch_id) for _ in range(3)][-1]

    assert asyncio.run(main()).status == "COMPLETED"
