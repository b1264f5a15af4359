"""Types of `client.fine_tuning`: https://docs.together.ai/reference/post-fine-tunes."""

from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict

from pydantic import Field

from ._base import BaseModel

__all__ = [
    "AvailableEstimate", "CheckpointSelector", "CosineLRSchedulerArgs", "FineTunePreviewResponse", "FineTunePreviewRow",
    "FineTuneTokenizedDatasetRetrieveResponse", "FineTuningCancelResponse", "FineTuningDeleteResponse",
    "FineTuningEstimatePriceResponse", "FineTuningListCheckpointsResponse", "FineTuningListEventsResponse",
    "FineTuningListMetricsResponse", "FineTuningListResponse", "FinetuneCheckpoint", "FinetuneEvent",
    "FinetuneEventType", "FinetuneJobStatus", "FinetuneModelLimits", "FinetuneMultimodalParams", "FinetuneProgress",
    "FinetuneResponse", "FullTraining", "FullTrainingType", "FullTrainingTypeParam", "LinearLRSchedulerArgs",
    "LoRATrainingType", "LoRATrainingTypeParam", "LoraTraining", "LrScheduler", "TrainOnInputs", "TrainingMethod",
    "TrainingMethodDPO", "TrainingMethodDPOParam", "TrainingMethodParam", "TrainingMethodSFT", "TrainingMethodSFTParam",
    "TrainingType", "TrainingTypeParam", "UnavailableEstimate",
]  # fmt: skip

TrainOnInputs: TypeAlias = bool | Literal["auto"]
CheckpointSelector: TypeAlias = Literal["merged", "adapter", "model_output_path"]
FinetuneJobStatus: TypeAlias = Literal[
    "pending", "queued", "running", "compressing", "uploading", "cancel_requested", "cancelled", "error", "user_error",
    "completed",
]  # fmt: skip
FinetuneEventType: TypeAlias = Literal[
    "job_pending", "job_start", "job_stopped", "model_downloading", "model_download_complete",
    "training_data_downloading", "training_data_download_complete", "validation_data_downloading",
    "validation_data_download_complete", "wandb_init", "training_start", "checkpoint_save", "billing_limit",
    "epoch_complete", "training_complete", "model_compressing", "model_compression_complete", "model_uploading",
    "model_upload_complete", "job_complete", "job_error", "cancel_requested", "job_restarted", "refund", "warning",
    "early_stopped", "tokenized_dataset_upload_complete",
]  # fmt: skip


class TrainingMethodSFTParam(TypedDict):
    """Supervised fine-tuning, and whether the prompts are trained on."""

    method: Literal["sft"]
    train_on_inputs: TrainOnInputs


class TrainingMethodDPOParam(TypedDict, total=False):
    """Direct preference optimization."""

    method: Required[Literal["dpo"]]
    dpo_beta: float
    dpo_normalize_logratios_by_length: bool
    dpo_reference_free: bool
    rpo_alpha: float
    simpo_gamma: float


class FullTrainingTypeParam(TypedDict):
    """All weights are trained."""

    type: Literal["Full"]


class LoRATrainingTypeParam(TypedDict, total=False):
    """An adapter is trained; modules are named with commas, `"all-linear"` stands for the model's usual ones."""

    lora_alpha: Required[int]
    lora_r: Required[int]
    type: Required[Literal["Lora"]]
    lora_dropout: float
    lora_trainable_modules: str


TrainingMethodParam: TypeAlias = TrainingMethodSFTParam | TrainingMethodDPOParam
TrainingTypeParam: TypeAlias = FullTrainingTypeParam | LoRATrainingTypeParam


class TrainingMethodSFT(BaseModel):
    """Supervised fine-tuning, and whether the prompts are trained on."""

    method: Literal["sft"]
    train_on_inputs: TrainOnInputs


class TrainingMethodDPO(BaseModel):
    """Direct preference optimization."""

    method: Literal["dpo"]
    dpo_beta: float | None = None
    dpo_normalize_logratios_by_length: bool | None = None
    dpo_reference_free: bool | None = None
    rpo_alpha: float | None = None
    simpo_gamma: float | None = None


class FullTrainingType(BaseModel):
    """All weights are trained."""

    type: Literal["Full"]


class LoRATrainingType(BaseModel):
    """An adapter is trained."""

    lora_alpha: int
    lora_r: int
    type: Literal["Lora"]
    lora_dropout: float | None = None
    lora_trainable_modules: str | None = None


TrainingMethod: TypeAlias = TrainingMethodSFT | TrainingMethodDPO
TrainingType: TypeAlias = FullTrainingType | LoRATrainingType


class LinearLRSchedulerArgs(BaseModel):
    """Where the learning rate ends, as a part of its peak."""

    min_lr_ratio: float | None = None


class CosineLRSchedulerArgs(BaseModel):
    """The same for the cosine scheduler, and the number of its cycles."""

    min_lr_ratio: float
    num_cycles: float


class LrScheduler(BaseModel):
    """How the learning rate changes."""

    lr_scheduler_type: Literal["linear", "cosine"]
    lr_scheduler_args: LinearLRSchedulerArgs | CosineLRSchedulerArgs | None = None


class FinetuneProgress(BaseModel):
    """How long the job needs to its next state, in seconds."""

    estimate_available: bool
    seconds_remaining: int


class FinetuneMultimodalParams(BaseModel):
    """Whether the part of the model that sees is trained."""

    train_vision: bool | None = None


class FinetuneEvent(BaseModel):
    """Something that happened to a job."""

    created_at: str
    message: str
    object: Literal["fine-tune-event"]
    type: FinetuneEventType
    checkpoint_path: str | None = None
    early_stopping_best_metric_value: float | None = None
    early_stopping_best_step: int | None = None
    level: Literal["info", "warning", "error", "legacy_info", "legacy_iwarning", "legacy_ierror"] | None = None
    x_model_path: str | None = Field(default=None, alias="model_path")
    param_count: int | None = None
    step: int | None = None
    token_count: int | None = None
    tokenized_dataset_path: str | None = None
    total_steps: int | None = None
    wandb_url: str | None = None


class _Job(BaseModel):
    id: str
    status: FinetuneJobStatus
    user_id: str
    early_stopped: bool | None = None
    early_stopping_best_metric: float | None = None
    early_stopping_best_step: int | None = None
    events: list[FinetuneEvent] | None = None
    from_checkpoint: str | None = None
    from_hf_model: str | None = None
    hf_model_revision: str | None = None
    learning_rate: float | None = None
    lr_scheduler: LrScheduler | None = None
    max_grad_norm: float | None = None
    model: str | None = None
    x_model_output_name: str | None = Field(default=None, alias="model_output_name")
    n_checkpoints: int | None = None
    n_epochs: int | None = None
    n_evals: int | None = None
    progress: FinetuneProgress | None = None
    started_at: datetime | None = None
    token_count: int | None = None
    total_price: int | None = None
    training_file: str | None = None
    training_method: TrainingMethod | None = None
    training_type: TrainingType | None = None
    validation_file: str | None = None
    wandb_project_name: str | None = None
    warmup_ratio: float | None = None
    weight_decay: float | None = None

    @property
    def output_name(self) -> str | None:
        """The name under which the new model is called."""
        return self.x_model_output_name


class FineTuningCancelResponse(_Job):
    """A job as `fine_tuning.list` and `fine_tuning.cancel` give it."""

    created_at: datetime
    updated_at: datetime
    batch_size: int | None = None
    max_seq_length: int | None = None
    owner_address: str | None = None
    packing: bool | None = None
    random_seed: int | None = None
    suffix: str | None = None
    wandb_name: str | None = None
    wandb_entity: str | None = None


class FinetuneResponse(_Job):
    """A job with all that is known of it."""

    adapter_object_id: str | None = None
    adapter_object_name: str | None = None
    adapter_object_revision_id: str | None = None
    batch_size: int | Literal["max"] | None = None
    created_at: datetime | None = None
    epochs_completed: int | None = None
    eval_steps: int | None = None
    job_id: str | None = None
    api_model_object_id: str | None = Field(default=None, alias="model_object_id")
    api_model_object_name: str | None = Field(default=None, alias="model_object_name")
    api_model_object_revision_id: str | None = Field(default=None, alias="model_object_revision_id")
    x_model_output_path: str | None = Field(default=None, alias="model_output_path")
    multimodal_params: FinetuneMultimodalParams | None = None
    param_count: int | None = None
    queue_depth: int | None = None
    tokenized_dataset_path: str | None = None
    tokenized_dataset_uploaded_at: datetime | None = None
    train_on_inputs: TrainOnInputs | None = None
    trainingfile_numlines: int | None = None
    trainingfile_size: int | None = None
    updated_at: datetime | None = None
    wandb_url: str | None = None


class FineTuningListResponse(BaseModel):
    """The answer to `fine_tuning.list`."""

    data: list[FineTuningCancelResponse]


class FineTuningDeleteResponse(BaseModel):
    """The answer to `fine_tuning.delete`."""

    message: str | None = None


class FineTuningListEventsResponse(BaseModel):
    """The answer to `fine_tuning.list_events`."""

    data: list[FinetuneEvent]


class FinetuneCheckpoint(BaseModel):
    """A state of the model on the way, or the last one."""

    checkpoint_type: str
    created_at: str
    path: str
    step: int
    checkpoint: Literal["model", "adapter"] | None = None
    object_id: str | None = None
    object_name: str | None = None
    object_revision_id: str | None = None


class FineTuningListCheckpointsResponse(BaseModel):
    """The answer to `fine_tuning.list_checkpoints`."""

    data: list[FinetuneCheckpoint]


class FineTuningListMetricsResponse(BaseModel):
    """The answer to `fine_tuning.list_metrics`: names such as `train/loss`, with their values at a step."""

    metrics: list[dict[str, float]] | None = None


class AvailableEstimate(BaseModel):
    """What a job would cost, in dollars."""

    estimation_available: Literal[True]
    allowed_to_proceed: bool | None = None
    estimated_eval_token_count: float | None = None
    estimated_total_price: float | None = None
    estimated_train_token_count: float | None = None
    user_limit: float | None = None


class UnavailableEstimate(BaseModel):
    """Why it cannot be said what a job would cost."""

    estimation_available: Literal[False]
    unavailable_reason: Literal[
        "multimodal_dataset", "train_file_not_validated", "eval_file_not_validated", "train_file_invalid",
        "eval_file_invalid",
    ]  # fmt: skip


FineTuningEstimatePriceResponse: TypeAlias = AvailableEstimate | UnavailableEstimate


class LoraTraining(BaseModel):
    """Limits of the training of adapters."""

    default_rank: int
    max_batch_size: int
    max_batch_size_dpo: int
    max_rank: int
    min_batch_size: int
    target_modules: list[str]


class FullTraining(BaseModel):
    """Limits of the training of all weights."""

    max_batch_size: int
    max_batch_size_dpo: int
    min_batch_size: int


class FinetuneModelLimits(BaseModel):
    """What a model can be trained with."""

    default_gradient_accumulation_steps: int
    lora_training: LoraTraining
    max_learning_rate: float
    max_num_checkpoints: int
    max_num_epochs: int
    max_num_evals: int
    max_seq_length_dpo: int
    max_seq_length_sft: int
    merge_output_lora: bool
    min_learning_rate: float
    min_max_seq_length: int
    api_model_name: str = Field(alias="model_name")
    supports_full_training: bool
    supports_reasoning: bool
    supports_tools: bool
    supports_vision: bool
    full_training: FullTraining | None = None


class FineTunePreviewRow(BaseModel):
    """A row as the model would see it; a label of -100 is not trained on, spans are from, to (excluded)."""

    input_ids: list[int]
    labels: list[int]
    num_tokens: int
    num_trained_tokens: int
    tokens: list[str]
    trained_spans: list[list[int]]
    truncated: bool


class FineTunePreviewResponse(BaseModel):
    """The answer to `fine_tuning.preview`."""

    dataset_format: Literal["general", "conversation", "instruction"]
    max_seq_length: int
    model: str
    rows: list[FineTunePreviewRow]
    train_on_inputs: bool


class FineTuneTokenizedDatasetRetrieveResponse(BaseModel):
    """Where the tokenized data of a job can be fetched; `size` is in bytes."""

    content_type: str
    expires_at: datetime
    filename: str
    size: int
    url: str
