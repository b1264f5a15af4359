"""`client.fine_tuning`: https://docs.together.ai/reference/post-fine-tunes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._sentinels import NotGiven, not_given
from ..endpoint import binary, delete, flow, flow_to, get, post
from ..finetune import create_steps
from ..resource import M, Raw, Resource, Streamed
from ..waiting import FIRST_PAUSE, wait_steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Literal, Unpack

    from ..endpoint import Step
    from ..request import RequestOptions
    from ..response import BinaryAPIResponse
    from ..types.fine_tuning import (
        CheckpointSelector,
        FinetuneModelLimits,
        FineTunePreviewResponse,
        FinetuneResponse,
        FineTuneTokenizedDatasetRetrieveResponse,
        FineTuningCancelResponse,
        FineTuningDeleteResponse,
        FineTuningEstimatePriceResponse,
        FineTuningListCheckpointsResponse,
        FineTuningListEventsResponse,
        FineTuningListMetricsResponse,
        FineTuningListResponse,
        TrainingMethodParam,
        TrainingTypeParam,
        TrainOnInputs,
    )

ENDED = frozenset({"completed", "cancelled", "error", "user_error"})


class FineTuning(Resource[M]):
    """Models trained on your own examples."""

    name = "fine_tuning"
    with_raw_response: FineTuning[Raw[M]]
    with_streaming_response: FineTuning[Streamed[M]]

    @flow_to("POST", "/v1/fine-tunes")
    def create(
        self,
        *,
        training_file: str,
        model: str | None = None,
        n_epochs: int = 1,
        validation_file: str | None = "",
        packing: bool = True,
        max_seq_length: int | None = None,
        n_evals: int | None = 0,
        n_checkpoints: int | None = 1,
        batch_size: int | Literal["max"] = "max",
        gradient_accumulation_steps: int | None = None,
        learning_rate: float | None = 0.00001,
        lr_scheduler_type: Literal["linear", "cosine"] = "cosine",
        min_lr_ratio: float | None = 0.0,
        scheduler_num_cycles: float = 0.5,
        warmup_ratio: float | None = 0.0,
        max_grad_norm: float = 1.0,
        weight_decay: float | None = 0.0,
        lora: bool | None = None,
        lora_r: int | None = None,
        lora_dropout: float | None = 0,
        lora_alpha: float | None = None,
        lora_trainable_modules: str | None = "all-linear",
        train_vision: bool = False,
        suffix: str | None = None,
        wandb_api_key: str | None = None,
        wandb_base_url: str | None = None,
        wandb_project_name: str | None = None,
        wandb_name: str | None = None,
        wandb_entity: str | None = None,
        random_seed: int | None = None,
        early_stopping_enabled: bool = False,
        early_stopping_patience: int | None = None,
        early_stopping_min_delta: float | None = None,
        early_stopping_warmup_evals: int | None = None,
        verbose: bool = False,
        model_limits: FinetuneModelLimits | None = None,
        train_on_inputs: TrainOnInputs | None = None,
        training_method: Literal["sft", "dpo"] = "sft",
        dpo_beta: float | None = None,
        dpo_normalize_logratios_by_length: bool = False,
        rpo_alpha: float | None = None,
        simpo_gamma: float | None = None,
        from_checkpoint: str | None = None,
        from_hf_model: str | None = None,
        hf_model_revision: str | None = None,
        hf_api_token: str | None = None,
        hf_output_repo_name: str | None = None,
    ) -> Step[FinetuneResponse]:
        """Train a model: either a base `model`, or further `from_checkpoint`.

        The API is asked for the model's limits and for the price first; a `UserWarning` says when your balance is too
        low for the job.

        Args:
            training_file: The id of a file.
            model: The base model.
            n_epochs: How often the whole file is trained on.
            validation_file: The id of a file for evaluations on the way.
            packing: Whether several short examples share a sequence.
            max_seq_length: In tokens; left out, what the model can do.
            n_evals: How many evaluations there are on the way.
            n_checkpoints: How many states of the model are kept.
            batch_size: Examples in a step, or `"max"`.
            gradient_accumulation_steps: How many steps make one change of the weights.
            learning_rate: How much a step changes.
            lr_scheduler_type: How the learning rate falls.
            min_lr_ratio: Where it ends, as a part of its peak.
            scheduler_num_cycles: Cycles of the cosine.
            warmup_ratio: The part of the steps in which it rises.
            max_grad_norm: Where gradients are cut off; 0 for nowhere.
            weight_decay: How fast weights shrink.
            lora: Train an adapter, or with `False` all weights; left out, the API decides.
            lora_r: Rank of the adapter; left out, the model's own.
            lora_dropout: From 0 to less than 1.
            lora_alpha: Weight of the adapter; left out, twice its rank.
            lora_trainable_modules: Which modules, with commas.
            train_vision: Train the part that sees, too.
            suffix: Added to the name of the new model.
            wandb_api_key: Key for Weights & Biases, to follow the training there.
            wandb_base_url: Where that is.
            wandb_project_name: The project there.
            wandb_name: The name of the run there.
            wandb_entity: Whose run it is there.
            random_seed: The same seed makes the same run.
            early_stopping_enabled: Stop when evaluations get no better; needs a validation file and enough evaluations.
            early_stopping_patience: How many of them may be no better; 2 if left out.
            early_stopping_min_delta: What counts as better.
            early_stopping_warmup_evals: How many do not count at first; 1 if left out.
            verbose: Print what is sent, without keys.
            model_limits: The model's limits, if they are known already: they are not asked for then.
            train_on_inputs: Whether prompts are trained on; left out, `"auto"`: as the format of the data suggests.
            training_method: Supervised, or by preferences.
            dpo_beta: How near the model stays to what it was.
            dpo_normalize_logratios_by_length: Whether long answers count for as much as short ones.
            rpo_alpha: Adds the likelihood of the preferred answer.
            simpo_gamma: More than 0: SimPO, without a reference and normalized by length.
            from_checkpoint: A job or a model of one, and perhaps a step: `ft-123:40`.
            from_hf_model: Start from these weights of the Hugging Face Hub; `model` names what they are like.
            hf_model_revision: Which revision of them.
            hf_api_token: Token for the Hub.
            hf_output_repo_name: Where on the Hub the new model goes.

        Raises:
            ValueError: The arguments do not go together, or exceed the model's limits; no job was made.
        """
        return create_steps(self, {name: value for name, value in locals().items() if name != "self"})

    @get("/v1/fine-tunes/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> FinetuneResponse:
        """What is known of a job."""
        ...

    @get("/v1/fine-tunes")
    def list(self, **options: Unpack[RequestOptions]) -> FineTuningListResponse:
        """All jobs."""
        ...

    @delete("/v1/fine-tunes/{id}")
    def delete(self, id: str, **options: Unpack[RequestOptions]) -> FineTuningDeleteResponse:
        """Delete a job."""
        ...

    @post("/v1/fine-tunes/{id}/cancel", bodiless=True)
    def cancel(self, id: str, **options: Unpack[RequestOptions]) -> FineTuningCancelResponse:
        """Stop a job."""
        ...

    @binary("GET", "/v1/finetune/download", accept="application/octet-stream", resumable=True)
    def content(
        self,
        *,
        ft_id: str,
        checkpoint: CheckpointSelector | NotGiven = not_given,
        checkpoint_step: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> BinaryAPIResponse:
        """The new model, packed; or one of its checkpoints, by its step."""
        ...

    @post("/v1/fine-tunes/estimate-price")
    def estimate_price(
        self,
        *,
        training_file: str,
        from_checkpoint: str | NotGiven = not_given,
        model: str | NotGiven = not_given,
        n_epochs: int | NotGiven = not_given,
        n_evals: int | NotGiven = not_given,
        training_method: TrainingMethodParam | NotGiven = not_given,
        training_type: TrainingTypeParam | NotGiven | None = not_given,
        validation_file: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> FineTuningEstimatePriceResponse:
        """What a job would cost, in dollars, and whether you may start it."""
        ...

    @get("/v1/fine-tunes/{id}/checkpoints")
    def list_checkpoints(self, id: str, **options: Unpack[RequestOptions]) -> FineTuningListCheckpointsResponse:
        """The states of the model that were kept."""
        ...

    @get("/v1/fine-tunes/{id}/events")
    def list_events(self, id: str, **options: Unpack[RequestOptions]) -> FineTuningListEventsResponse:
        """What happened to a job."""
        ...

    @get("/v1/fine-tunes/{id}/metrics")
    def list_metrics(
        self,
        id: str,
        *,
        global_step_from: int | NotGiven = not_given,
        global_step_to: int | NotGiven = not_given,
        logged_at_from: str | datetime | NotGiven = not_given,
        logged_at_to: str | datetime | NotGiven = not_given,
        resolution: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> FineTuningListMetricsResponse:
        """The measurements of a job, in order; `resolution` is how many of them at most."""
        ...

    @get("/v1/fine-tunes/models/limits")
    def model_limits(self, *, model_name: str, **options: Unpack[RequestOptions]) -> FinetuneModelLimits:
        """What a model can be trained with."""
        ...

    @post("/v1/fine-tunes/preview")
    def preview(
        self,
        *,
        model: str,
        training_file: str,
        top_k: int | NotGiven = not_given,
        train_on_inputs: bool | NotGiven = not_given,
        training_method: Literal["sft"] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> FineTunePreviewResponse:
        """How the first `top_k` rows of a file would be tokenized, and which tokens would be trained on."""
        ...

    @get("/v1/fine-tunes/{id}/download-tokenized-dataset")
    def retrieve_tokenized_dataset(
        self, id: str, **options: Unpack[RequestOptions]
    ) -> FineTuneTokenizedDatasetRetrieveResponse:
        """Where the tokenized data of a job can be fetched."""
        ...

    @flow
    def wait(
        self,
        id: str,
        *,
        timeout: float | None = None,
        poll_interval: float = FIRST_PAUSE,
        on_progress: Callable[[FinetuneResponse], object] | None = None,
    ) -> Step[FinetuneResponse]:
        """Wait until a job has ended: completed, cancelled or in error; its `status` says which.

        Args:
            id: The job.
            timeout: Seconds to wait at most; `None` for no limit.
            poll_interval: Seconds before it is asked for again; they grow to a minute.
            on_progress: A plain function, called with the job at first and whenever it has changed.

        Raises:
            JobTimeoutError: It had not ended in time, and goes on.
        """
        return wait_steps(self, id, ENDED, timeout=timeout, poll_interval=poll_interval, on_progress=on_progress)
