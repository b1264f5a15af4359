"""Training step by step, against the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from together_di import AsyncTogether, BadRequestError, ConflictError, NotFoundError, Together
from together_di.types.post_training import (
    Checkpoint,
    LossConfig,
    ModelInput,
    ModelResources,
    Session,
    TrainingSampleParam,
)

MODEL = "openai/gpt-oss-20b"
GRPO: LossConfig = {"type": "LOSS_TYPE_GRPO"}


def prompt(*tokens: int) -> ModelInput:
    return {"chunks": [{"encoded_text": {"tokens": tokens}}]}


def example(*tokens: int) -> TrainingSampleParam:
    targets = [float(token + 1) for token in tokens]
    return {"model_input": prompt(*tokens), "loss_fn_inputs": {"target_tokens": {"data": targets, "dtype": "int64"}}}


@pytest.fixture
def client() -> Iterator[Together]:
    with Together(api_key="key-for-tests", transport="embedded", strict=True, project_id="proj-emulator") as client:
        yield client


@pytest.fixture
def resource(client: Together) -> ModelResources:
    """Hardware that is ready."""
    return ready(client, client.post_training.model_resources.create(base_model=MODEL))


def ready(client: Together, resource: ModelResources) -> ModelResources:
    for _ in range(2):
        resource = client.post_training.model_resources.retrieve(resource.id)
    return resource


@pytest.fixture
def session(client: Together, resource: ModelResources) -> Session:
    """A session that runs."""
    session = client.post_training.sessions.create(model_resources_id=resource.id)
    return client.post_training.sessions.retrieve(session.id)


def checkpoint(client: Together, session: Session, key: str = "key") -> Checkpoint:
    """An inference checkpoint."""
    operations = client.post_training.operations
    begun = operations.create_inference_checkpoint(session.id, idempotency_key=key)
    operations.retrieve_inference_checkpoint(begun.id, session_id=session.id)
    done = operations.retrieve_inference_checkpoint(begun.id, session_id=session.id)
    assert done.output is not None
    return client.post_training.checkpoints.retrieve(done.output.checkpoint.id)


def test_a_resource_gets_ready_as_it_is_read(client: Together) -> None:
    resources = client.post_training.model_resources
    made = resources.create(base_model=MODEL, compute_config={"num_generator_replicas": 2}, inactive_timeout=600)
    seen = [made, resources.retrieve(made.id), resources.retrieve(made.id), resources.retrieve(made.id)]
    assert [each.status.rpartition("_")[2] for each in seen] == ["PENDING", "CREATING", "READY", "READY"]
    assert (made.status_details.queue_position, seen[-1].status_details.queue_position) == (1, None)
    assert made.compute_config.num_generator_replicas == 2
    assert made.expires_at is None
    assert seen[-1].expires_at is not None


def test_a_resource_can_be_kept_longer_and_never_shorter(client: Together, resource: ModelResources) -> None:
    resources = client.post_training.model_resources
    longer = resources.extend_expiry(resource.id, seconds=10_000)
    assert longer.expires_at
    assert resource.expires_at
    assert longer.expires_at > resource.expires_at
    assert resources.extend_expiry(resource.id, seconds=1).expires_at == longer.expires_at


def test_a_price_grows_with_the_replicas(client: Together) -> None:
    estimate = client.post_training.model_resources.estimate_cost
    one, two = (
        estimate(base_model=MODEL, compute_config={"num_generator_replicas": count}).price_per_hour for count in (1, 2)
    )
    assert 0 < one < two


def test_a_resource_with_sessions_is_stopped_only_by_force(client: Together, session: Session) -> None:
    resources = client.post_training.model_resources
    with pytest.raises(ConflictError, match="force"):
        resources.stop(session.resources_id)
    assert resources.stop(session.resources_id, force=True).status == "MODEL_RESOURCES_STATUS_STOPPING"
    assert resources.retrieve(session.resources_id).status == "MODEL_RESOURCES_STATUS_STOPPED"
    assert client.post_training.sessions.retrieve(session.id).status == "TRAINING_SESSION_STATUS_STOPPED"


def test_resources_are_listed_by_status_and_in_pages(client: Together) -> None:
    resources = client.post_training.model_resources
    for _ in range(3):
        resources.create(base_model=MODEL)
    first = resources.list(status=["MODEL_RESOURCES_STATUS_PENDING"], created_by="me", limit=2)
    second = resources.list(
        status=["MODEL_RESOURCES_STATUS_PENDING"], limit=100, after=first.meta.next_cursor or "nothing"
    )
    assert (len(first.data), first.meta.has_more, second.meta.has_more) == (2, True, False)
    assert {each.id for each in first.data}.isdisjoint(each.id for each in second.data)
    assert {each.status for each in second.data} == {"MODEL_RESOURCES_STATUS_PENDING"}
    assert resources.list(created_by="user-of-another").data == []


def test_a_session_is_made_listed_changed_and_stopped(client: Together, resource: ModelResources) -> None:
    sessions = client.post_training.sessions
    made = sessions.create(model_resources_id=resource.id, display_name="First", lora_config={"rank": 4})
    assert (made.status, made.lora_config and made.lora_config.rank) == ("TRAINING_SESSION_STATUS_CREATING", 4)
    assert sessions.retrieve(made.id).status == "TRAINING_SESSION_STATUS_RUNNING"
    listed = sessions.list(model_resources_id=resource.id, status=["TRAINING_SESSION_STATUS_RUNNING"])
    assert [each.display_name for each in listed.data or []] == ["First"]
    changed = sessions.update(made.id, display_name="", metadata={"wandb": {"run_id": "7", "project": "p"}})
    changed = sessions.update(made.id, metadata={"wandb": {"project": ""}})
    assert changed.display_name is None
    assert changed.metadata.to_dict() == {"wandb": {"run_id": "7"}}
    assert sessions.stop(made.id).status == "TRAINING_SESSION_STATUS_STOPPING"
    assert sessions.retrieve(made.id).status == "TRAINING_SESSION_STATUS_STOPPED"


def test_a_session_needs_a_resource_that_is_ready(client: Together) -> None:
    pending = client.post_training.model_resources.create(base_model=MODEL)
    with pytest.raises(ConflictError, match="READY"):
        client.post_training.sessions.create(model_resources_id=pending.id)
    with pytest.raises(BadRequestError, match="model_resources_id"):
        client.post_training.sessions.create(model_resources_id="nothing")


def test_what_does_not_exist_is_not_found(client: Together, session: Session) -> None:
    training = client.post_training
    with pytest.raises(NotFoundError):
        training.sessions.retrieve("nothing")
    with pytest.raises(NotFoundError):
        training.operations.retrieve_sample("nothing", session_id=session.id)
    with pytest.raises(NotFoundError):
        training.checkpoints.retrieve("nothing")
    with pytest.raises(NotFoundError):
        training.prepare_for_fp4_inference.cancel("nothing")


def test_a_training_step_from_gradients_to_samples(client: Together, session: Session) -> None:
    operations = client.post_training.operations
    begun = operations.forward_backward(session.id, loss=GRPO, samples=[example(1, 2, 3)], idempotency_key="a")
    running = operations.retrieve_forward_backward(begun.id, session_id=session.id)
    passed = operations.retrieve_forward_backward(begun.id, session_id=session.id)
    statuses = [each.status.rpartition("_")[2] for each in (begun, running, passed)]
    assert statuses == ["PENDING", "RUNNING", "COMPLETED"]
    assert passed.output is not None
    assert passed.output.loss > 0
    assert passed.output.loss_fn_outputs is None


def test_samples_come_from_the_weights_that_were_brought_over(client: Together, session: Session) -> None:
    operations = client.post_training.operations
    operations.forward_backward(session.id, loss=GRPO, samples=[example(1, 2, 3)], idempotency_key="a")
    step = operations.optim_step(session.id, adam_params={"learning_rate": 1e-4}, idempotency_key="b")
    sync = operations.weights_sync(session.id, weight_sync_type="WEIGHT_SYNC_TYPE_SYNCHRONOUS", idempotency_key="c")
    sample = operations.sample(session.id, model_inputs=[prompt(1, 2)], idempotency_key="d")
    for _ in range(2):
        step = operations.retrieve_optim_step(step.id, session_id=session.id)
        sync = operations.retrieve_weights_sync(sync.id, session_id=session.id)
        sample = operations.retrieve_sample(sample.id, session_id=session.id)
    assert step.output is not None
    assert sync.output is not None
    assert sample.output is not None
    assert (step.output.step, sync.output.weights_version) == (1, 1)
    assert sample.output.results[0].policy_segments[0].version == 1
    policy = client.post_training.sessions.retrieve(session.id).policy_state
    assert (policy.trainer_step, policy.applied_weights_version) == (1, 1)


def test_gradients_of_ones_own_are_one_for_each_token(client: Together, session: Session) -> None:
    operations = client.post_training.operations
    begun = operations.custom_forward_backward(
        session.id, gradients=[{"data": [0.5, 0.25]}], samples=[example(1, 2)], idempotency_key="a"
    )
    operations.retrieve_custom_forward_backward(begun.id, session_id=session.id)
    done = operations.retrieve_custom_forward_backward(begun.id, session_id=session.id)
    assert (done.status, done.output is None) == ("TRAINING_OPERATION_STATUS_COMPLETED", False)
    with pytest.raises(BadRequestError, match="one for each"):
        operations.custom_forward_backward(
            session.id, gradients=[{"data": [0.5]}], samples=[example(1, 2)], idempotency_key="b"
        )


def test_a_step_without_gradients_fails(client: Together, session: Session) -> None:
    operations = client.post_training.operations
    begun = operations.optim_step(session.id, idempotency_key="a")
    operations.retrieve_optim_step(begun.id, session_id=session.id)
    failed = operations.retrieve_optim_step(begun.id, session_id=session.id)
    assert (failed.status, failed.output) == ("TRAINING_OPERATION_STATUS_FAILED", None)
    assert failed.error
    assert failed.error.code == "TRAINING_OPERATION_ERROR_CODE_INVALID_INPUT"


def test_the_same_key_gives_the_same_operation(client: Together, session: Session) -> None:
    operations = client.post_training.operations
    first, again = (
        operations.sample(session.id, model_inputs=[prompt(1)], idempotency_key="same").id for _ in range(2)
    )
    assert first == again
    assert operations.sample(session.id, model_inputs=[prompt(1)], idempotency_key="other").id != first
    with pytest.raises(ConflictError, match="new key"):
        operations.sample(session.id, model_inputs=[prompt(2)], idempotency_key="same")


def test_an_operation_needs_a_key_before_anything_is_sent(client: Together) -> None:
    with pytest.raises(TypeError, match="idempotency_key"):
        client.post_training.operations.optim_step("session")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_stopped_session_takes_no_step(client: Together, session: Session) -> None:
    client.post_training.sessions.stop(session.id)
    with pytest.raises(ConflictError, match="STOPPING"):
        client.post_training.operations.optim_step(session.id, idempotency_key="a")


def test_a_wrong_tensor_is_named(client: Together, session: Session) -> None:
    wrong: TrainingSampleParam = {
        "model_input": prompt(1, 2),
        "loss_fn_inputs": {
            "target_tokens": {"data": [1], "dtype": "int64"},
            "mask": {"data": [1, 1], "dtype": "int64"},
        },
    }
    with pytest.raises(BadRequestError) as caught:
        client.post_training.operations.forward_backward(
            session.id, loss=GRPO, samples=[example(1), wrong], idempotency_key="a"
        )
    assert caught.value.param == "samples.1.loss_fn_inputs.target_tokens"


def test_a_checkpoint_is_kept_listed_and_downloaded(client: Together, session: Session) -> None:
    kept = checkpoint(client, session)
    assert (kept.session_id, kept.type, kept.lora_rank) == (session.id, "CHECKPOINT_TYPE_INFERENCE", 8)
    newer = checkpoint(client, session, key="newer")
    checkpoints = client.post_training.checkpoints
    first = checkpoints.list(session_id=session.id, type="CHECKPOINT_TYPE_INFERENCE", limit=1)
    rest = checkpoints.list(session_id=session.id, after=first.meta.next_cursor or "nothing")
    assert [each.id for each in first.data + rest.data] == [newer.id, kept.id]
    files = checkpoints.download(kept.id, variant="CHECKPOINT_VARIANT_ADAPTER").data
    assert [file.filename for file in files] == ["adapter_model.safetensors", "adapter_config.json"]
    known = client.post_training.sessions.retrieve(session.id).inference_checkpoints
    assert [each.id for each in known] == [kept.id, newer.id]


def test_training_goes_on_from_a_checkpoint(client: Together, session: Session) -> None:
    operations = client.post_training.operations
    operations.forward_backward(session.id, loss=GRPO, samples=[example(1)], idempotency_key="a")
    operations.optim_step(session.id, idempotency_key="b")
    begun = operations.create_training_checkpoint(session.id, idempotency_key="c")
    operations.retrieve_training_checkpoint(begun.id, session_id=session.id)
    done = operations.retrieve_training_checkpoint(begun.id, session_id=session.id)
    assert done.output is not None
    kept = done.output.checkpoint
    with pytest.raises(BadRequestError, match="inference"):
        client.post_training.checkpoints.download(kept.id, variant="CHECKPOINT_VARIANT_MERGED")
    create = client.post_training.sessions.create
    resumed = create(model_resources_id=session.resources_id, resume_from_checkpoint_id=kept.id)
    fresh = create(model_resources_id=session.resources_id, resume_from_checkpoint_id=kept.id, load_optimizer=False)
    assert (kept.step, resumed.step, fresh.step) == (1, 1, 0)
    with pytest.raises(BadRequestError, match="resume_from_checkpoint_id"):
        create(model_resources_id=session.resources_id, resume_from_checkpoint_id="nothing")


def test_a_model_is_made_small(client: Together) -> None:
    shaping = client.post_training.prepare_for_fp4_inference
    assert shaping.estimate_cost(inputs={"model_object_id": "m"}).allowed_to_proceed
    job = shaping.create(inputs={"model_object_id": "m"})
    statuses = [shaping.retrieve(job.id).status for _ in range(3)]
    assert [job.status, *statuses] == ["pending", "queued", "running", "completed"]
    done = next(each for each in shaping.list().data if each.id == job.id)
    assert done.results
    assert done.results.api_model_object_id
    assert done.params.inputs.api_model_object_id == "m"
    assert shaping.list_events(job.id).data[-1].type == "QUANTIZATION_JOB_COMPLETE"
    with pytest.raises(ConflictError, match="completed"):
        shaping.cancel(job.id)


def test_making_a_model_small_can_be_cancelled(client: Together) -> None:
    shaping = client.post_training.prepare_for_fp4_inference
    job = shaping.create(inputs={"model_object_id": "m"})
    assert shaping.cancel(job.id).status == "cancel_requested"
    assert shaping.retrieve(job.id).status == "cancelled"


def test_a_model_to_make_small_has_to_be_named(client: Together) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.post_training.prepare_for_fp4_inference.create(inputs={})
    assert caught.value.param == "inputs.model_object_id"


def test_every_supported_model_can_have_a_resource(client: Together) -> None:
    models = client.post_training.supported_models.get().data
    assert MODEL in [model.base_model for model in models]
    for model in models:
        assert client.post_training.model_resources.create(base_model=model.base_model).base_model == model.base_model
    with pytest.raises(BadRequestError, match="base_model"):
        client.post_training.model_resources.create(base_model="nothing")


def test_the_async_client_trains_too() -> None:
    async def story() -> None:
        async with AsyncTogether(api_key="key-for-tests", transport="embedded", strict=True) as client:
            training = client.post_training
            made = await training.model_resources.create(base_model=MODEL)
            for _ in range(2):
                await training.model_resources.retrieve(made.id)
            session = await training.sessions.create(model_resources_id=made.id)
            await training.sessions.retrieve(session.id)
            begun = await training.operations.sample(session.id, model_inputs=[prompt(1)], idempotency_key="a")
            await training.operations.retrieve_sample(begun.id, session_id=session.id)
            done = await training.operations.retrieve_sample(begun.id, session_id=session.id)
            assert done.output
            assert done.output.results[0].sequences

    asyncio.run(story())
