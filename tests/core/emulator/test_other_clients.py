"""Clients that others wrote work against the emulator, unchanged: the official ones of Together and OpenAI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import together

from together_di.emulator import EmulatorServer

MESSAGES: Any = [
    {"role": "system", "content": "Llamas live in the Andes. They hum when they are tired."},
    {"role": "user", "content": "Where do llamas live?"},
]
ANSWER = "Llamas live in the Andes."
#: How often a job is read until it has ended.
BATCH_READS, TRAINING_READS = 3, 6


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with EmulatorServer() as server:
        yield server.url


@pytest.fixture
def theirs(url: str) -> Iterator[together.Together]:
    with together.Together(api_key="k", base_url=url, max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def openais(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """A file of requests for a batch, the last of which cannot be answered."""
    bodies: list[Any] = [{"model": "m", "messages": MESSAGES}, {"model": "m", "messages": MESSAGES, "temperature": 9}]
    lines = [
        {"custom_id": f"{tmp_path.name}-{index}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        for index, body in enumerate(bodies)
    ]
    return written(tmp_path / "requests.jsonl", lines)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A file to train on."""
    answer = {"role": "assistant", "content": f"They hum in {tmp_path.name}."}
    rows = [{"messages": [{"role": "user", "content": f"Question {number}?"}, answer]} for number in range(12)]
    return written(tmp_path / "examples.jsonl", rows)


def written(file: Path, rows: list[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def results(content: bytes) -> dict[str, Any]:
    """What a file of a batch says, by the part of the custom id that counts the requests."""
    rows = [json.loads(line) for line in content.splitlines()]
    return {row["custom_id"].rpartition("-")[2]: row for row in rows}


# The official client of Together


def test_together_chats(theirs: together.Together) -> None:
    answer = theirs.chat.completions.create(model="m", messages=MESSAGES)
    assert answer.choices[0].message is not None
    assert answer.choices[0].message.content == ANSWER


def test_together_streams(theirs: together.Together) -> None:
    stream = theirs.chat.completions.create(model="m", messages=MESSAGES, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == ANSWER


def test_together_embeds(theirs: together.Together) -> None:
    assert len(theirs.embeddings.create(model="m", input=["a", "b"]).data) == 2


def test_together_draws(theirs: together.Together) -> None:
    picture: Any = theirs.images.generate(model="m", prompt="p", width=64, height=64, response_format="base64").data[0]
    assert picture.b64_json


def test_together_keeps_files(theirs: together.Together, examples: Path) -> None:
    sent = theirs.files.upload(examples, purpose="fine-tune")
    assert theirs.files.content(sent.id).read() == examples.read_bytes()
    assert theirs.files.delete(sent.id).deleted


def test_together_trains(theirs: together.Together, examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file_id = theirs.files.upload(examples, purpose="fine-tune").id
    job = theirs.fine_tuning.create(training_file=file_id, model="m", lora=True, suffix="mine")
    statuses = [theirs.fine_tuning.retrieve(job.id).status for _ in range(TRAINING_READS)]
    assert statuses[-1] == "completed"
    done = theirs.fine_tuning.retrieve(job.id)
    assert done.x_model_output_name == job.output_name
    assert done.events is not None
    assert theirs.fine_tuning.list_events(job.id).data == done.events
    assert theirs.fine_tuning.list_checkpoints(job.id).data[-1].step == 2
    assert theirs.fine_tuning.list_metrics(job.id).metrics
    assert theirs.fine_tuning.content(ft_id=job.id, checkpoint="adapter").read()
    assert job.id in [entry.id for entry in theirs.fine_tuning.list().data]


def test_together_batches(theirs: together.Together, requests: Path) -> None:
    file_id = theirs.files.upload(requests, purpose="batch-api").id
    made = theirs.batches.create(endpoint="/v1/chat/completions", input_file_id=file_id).job
    assert made is not None
    assert made.id is not None
    done = [theirs.batches.retrieve(made.id) for _ in range(BATCH_READS)][-1]
    assert (done.status, done.progress) == ("COMPLETED", 100)
    assert done.output_file_id is not None
    answered = results(theirs.files.content(done.output_file_id).read())
    assert answered["0"]["response"]["body"]["choices"][0]["message"]["content"] == ANSWER
    assert done.error_file_id is not None
    assert results(theirs.files.content(done.error_file_id).read())["1"]["error"]["param"] == "temperature"


def test_together_evaluates(theirs: together.Together, examples: Path) -> None:
    parameters: Any = {
        "judge": {"model": "m", "model_source": "serverless", "system_template": "Judge."},
        "input_data_file_path": theirs.files.upload(examples, purpose="eval").id,
        "labels": ["good", "bad"],
        "pass_labels": ["good"],
    }
    made = theirs.evals.create(type="classify", parameters=parameters)
    done = [theirs.evals.retrieve(str(made.workflow_id)) for _ in range(3)][-1]
    assert done.status == "completed"
    assert theirs.evals.status(str(made.workflow_id)).results is not None


def test_together_works_asynchronously(url: str, examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> Any:
        async with together.AsyncTogether(api_key="k", base_url=url, max_retries=0) as client:
            sent = await client.files.upload(examples, purpose="fine-tune")
            job = await client.fine_tuning.create(training_file=sent.id, model="m")
            return [(await client.fine_tuning.retrieve(job.id)).status for _ in range(TRAINING_READS)]

    assert asyncio.run(main())[-1] == "completed"


# OpenAI's client


def test_openai_chats(openais: openai.OpenAI) -> None:
    answer = openais.chat.completions.create(model="m", messages=MESSAGES)
    assert answer.choices[0].message.content == ANSWER


def test_openai_streams(openais: openai.OpenAI) -> None:
    stream = openais.chat.completions.create(model="m", messages=MESSAGES, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == ANSWER


def test_openai_embeds(openais: openai.OpenAI) -> None:
    # It asks for base64 unless told otherwise.
    plain = openais.embeddings.create(model="m", input=["a", "b"], encoding_format="float")
    packed = openais.embeddings.create(model="m", input=["a", "b"])
    assert packed.data[1].embedding == pytest.approx(plain.data[1].embedding, abs=1e-6)


def test_openai_draws(openais: openai.OpenAI) -> None:
    pictures = openais.images.generate(model="m", prompt="p", response_format="b64_json").data
    assert pictures is not None
    assert pictures[0].b64_json


def test_openai_keeps_files(openais: openai.OpenAI, examples: Path) -> None:
    sent = openais.files.create(file=examples, purpose="fine-tune")
    assert openais.files.content(sent.id).read() == examples.read_bytes()
    assert sent.id in [file.id for file in openais.files.list()]
    assert openais.files.delete(sent.id).deleted


def test_openai_trains(openais: openai.OpenAI, examples: Path) -> None:
    file_id = openais.files.create(file=examples, purpose="fine-tune").id
    job = openais.fine_tuning.jobs.create(model="m", training_file=file_id, suffix="mine")
    assert job.status == "validating_files"
    done = [openais.fine_tuning.jobs.retrieve(job.id) for _ in range(TRAINING_READS)][-1]
    assert done.status == "succeeded"
    assert done.fine_tuned_model == f"emulator/m-mine-{job.id}"
    assert openais.fine_tuning.jobs.list_events(job.id).data[-1].message == "The job is complete."
    assert job.id in [entry.id for entry in openais.fine_tuning.jobs.list()]


def test_openai_cancels_a_training(openais: openai.OpenAI, examples: Path) -> None:
    file_id = openais.files.create(file=examples, purpose="fine-tune").id
    job = openais.fine_tuning.jobs.create(model="m", training_file=file_id)
    openais.fine_tuning.jobs.cancel(job.id)
    assert openais.fine_tuning.jobs.retrieve(job.id).status == "cancelled"


def test_openai_batches(openais: openai.OpenAI, requests: Path) -> None:
    file_id = openais.files.create(file=requests, purpose="batch").id
    made = openais.batches.create(input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h")
    done = [openais.batches.retrieve(made.id) for _ in range(BATCH_READS)][-1]
    assert done.request_counts is not None
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (2, 1, 1)
    assert done.output_file_id is not None
    answered = results(openais.files.content(done.output_file_id).read())
    assert answered["0"]["response"]["body"]["choices"][0]["message"]["content"] == ANSWER


def test_openai_works_asynchronously(url: str) -> None:
    async def main() -> Any:
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0) as client:
            return await client.chat.completions.create(model="m", messages=MESSAGES)

    assert asyncio.run(main()).choices[0].message.content == ANSWER
