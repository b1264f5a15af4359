"""Types of `client.evals`: https://docs.together.ai/reference/create-evaluation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict

from pydantic import Field

from ._base import BaseModel

__all__ = [
    "EvalCreateResponse",
    "EvalListResponse",
    "EvalParameters",
    "EvalResults",
    "EvalStatus",
    "EvalStatusResponse",
    "EvalType",
    "EvaluationJob",
    "EvaluationJudge",
    "EvaluationModel",
    "EvaluationModelRequest",
    "ModelSource",
    "ParametersEvaluationClassifyParameters",
    "ParametersEvaluationCompareParameters",
    "ParametersEvaluationScoreParameters",
    "ResultsError",
    "ResultsEvaluationClassifyResults",
    "ResultsEvaluationCompareResults",
    "ResultsEvaluationScoreResults",
    "ResultsEvaluationScoreResultsAggregatedScores",
    "StatusUpdate",
]

EvalType: TypeAlias = Literal["classify", "score", "compare"]
EvalStatus: TypeAlias = Literal["pending", "queued", "running", "completed", "error", "user_error"]
ModelSource: TypeAlias = Literal["serverless", "dedicated", "external"]


class EvaluationJudge(TypedDict, total=False):
    """The model that judges; an external one needs its token and base URL."""

    model: Required[str]
    model_source: Required[ModelSource]
    system_template: Required[str]
    external_api_token: str
    external_base_url: str
    max_tokens: int
    num_workers: int
    temperature: float


class EvaluationModelRequest(TypedDict, total=False):
    """A model that answers each row first; the templates may name columns: `{{question}}`."""

    input_template: Required[str]
    max_tokens: Required[int]
    model: Required[str]
    model_source: Required[ModelSource]
    system_template: Required[str]
    temperature: Required[float]
    external_api_token: str
    external_base_url: str
    num_workers: int


EvaluationModel: TypeAlias = str | EvaluationModelRequest


class ParametersEvaluationClassifyParameters(TypedDict, total=False):
    """The judge gives each row one of the labels; a model to evaluate that is text names a column."""

    input_data_file_path: Required[str]
    judge: Required[EvaluationJudge]
    labels: Required[Sequence[str]]
    pass_labels: Required[Sequence[str]]
    model_to_evaluate: EvaluationModel


class ParametersEvaluationScoreParameters(TypedDict, total=False):
    """The judge gives each row a score; a model to evaluate that is text names a column."""

    input_data_file_path: Required[str]
    judge: Required[EvaluationJudge]
    max_score: Required[float]
    min_score: Required[float]
    pass_threshold: Required[float]
    model_to_evaluate: EvaluationModel


class ParametersEvaluationCompareParameters(TypedDict, total=False):
    """The judge says whose answer is better, each row twice in both orders unless that is disabled."""

    input_data_file_path: Required[str]
    judge: Required[EvaluationJudge]
    disable_position_bias_correction: bool
    model_a: EvaluationModel
    model_b: EvaluationModel


EvalParameters: TypeAlias = (
    ParametersEvaluationClassifyParameters | ParametersEvaluationScoreParameters | ParametersEvaluationCompareParameters
)


class ResultsEvaluationClassifyResults(BaseModel):
    """How often each label was given, as JSON text, and how much of it passes, in percent."""

    generation_fail_count: float | None = None
    invalid_label_count: float | None = None
    judge_fail_count: float | None = None
    label_counts: str | None = None
    pass_percentage: float | None = None
    result_file_id: str | None = None


class ResultsEvaluationScoreResultsAggregatedScores(BaseModel):
    """The scores of all rows together."""

    mean_score: float | None = None
    pass_percentage: float | None = None
    std_score: float | None = None


class ResultsEvaluationScoreResults(BaseModel):
    """What the scores come to."""

    aggregated_scores: ResultsEvaluationScoreResultsAggregatedScores | None = None
    failed_samples: float | None = None
    generation_fail_count: float | None = None
    invalid_score_count: float | None = None
    judge_fail_count: float | None = None
    result_file_id: str | None = None


class ResultsEvaluationCompareResults(BaseModel):
    """How often each model won."""

    a_wins: int | None = Field(default=None, alias="A_wins")
    b_wins: int | None = Field(default=None, alias="B_wins")
    generation_fail_count: float | None = None
    judge_fail_count: float | None = None
    result_file_id: str | None = None
    ties: int | None = Field(default=None, alias="Ties")


class ResultsError(BaseModel):
    """Why there are no results."""

    error: str | None = None


EvalResults: TypeAlias = (
    ResultsEvaluationClassifyResults | ResultsEvaluationScoreResults | ResultsEvaluationCompareResults | ResultsError
)


class StatusUpdate(BaseModel):
    """A step in the life of an evaluation."""

    message: str | None = None
    status: str | None = None
    timestamp: datetime | None = None


class EvaluationJob(BaseModel):
    """An evaluation, with its results once it is completed."""

    created_at: datetime | None = None
    owner_id: str | None = None
    parameters: dict[str, object] | None = None
    results: EvalResults | None = None
    status: EvalStatus | None = None
    status_updates: list[StatusUpdate] | None = None
    type: EvalType | None = None
    updated_at: datetime | None = None
    workflow_id: str | None = None


EvalListResponse: TypeAlias = list[EvaluationJob]


class EvalCreateResponse(BaseModel):
    """The answer to `evals.create`: the id of the evaluation."""

    status: EvalStatus | None = None
    workflow_id: str | None = None


class EvalStatusResponse(BaseModel):
    """The answer to `evals.status`."""

    results: EvalResults | None = None
    status: EvalStatus | None = None
