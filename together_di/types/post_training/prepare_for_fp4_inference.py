"""Types of `client.post_training.prepare_for_fp4_inference`: https://docs.together.ai/reference."""

from datetime import datetime
from typing import Literal, TypeAlias, TypedDict

from pydantic import Field

from .._base import BaseModel

__all__ = [
    "PrepareForFp4InferenceInputsParam", "PrepareForFp4InferenceListEventsResponse",
    "PrepareForFp4InferenceListResponse", "QuantizationEstimate", "QuantizationEvent", "QuantizationJob",
    "QuantizationJobConfiguration", "QuantizationJobInputs", "QuantizationJobParams", "QuantizationResults",
    "ShapingJobStatus", "ShapingJobType",
]  # fmt: skip

ShapingJobType: TypeAlias = Literal["quantization"]
ShapingJobStatus: TypeAlias = Literal[
    "pending", "queued", "running", "completed", "cancelled", "cancel_requested", "error", "user_error"
]


class PrepareForFp4InferenceInputsParam(TypedDict, total=False):
    """The model to prepare, and the file to calibrate it with."""

    calibration_file_id: str
    model_object_id: str
    model_revision_id: str


class QuantizationResults(BaseModel):
    """The model that was made."""

    api_model_object_id: str | None = Field(default=None, alias="model_object_id")
    api_model_revision_id: str | None = Field(default=None, alias="model_revision_id")


class QuantizationEvent(BaseModel):
    """Something that happened to a job."""

    created_at: datetime
    level: Literal["Info", "Warning", "Error"]
    message: str
    object: Literal["shaping"]
    type: Literal[
        "SHAPING_ERROR", "SHAPING_USER_ERROR", "QUANTIZATION_JOB_START", "QUANTIZATION_MODEL_DOWNLOAD_COMPLETE",
        "QUANTIZATION_MERGE_COMPLETE", "QUANTIZATION_QUANTIZE_PROCESS_START",
        "QUANTIZATION_QUANTIZE_PROCESS_COMPLETE", "QUANTIZATION_MODEL_UPLOAD_COMPLETE", "QUANTIZATION_JOB_COMPLETE",
    ]  # fmt: skip
    hash: str | None = None
    result: QuantizationResults | None = None


class QuantizationJobConfiguration(BaseModel):
    """What the API made of the inputs."""

    base_model_name: str
    base_object_id: str
    base_revision_id: str
    api_model_name: str = Field(alias="model_name")
    api_model_project_id: str = Field(alias="model_project_id")
    api_model_revision_id: str = Field(alias="model_revision_id")
    user_id: str


class QuantizationJobInputs(BaseModel):
    """The inputs as they were given."""

    calibration_file_id: str | None = None
    api_model_object_id: str | None = Field(default=None, alias="model_object_id")
    api_model_revision_id: str | None = Field(default=None, alias="model_revision_id")


class QuantizationJobParams(BaseModel):
    """What a job works on."""

    configuration: QuantizationJobConfiguration
    inputs: QuantizationJobInputs


class QuantizationJob(BaseModel):
    """A job that makes an FP4 model."""

    id: str
    created_at: datetime
    events: list[QuantizationEvent]
    job_type: ShapingJobType
    params: QuantizationJobParams
    status: ShapingJobStatus
    updated_at: datetime
    user_id: str
    results: QuantizationResults | None = None


class PrepareForFp4InferenceListResponse(BaseModel):
    """The answer to `prepare_for_fp4_inference.list`."""

    data: list[QuantizationJob]
    object: Literal["list"]


class PrepareForFp4InferenceListEventsResponse(BaseModel):
    """The answer to `prepare_for_fp4_inference.list_events`."""

    data: list[QuantizationEvent]
    object: Literal["list"]


class QuantizationEstimate(BaseModel):
    """What a job would cost and take, in dollars and hours."""

    allowed_to_proceed: bool
    credit_limit: float
    price_usd: float
    time_hours: float
