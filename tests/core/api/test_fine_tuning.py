"""`client.fine_tuning`, as the emulator answers it, and what `create` refuses."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest
import together

import together_di
from together_di import AsyncTogether, BadRequestError, NotFoundError, Together
from together_di.types.fine_tuning import AvailableEstimate, FinetuneResponse, UnavailableEstimate

from .jobs import OPTIONS, upload

MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
ROWS = [{"prompt": f"What is {number}?", "completion": f"It is {number}."} for number in range(40)]
STATUSES = ["queued", "running", "running", "compressing", "uploading", "completed"]


@pytest.fixture
def client() -> Together:
    return Together(**OPTIONS)


@pytest.fixture
def file_id(client: Together, tmp_path: Path) -> str:
    return upload(client, tmp_path, ROWS)


def read(client: Together, job: FinetuneResponse, times: int = len(STATUSES)) -> FinetuneResponse:
    return [client.fine_tuning.retrieve(job.id) for _ in range(times)][-1]


# The life of a job


def test_a_job_moves_on_each_time_it_is_read(client: Together, file_id: str) -> None:
    job = client.fine_tuning.create(training_file=file_id, model=MODEL, suffix="mine")
    assert job.status == "pending"
    assert [client.fine_tuning.retrieve(job.id).status for _ in STATUSES] == STATUSES
    assert client.fine_tuning.retrieve(job.id).status == "completed"


def test_a_complete_job_says_what_it_has_done(client: Together, file_id: str) -> None:
    done = read(client, client.fine_tuning.create(training_file=file_id, model=MODEL, suffix="mine", n_epochs=3))
    assert (done.epochs_completed, done.trainingfile_numlines) == (3, len(ROWS))
    assert done.output_name == f"emulator/Llama-3.3-70B-Instruct-Turbo-mine-{done.id}"
    assert done.token_count
    assert [event.type for event in client.fine_tuning.list_events(done.id).data][:2] == [
        "job_pending",
        "training_data_downloading",
    ]
    assert client.fine_tuning.list_events(done.id).data[-1].type == "job_complete"


def test_the_new_model_answers(client: Together, file_id: str) -> None:
    done = read(client, client.fine_tuning.create(training_file=file_id, model=MODEL))
    answer = client.chat.completions.create(model=str(done.output_name), messages=[{"role": "user", "content": "Hi"}])
    assert answer.model == done.output_name


def test_checkpoints_come_with_the_steps(client: Together, file_id: str) -> None:
    job = client.fine_tuning.create(training_file=file_id, model=MODEL, n_epochs=2, n_checkpoints=2)
    assert client.fine_tuning.list_checkpoints(job.id).data == []
    read(client, job, 3)
    assert [point.step for point in client.fine_tuning.list_checkpoints(job.id).data] == [5]
    read(client, job)
    assert [point.step for point in client.fine_tuning.list_checkpoints(job.id).data] == [5, 10]


def test_measurements_can_be_chosen(client: Together, file_id: str) -> None:
    job = client.fine_tuning.create(training_file=file_id, model=MODEL, n_epochs=2)
    assert client.fine_tuning.list_metrics(job.id).metrics == []
    read(client, job)
    steps = [entry["train/global_step"] for entry in client.fine_tuning.list_metrics(job.id).metrics or []]
    assert steps == list(range(1, 11))
    some = client.fine_tuning.list_metrics(job.id, global_step_from=3, global_step_to=8, resolution=3).metrics or []
    assert [entry["train/global_step"] for entry in some] == [3, 5, 7]
    late = client.fine_tuning.list_metrics(job.id, logged_at_from="2100-01-01T00:00:00Z")
    assert late.metrics == []


def test_the_model_can_be_fetched_when_it_is_there(client: Together, file_id: str) -> None:
    job = client.fine_tuning.create(training_file=file_id, model=MODEL, lora=True)
    with pytest.raises(BadRequestError, match="pending"):
        client.fine_tuning.content(ft_id=job.id).read()
    read(client, job)
    archive = client.fine_tuning.content(ft_id=job.id, checkpoint="adapter").read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == ["adapter_config.json", "adapter_model.safetensors"]
        config = tar.extractfile("adapter_config.json")
        assert config is not None
        assert json.load(config)["model"] == client.fine_tuning.retrieve(job.id).output_name
    with pytest.raises(BadRequestError) as caught:
        client.fine_tuning.content(ft_id=job.id, checkpoint_step=99).read()
    assert caught.value.param == "checkpoint_step"


def test_the_tokenized_data_can_be_fetched_when_it_is_there(client: Together, file_id: str) -> None:
    job = client.fine_tuning.create(training_file=file_id, model=MODEL)
    with pytest.raises(BadRequestError, match="not been tokenized"):
        client.fine_tuning.retrieve_tokenized_dataset(job.id)
    read(client, job)
    place = client.fine_tuning.retrieve_tokenized_dataset(job.id)
    assert place.url.endswith(job.id)
    assert place.size > 0


def test_data_that_cannot_be_trained_on_ends_the_job(client: Together, tmp_path: Path) -> None:
    job = client.fine_tuning.create(training_file=upload(client, tmp_path, [ROWS[0], "{}"]), model=MODEL)
    assert read(client, job).status == "error"
    assert "Line 2" in client.fine_tuning.list_events(job.id).data[-1].message


def test_a_job_can_be_cancelled_while_it_trains(client: Together, file_id: str) -> None:
    job = client.fine_tuning.create(training_file=file_id, model=MODEL)
    read(client, job, 2)
    assert client.fine_tuning.cancel(job.id).status == "cancel_requested"
    assert client.fine_tuning.retrieve(job.id).status == "cancelled"
    assert client.fine_tuning.retrieve(job.id).status == "cancelled"
    with pytest.raises(BadRequestError, match="cancelled"):
        client.fine_tuning.cancel(job.id)


def test_jobs_are_listed_until_they_are_deleted(client: Together, file_id: str) -> None:
    job = client.fine_tuning.create(training_file=file_id, model=MODEL)
    assert job.id in [entry.id for entry in client.fine_tuning.list().data]
    assert job.id in str(client.fine_tuning.delete(job.id).message)
    with pytest.raises(NotFoundError):
        client.fine_tuning.retrieve(job.id)


def test_training_can_go_on_from_a_checkpoint(client: Together, file_id: str) -> None:
    first = read(client, client.fine_tuning.create(training_file=file_id, model=MODEL))
    second = client.fine_tuning.create(training_file=file_id, from_checkpoint=f"{first.id}:5")
    assert second.from_checkpoint == f"{first.id}:5"


@pytest.mark.parametrize("name", ["training_file", "validation_file"])
def test_a_file_has_to_be_there(client: Together, file_id: str, name: str) -> None:
    files: Any = {"training_file": file_id, name: "file-nope"}
    with pytest.raises(BadRequestError) as caught:
        client.fine_tuning.create(model=MODEL, **files)
    assert caught.value.param == name


def test_the_async_client_gives_the_same(file_id: str) -> None:
    async def main() -> list[str]:
        async with AsyncTogether(**OPTIONS) as other:
            job = await other.fine_tuning.create(training_file=file_id, model=MODEL)
            return [(await other.fine_tuning.retrieve(job.id)).status for _ in STATUSES]

    assert asyncio.run(main()) == STATUSES


# Without a job


def test_a_model_that_does_not_write_cannot_be_trained(client: Together) -> None:
    assert client.fine_tuning.model_limits(model_name=MODEL).lora_training.max_rank == 64
    with pytest.raises(NotFoundError, match="bge"):
        client.fine_tuning.model_limits(model_name="BAAI/bge-base-en-v1.5")


def test_a_price_is_estimated_unless_the_data_is_unfit(client: Together, file_id: str, tmp_path: Path) -> None:
    once = client.fine_tuning.estimate_price(training_file=file_id, model=MODEL)
    thrice = client.fine_tuning.estimate_price(training_file=file_id, model=MODEL, n_epochs=3)
    assert isinstance(once, AvailableEstimate)
    assert isinstance(thrice, AvailableEstimate)
    assert thrice.estimated_train_token_count == 3 * (once.estimated_train_token_count or 0) > 0
    unfit = client.fine_tuning.estimate_price(training_file=upload(client, tmp_path, ["?"]), model=MODEL)
    assert isinstance(unfit, UnavailableEstimate)
    assert unfit.unavailable_reason == "train_file_invalid"


def test_a_preview_shows_what_is_trained_on(client: Together, file_id: str) -> None:
    preview = client.fine_tuning.preview(model=MODEL, training_file=file_id, top_k=1)
    row = preview.rows[0]
    assert preview.dataset_format == "instruction"
    (start, end), *_ = row.trained_spans
    assert "".join(row.tokens[start:end]) == "It is 0."
    assert row.labels[:start] == [-100] * start
    everything = client.fine_tuning.preview(model=MODEL, training_file=file_id, top_k=1, train_on_inputs=True)
    assert everything.rows[0].num_trained_tokens == row.num_tokens


# What `create` sends and refuses

LIMITS: dict[str, Any] = {
    "model_name": "m",
    "default_gradient_accumulation_steps": 1,
    "lora_training": {"default_rank": 16, "max_batch_size": 64, "max_batch_size_dpo": 32, "max_rank": 64,
                      "min_batch_size": 8, "target_modules": ["q"]},
    "full_training": {"max_batch_size": 64, "max_batch_size_dpo": 32, "min_batch_size": 8},
    "max_learning_rate": 0.1, "max_num_checkpoints": 10, "max_num_epochs": 20, "max_num_evals": 10,
    "max_seq_length_dpo": 4096, "max_seq_length_sft": 8192, "merge_output_lora": True, "min_learning_rate": 0.0,
    "min_max_seq_length": 512, "supports_full_training": True, "supports_reasoning": False, "supports_tools": True,
    "supports_vision": False,
}  # fmt: skip
ANSWER = {
    "id": "ft-1",
    "status": "pending",
    "user_id": "u",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "model_output_name": "me/mine",
    "adapter_output_name": None,
}
ESTIMATE = {"estimation_available": True, "allowed_to_proceed": True, "estimated_total_price": 3.5}


class Server:
    """Answers what `create` asks, and keeps what it was asked."""

    def __init__(self, limits: dict[str, Any] = LIMITS, estimate: dict[str, Any] = ESTIMATE) -> None:
        self.answers = {"limits": limits, "estimate-price": estimate, "fine-tunes": ANSWER}
        self.asked: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        last = request.url.path.rpartition("/")[2]
        self.asked.append((request.method, last, dict(request.url.params), json.loads(request.content or b"null")))
        return httpx.Response(200, json=self.answers[last])

    def create(self, sdk: Any = together_di, **arguments: Any) -> Any:
        with httpx.Client(transport=httpx.MockTransport(self)) as http:
            client = sdk.Together(api_key="k", http_client=http, max_retries=0)
            return client.fine_tuning.create(**{"training_file": "file-1", **arguments})


CREATED: list[dict[str, Any]] = [
    {"model": "m"},
    {"model": "m", "lora": True},
    {"model": "m", "lora": False, "batch_size": 32},
    {"model": "m", "lora": True, "lora_r": 4, "lora_alpha": 7.0, "lora_dropout": 0.2, "lora_trainable_modules": None},
    {"model": "m", "batch_size": 3},
    {"from_checkpoint": "ft-1:3", "train_on_inputs": False},
    {"model": "m", "training_method": "dpo", "lora": True},
    {"model": "m", "training_method": "dpo", "simpo_gamma": 0, "dpo_normalize_logratios_by_length": True},
    {"model": "m", "training_method": "dpo", "simpo_gamma": 2.5, "dpo_beta": 0.1, "rpo_alpha": 0.3},
    {"model": "m", "lr_scheduler_type": "linear", "scheduler_num_cycles": 0, "min_lr_ratio": None},
    {"model": "m", "learning_rate": None, "weight_decay": None, "warmup_ratio": None, "min_lr_ratio": None},
    {"model": "m", "n_evals": None, "n_checkpoints": None, "validation_file": None},
    {"model": "m", "max_seq_length": 512, "early_stopping_patience": -3},
    {"model": "m", "validation_file": "file-2", "n_evals": 4, "early_stopping_enabled": True},
    {
        "model": "m", "suffix": "s", "wandb_api_key": "a", "wandb_base_url": "b", "wandb_project_name": "c",
        "wandb_name": "d", "wandb_entity": "e", "random_seed": 3, "gradient_accumulation_steps": 2, "packing": False,
        "n_epochs": 4, "from_hf_model": "h", "hf_model_revision": "r", "hf_api_token": "t",
        "hf_output_repo_name": "o", "max_grad_norm": 0.5,
    },
]  # fmt: skip


@pytest.mark.parametrize("limits", [LIMITS, LIMITS | {"supports_vision": True}], ids=["reads", "sees"])
@pytest.mark.parametrize("arguments", CREATED, ids=" ".join)
def test_the_requests_are_those_of_the_official_sdk(arguments: dict[str, Any], limits: dict[str, Any]) -> None:
    theirs, ours = Server(limits), Server(limits)
    official = theirs.create(together, **arguments)
    job = ours.create(**arguments)
    assert ours.asked == theirs.asked
    assert (job.id, job.output_name) == (official.id, official.output_name)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "say what to train"),
    ({"model": "m", "from_checkpoint": "c"}, "either model or from_checkpoint"),
    ({"from_checkpoint": "c", "from_hf_model": "h"}, "either from_checkpoint or from_hf_model"),
    ({"model": "m", "training_method": "ppo"}, "training_method='ppo'"),
    ({"model": "m", "dpo_beta": 0.1}, "dpo_beta goes with training_method='dpo'"),
    ({"model": "m", "dpo_normalize_logratios_by_length": True}, "dpo_normalize_logratios_by_length goes"),
    ({"model": "m", "train_on_inputs": True, "training_method": "dpo"}, "train_on_inputs goes"),
    ({"model": "m", "rpo_alpha": -1, "training_method": "dpo"}, "rpo_alpha=-1 must be at least 0"),
    ({"model": "m", "warmup_ratio": 1.5}, r"warmup_ratio=1.5 must be from 0 to 1"),
    ({"model": "m", "min_lr_ratio": -0.1}, r"min_lr_ratio=-0.1 must be from 0 to 1"),
    ({"model": "m", "max_grad_norm": -1}, "max_grad_norm"),
    ({"model": "m", "weight_decay": -1}, "weight_decay"),
    ({"model": "m", "scheduler_num_cycles": 0}, "scheduler_num_cycles"),
    ({"model": "m", "lora": True, "lora_dropout": 1.0}, "lora_dropout"),
    ({"model": "m", "lora": True, "batch_size": 3}, "batch_size=3 must be 'max', or from 8 to 64"),
    ({"model": "m", "lora": True, "batch_size": 40, "training_method": "dpo"}, "from 8 to 32"),
    ({"model": "m", "max_seq_length": 8193}, "from 512 to 8192"),
    ({"model": "m", "max_seq_length": 8192, "training_method": "dpo"}, "from 512 to 4096"),
    ({"model": "m", "train_vision": True}, "m does not see"),
    ({"model": "m", "early_stopping_enabled": True}, "needs a validation_file"),
    ({"model": "m", "early_stopping_enabled": True, "validation_file": "v", "n_evals": 3}, "n_evals=4 or more, not 3"),
    ({"model": "m", "early_stopping_enabled": True, "early_stopping_patience": 0}, "early_stopping_patience=0"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_go_together_is_refused_here_and_there(arguments: dict[str, Any], message: str) -> None:
    server = Server()
    with pytest.raises(ValueError, match=message):
        server.create(**arguments)
    assert not [asked for asked in server.asked if asked[0] == "POST"]
    with pytest.raises(ValueError):
        Server().create(together, **arguments)


def test_a_model_of_which_only_adapters_can_be_trained_says_so() -> None:
    with pytest.raises(ValueError, match="only an adapter"):
        Server(LIMITS | {"full_training": None}).create(model="m", lora=False)


def test_known_limits_are_not_asked_for() -> None:
    limits = together_di.types.fine_tuning.FinetuneModelLimits.model_validate(LIMITS)
    server = Server()
    server.create(model="m", model_limits=limits)
    assert [asked[1] for asked in server.asked] == ["estimate-price", "fine-tunes"]


def test_a_balance_too_low_for_the_job_is_warned_of() -> None:
    server = Server(estimate=ESTIMATE | {"allowed_to_proceed": False})
    with pytest.warns(UserWarning, match=r"\$3\.5, more than your balance") as caught:
        server.create(model="m")
    assert caught[0].filename == __file__


def test_what_is_sent_is_printed_without_keys_if_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    Server().create(model="m", verbose=True, wandb_api_key="s3cret-1", hf_api_token="s3cret-2")
    printed = capsys.readouterr().out
    assert "'training_file': 'file-1'" in printed
    assert "s3cret" not in printed


def test_a_fake_can_say_what_create_gives() -> None:
    fake = together_di.FakeTogether()
    fake.fine_tuning.model_limits.returns(LIMITS)
    fake.fine_tuning.estimate_price.returns(ESTIMATE)
    fake.fine_tuning.create.returns(ANSWER)
    assert fake.fine_tuning.create(training_file="file-1", model="m").id == "ft-1"
    names: list[str] = [call.name for call in fake.calls]
    assert names == ["fine_tuning.model_limits", "fine_tuning.estimate_price", "fine_tuning.create"]
