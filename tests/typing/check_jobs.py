"""What type checkers make of `fine_tuning`, `batches` and `evals`: never run, checked by mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from together_di import APIResponse, AsyncBinaryAPIResponse, AsyncTogether, BinaryAPIResponse, FakeTogether, Together
from together_di.types import (
    BatchCreateResponse,
    BatchJob,
    EvalCreateResponse,
    EvalStatusResponse,
    EvaluationJob,
    FinetuneModelLimits,
    FinetuneResponse,
    FineTuningCancelResponse,
    FineTuningListEventsResponse,
)
from together_di.types.evals import EvaluationJudge, ParametersEvaluationScoreParameters
from together_di.types.fine_tuning import AvailableEstimate, UnavailableEstimate

JUDGE: EvaluationJudge = {"model": "m", "model_source": "serverless", "system_template": "Judge."}
SCORE: ParametersEvaluationScoreParameters = {
    "judge": JUDGE,
    "input_data_file_path": "file-1",
    "min_score": 0,
    "max_score": 5,
    "pass_threshold": 3,
}


def told(job: FinetuneResponse) -> None:
    assert_type(job.status == "completed", bool)


def sync_results(client: Together) -> None:
    tuning = client.fine_tuning
    assert_type(tuning.create(training_file="f", model="m", lora=True), FinetuneResponse)
    assert_type(tuning.wait("ft-1", timeout=60, poll_interval=2, on_progress=told), FinetuneResponse)
    assert_type(tuning.cancel("ft-1"), FineTuningCancelResponse)
    assert_type(tuning.list().data, list[FineTuningCancelResponse])
    assert_type(tuning.list_events("ft-1"), FineTuningListEventsResponse)
    assert_type(tuning.content(ft_id="ft-1"), BinaryAPIResponse)
    assert_type(tuning.model_limits(model_name="m"), FinetuneModelLimits)
    assert_type(tuning.estimate_price(training_file="f"), AvailableEstimate | UnavailableEstimate)
    assert_type(tuning.with_raw_response.retrieve("ft-1"), APIResponse[FinetuneResponse])
    assert_type(client.batches.create(endpoint="/v1/chat/completions", input_file_id="f"), BatchCreateResponse)
    assert_type(client.batches.list(), list[BatchJob])
    assert_type(client.batches.wait("b", on_progress=lambda job: print(job.progress)), BatchJob)
    assert_type(client.evals.create(type="score", parameters=SCORE), EvalCreateResponse)
    assert_type(client.evals.wait("e"), EvaluationJob)
    assert_type(client.evaluation.create("score", "m", "serverless", "t", "f", min_score=0), EvalCreateResponse)
    assert_type(client.evaluation.retrieve("e"), EvaluationJob)


async def async_results(client: AsyncTogether) -> None:
    assert_type(await client.fine_tuning.create(training_file="f", model="m"), FinetuneResponse)
    assert_type(await client.fine_tuning.wait("ft-1"), FinetuneResponse)
    assert_type(await client.fine_tuning.content(ft_id="ft-1"), AsyncBinaryAPIResponse)
    assert_type(await client.batches.wait("b"), BatchJob)
    assert_type(await client.evals.list(status="completed"), list[EvaluationJob])
    assert_type(await client.evals.status("e"), EvalStatusResponse)
    assert_type(await client.evaluation.wait("e"), EvaluationJob)


def fakes(fake: FakeTogether) -> None:
    assert_type(fake.fine_tuning.wait("ft-1"), FinetuneResponse)
    fake.batches.retrieve.returns(BatchJob(status="COMPLETED"))


def wrong_uses(client: Together) -> None:
    client.fine_tuning.create(model="m")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.fine_tuning.create(training_file="f", epochs=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.fine_tuning.wait("ft-1", every=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.fine_tuning.content("ft-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.batches.create(endpoint="/v1/embeddings", input_file_id="f")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.batches.wait("b", on_progress=told)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.evals.create(type="rank", parameters=SCORE)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.evals.create(type="score", parameters={"judge": JUDGE})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
