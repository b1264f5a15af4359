"""Types of `client.post_training.operations`: https://docs.together.ai/reference."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Literal, Required, TypeAlias, TypedDict, TypeVar

from .._base import BaseModel
from .checkpoints import InferenceCheckpoint, TrainingCheckpoint

if TYPE_CHECKING:
    from ...timeout import Timeout
    from ...transport import HttpxTimeout

__all__ = [
    "AdamParams", "CispoLossParams", "CrossEntropyLossParams", "CustomForwardBackwardOperation",
    "CustomForwardBackwardResult", "DType", "DppoLossParams", "DroLossParams", "EncodedTextChunk",
    "ForwardBackwardOperation", "ForwardBackwardResult", "GradientParam", "GrpoLossAggregationType", "GrpoLossParams",
    "GrpoLossRatioType", "InferenceCheckpointOperation", "InferenceCheckpointResult", "LossConfig", "LossFnOutput",
    "LossType", "ModelInput", "ModelInputChunk", "MuonParams", "Operation", "OperationError", "OperationErrorCode",
    "OperationOptions", "OperationStatus", "OptimStepOperation", "OptimStepResult", "PolicyVersionSegment",
    "PpoLossParams", "PromptTopLogprobs", "SampleOperation", "SampleOutput", "SampleResult", "SampledSequence",
    "SamplingParams", "StopReason", "TensorData", "TensorDataParam", "TrainingCheckpointOperation",
    "TrainingCheckpointResult", "TrainingSampleParam", "WeightSyncType", "WeightsSyncOperation", "WeightsSyncResult",
]  # fmt: skip

R = TypeVar("R", bound=BaseModel)

DType: TypeAlias = Literal["D_TYPE_UNSPECIFIED", "D_TYPE_INT64", "D_TYPE_FLOAT32", "D_TYPE_BFLOAT16"]
GrpoLossAggregationType: TypeAlias = Literal[
    "GRPO_LOSS_AGGREGATION_TYPE_UNSPECIFIED", "GRPO_LOSS_AGGREGATION_TYPE_FIXED_HORIZON",
    "GRPO_LOSS_AGGREGATION_TYPE_TOKEN_MEAN", "GRPO_LOSS_AGGREGATION_TYPE_SEQUENCE_MEAN",
]  # fmt: skip
GrpoLossRatioType: TypeAlias = Literal["GRPO_LOSS_RATIO_TYPE_TOKEN", "GRPO_LOSS_RATIO_TYPE_SEQUENCE"]
LossType: TypeAlias = Literal[
    "LOSS_TYPE_UNSPECIFIED", "LOSS_TYPE_CROSS_ENTROPY", "LOSS_TYPE_GRPO", "LOSS_TYPE_IMPORTANCE_SAMPLING",
    "LOSS_TYPE_PPO", "LOSS_TYPE_CISPO", "LOSS_TYPE_DRO", "LOSS_TYPE_DPPO",
]  # fmt: skip
WeightSyncType: TypeAlias = Literal[
    "WEIGHT_SYNC_TYPE_SYNCHRONOUS", "WEIGHT_SYNC_TYPE_BACKGROUND_PUBLISH", "WEIGHT_SYNC_TYPE_PIPELINE"
]
OperationStatus: TypeAlias = Literal[
    "TRAINING_OPERATION_STATUS_UNSPECIFIED", "TRAINING_OPERATION_STATUS_PENDING", "TRAINING_OPERATION_STATUS_RUNNING",
    "TRAINING_OPERATION_STATUS_COMPLETED", "TRAINING_OPERATION_STATUS_FAILED",
]  # fmt: skip
OperationErrorCode: TypeAlias = Literal[
    "TRAINING_OPERATION_ERROR_CODE_UNSPECIFIED", "TRAINING_OPERATION_ERROR_CODE_RESOURCE_EXHAUSTED",
    "TRAINING_OPERATION_ERROR_CODE_TIMEOUT", "TRAINING_OPERATION_ERROR_CODE_INTERNAL_ERROR",
    "TRAINING_OPERATION_ERROR_CODE_SESSION_NOT_ACTIVE", "TRAINING_OPERATION_ERROR_CODE_INVALID_INPUT",
    "TRAINING_OPERATION_ERROR_CODE_NON_FINITE_LOSS",
]  # fmt: skip
StopReason: TypeAlias = Literal["STOP_REASON_LENGTH", "STOP_REASON_STOP"]


class OperationOptions(TypedDict, total=False):
    """The `RequestOptions` of a method that starts an operation, where the key is required."""

    idempotency_key: Required[str]
    extra_headers: Mapping[str, str] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    timeout: "float | Timeout | HttpxTimeout | None"


class AdamParams(TypedDict, total=False):
    """How Adam makes this step; a `grad_clip_norm` of 0 does not clip."""

    beta1: float
    beta2: float
    eps: float
    grad_clip_norm: float
    learning_rate: float
    weight_decay: float


class MuonParams(TypedDict, total=False):
    """How Muon makes this step; a `grad_clip_norm` of 0 does not clip."""

    adam: AdamParams
    grad_clip_norm: float
    learning_rate: float
    momentum: float
    newton_schulz_steps: int
    weight_decay: float


class PpoLossParams(TypedDict, total=False):
    """Bounds of the importance ratio: the low one at most 1, the high one at least 1."""

    clip_high_threshold: float
    clip_low_threshold: float


class CispoLossParams(PpoLossParams):
    """The same for CISPO."""


class CrossEntropyLossParams(TypedDict, total=False):
    """Cross-entropy has no parameters."""


class DppoLossParams(TypedDict, total=False):
    """How far a probability may move, from 0 to 1."""

    delta_high: float
    delta_low: float


class DroLossParams(TypedDict):
    """The weight of the quadratic penalty."""

    beta: float


class GrpoLossParams(PpoLossParams, total=False):
    """The same for GRPO; `beta` is the weight of the KL penalty."""

    agg_type: GrpoLossAggregationType
    beta: float
    ratio_type: GrpoLossRatioType


class LossConfig(TypedDict, total=False):
    """The loss, with the parameters of its type."""

    type: Required[LossType]
    cispo_params: CispoLossParams
    cross_entropy_params: CrossEntropyLossParams
    dppo_params: DppoLossParams
    dro_params: DroLossParams
    grpo_params: GrpoLossParams
    ppo_params: PpoLossParams


class EncodedTextChunk(TypedDict):
    """Text as tokens."""

    tokens: Sequence[str | int]


class ModelInputChunk(TypedDict):
    """A piece of what a model reads."""

    encoded_text: EncodedTextChunk


class ModelInput(TypedDict):
    """What a model reads."""

    chunks: Iterable[ModelInputChunk]


class TensorDataParam(TypedDict, total=False):
    """Numbers, one for each token; operations take no sparse ones."""

    data: Required[Iterable[float]]
    dtype: Required[Literal["int64", "float32"]]
    shape: Iterable[int]
    sparse_col_indices: Iterable[int]
    sparse_crow_indices: Iterable[int]


class TrainingSampleParam(TypedDict, total=False):
    """A text to learn from; its tensors, such as `target_tokens`, are all of the same length."""

    loss_fn_inputs: Required[Mapping[str, TensorDataParam]]
    model_input: Required[ModelInput]
    routed_experts_key: str


class GradientParam(TypedDict, total=False):
    """The gradient of a loss by each token's log probability."""

    data: Required[Iterable[float]]
    dtype: DType


class SamplingParams(TypedDict, total=False):
    """How to sample."""

    max_tokens: int
    seed: str | int
    stop: Sequence[str]
    temperature: float
    top_k: int
    top_p: float


class OperationError(BaseModel):
    """Why an operation failed."""

    code: OperationErrorCode | None = None
    message: str | None = None


class Operation(BaseModel, Generic[R]):
    """A step of a session; its `output` is there once it is completed."""

    id: str
    status: OperationStatus
    error: OperationError | None = None
    output: R | None = None


class CustomForwardBackwardResult(BaseModel):
    """The result of a pass with gradients of your own; it says nothing."""


class TensorData(BaseModel):
    """Numbers in row-major order."""

    data: list[float]
    dtype: Literal["int64", "float32"]
    shape: list[int] | None = None
    sparse_col_indices: list[int] | None = None
    sparse_crow_indices: list[int] | None = None


class LossFnOutput(BaseModel):
    """What the loss made of one sample, such as `logprobs`."""

    tensors: dict[str, TensorData]


class ForwardBackwardResult(BaseModel):
    """The loss; `loss_fn_outputs` in the order of the samples, if they were asked for."""

    loss: float
    loss_fn_outputs: list[LossFnOutput] | None = None
    metrics: dict[str, float] | None = None


class OptimStepResult(BaseModel):
    """The number of the step that was made."""

    step: str | int


class WeightsSyncResult(BaseModel):
    """The version of the weights that samples come from, now or soon."""

    weights_version: str | int


class InferenceCheckpointResult(BaseModel):
    """The checkpoint that was made."""

    checkpoint: InferenceCheckpoint


class TrainingCheckpointResult(BaseModel):
    """The checkpoint that was made."""

    checkpoint: TrainingCheckpoint


class PolicyVersionSegment(BaseModel):
    """From which token on which version of the weights wrote."""

    start_token: int
    version: int


class PromptTopLogprobs(BaseModel):
    """The likeliest tokens at one place of the prompt."""

    logprobs: list[float] | None = None
    token_ids: list[int] | None = None


class SampledSequence(BaseModel):
    """Tokens that were written, with their log probabilities."""

    prompt_cache_hit_tokens: int
    stop_reason: StopReason
    tokens: list[str | int]
    logprobs: list[float] | None = None
    routed_experts_key: str | None = None


class SampleResult(BaseModel):
    """What was written after one input; log probabilities of the input, one for each of its tokens, if asked for."""

    policy_segments: list[PolicyVersionSegment]
    sequences: list[SampledSequence]
    prompt_logprobs: list[float] | None = None
    topk_prompt_logprobs: list[PromptTopLogprobs] | None = None


class SampleOutput(BaseModel):
    """One result for each input."""

    results: list[SampleResult]


CustomForwardBackwardOperation: TypeAlias = Operation[CustomForwardBackwardResult]
ForwardBackwardOperation: TypeAlias = Operation[ForwardBackwardResult]
InferenceCheckpointOperation: TypeAlias = Operation[InferenceCheckpointResult]
OptimStepOperation: TypeAlias = Operation[OptimStepResult]
SampleOperation: TypeAlias = Operation[SampleOutput]
TrainingCheckpointOperation: TypeAlias = Operation[TrainingCheckpointResult]
WeightsSyncOperation: TypeAlias = Operation[WeightsSyncResult]
