"""What type checkers make of training, films, projects and costs: never run, checked by mypy and pyright."""

from __future__ import annotations

from typing import assert_type

from together_di import APIResponse, AsyncTogether, Together
from together_di.pagination import AsyncPage, Page
from together_di.types import (
    BillingUsageWindow,
    CheckpointDownloadResponse,
    ExecuteResponse,
    Project,
    QuantizationJob,
    RlSupportedModels,
    SessionsListResponse,
    VideoJob,
)
from together_di.types.post_training import (
    ForwardBackwardOperation,
    ModelInput,
    ModelResources,
    OptimStepOperation,
    SampleOperation,
    Session,
    TrainingSampleParam,
)

PROMPT: ModelInput = {"chunks": [{"encoded_text": {"tokens": [1, 2]}}]}
SAMPLE: TrainingSampleParam = {
    "model_input": PROMPT,
    "loss_fn_inputs": {"target_tokens": {"data": [2, 3], "dtype": "int64"}},
}


def sync_results(client: Together) -> None:
    training = client.post_training
    assert_type(training.model_resources.create(base_model="m"), ModelResources)
    assert_type(training.sessions.create(model_resources_id="r", lora_config={"rank": 8}), Session)
    assert_type(training.sessions.list(status=["TRAINING_SESSION_STATUS_RUNNING"]), SessionsListResponse)
    operation = training.operations.forward_backward(
        "s", loss={"type": "LOSS_TYPE_PPO"}, samples=[SAMPLE], idempotency_key="k"
    )
    assert_type(operation, ForwardBackwardOperation)
    if operation.output is not None:
        assert_type(operation.output.loss, float)
    assert_type(training.operations.retrieve_optim_step("o", session_id="s"), OptimStepOperation)
    assert_type(training.checkpoints.download("c", variant="CHECKPOINT_VARIANT_MERGED"), CheckpointDownloadResponse)
    assert_type(training.prepare_for_fp4_inference.create(inputs={"model_object_id": "m"}), QuantizationJob)
    assert_type(training.supported_models.get(), RlSupportedModels)
    assert_type(client.videos.create(model="m", prompt="p"), VideoJob)
    assert_type(client.videos.wait("v", timeout=60), VideoJob)
    assert_type(client.projects.list(), Page[Project])
    assert_type(client.organization.usage.costs.list(granularity="hour"), Page[BillingUsageWindow])
    assert_type(client.code_interpreter.run("1", "python"), ExecuteResponse)
    assert_type(client.videos.with_raw_response.retrieve("v"), APIResponse[VideoJob])


async def async_results(client: AsyncTogether) -> None:
    operations = client.post_training.operations
    assert_type(await operations.sample("s", model_inputs=[PROMPT], idempotency_key="k"), SampleOperation)
    assert_type(await client.videos.wait("v"), VideoJob)
    assert_type(await client.projects.list(), AsyncPage[Project])
    assert_type(await client.code_interpreter.run("1", "python"), ExecuteResponse)


def wrong_uses(client: Together) -> None:
    operations = client.post_training.operations
    operations.optim_step("s")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    operations.retrieve_sample("o")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    operations.weights_sync("s", weight_sync_type="NOW", idempotency_key="k")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.videos.create(prompt="p")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.videos.create(model="m", seconds=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.organization.usage.costs.list(granularity="week")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.projects.list("after")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
