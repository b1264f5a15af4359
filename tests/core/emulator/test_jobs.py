"""Jobs of the emulator beyond what the client's methods reach."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.emulator.conftest import BASE_URL, body_of

if TYPE_CHECKING:
    from tests.core.emulator.conftest import Api


def upload(api: Api, text: str, purpose: str = "fine-tune") -> str:
    form = {"purpose": purpose, "file_name": "data.jsonl"}
    return str(api.json(api.form("/v1/files/upload", form, ("data.jsonl", text.encode())))["id"])


def train(api: Api, text: str, **params: object) -> str:
    return str(api.post("/v1/fine-tunes", training_file=upload(api, text), model="m", **params)["id"])


def test_the_models_to_train_and_to_judge_with_are_listed(api: Api) -> None:
    assert "openai/gpt-oss-20b" in api.get("/v1/fine-tunes/models/supported")["models"]
    assert "openai/gpt-oss-20b" in api.get("/v1/evaluation/model-list")["model_list"]


def test_the_tokenized_data_is_where_the_api_says(api: Api) -> None:
    job = train(api, '{"text": "Llamas hum."}\n')
    for _ in range(3):
        api.get(f"/v1/fine-tunes/{job}")
    place = api.get(f"/v1/fine-tunes/{job}/download-tokenized-dataset")
    data = body_of(api.send("GET", place["url"].removeprefix(BASE_URL), headers={"authorization": ""}))
    assert len(data) == place["size"]
    assert len(json.loads(gzip.decompress(data))["input_ids"]) == 3


@pytest.mark.parametrize(
    "row",
    [
        {"text": "t"},
        {"prompt": "p", "completion": "c"},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": []}]},
        {
            "input": {"messages": [{"role": "user", "content": "q"}]},
            "preferred_output": [{"role": "assistant", "content": "a"}],
            "non_preferred_output": [{"role": "assistant", "content": "b"}],
        },
    ],
    ids=["general", "instruction", "conversation", "preference"],
)
def test_each_format_can_be_trained_on(api: Api, row: dict[str, Any]) -> None:
    job = train(api, json.dumps(row))
    assert [api.get(f"/v1/fine-tunes/{job}")["status"] for _ in range(6)][-1] == "completed"


@pytest.mark.parametrize("row", ['{"messages": []}', '{"messages": ["q"]}', '{"prompt": "p"}', "[]", "{"])
def test_what_is_no_example_ends_a_job_with_the_line(api: Api, row: str) -> None:
    job = train(api, '{"text": "t"}\n\n' + row)
    assert [api.get(f"/v1/fine-tunes/{job}")["status"] for _ in range(3)] == ["queued", "error", "error"]
    assert api.get(f"/v1/fine-tunes/{job}/events")["data"][-1]["message"].startswith("Line 2 ")


@pytest.mark.parametrize(
    ("name", "value"), [("n_epochs", 0), ("n_checkpoints", 11), ("learning_rate", "high"), ("suffix", "s" * 65)]
)
def test_wrong_parameters_are_named(api: Api, name: str, value: object) -> None:
    file_id = upload(api, '{"text": "t"}')
    assert api.refused("/v1/fine-tunes", training_file=file_id, model="m", **{name: value})["param"] == name


def test_readers_at_the_same_time_move_a_batch_once_each(api: Api) -> None:
    line = {"custom_id": "a", "body": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}}
    file_id = upload(api, json.dumps(line), "batch-api")
    batch = api.post("/v1/batches", endpoint="/v1/chat/completions", input_file_id=file_id)["job"]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: api.get(f"/v1/batches/{batch['id']}")["status"], range(16)))
    assert seen.count("IN_PROGRESS") == 2
    assert seen.count("COMPLETED") == 14
