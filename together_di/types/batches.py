"""Types of `client.batches`: https://docs.together.ai/reference/get-batches."""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from ._base import BaseModel

__all__ = ["BatchCreateResponse", "BatchEndpoint", "BatchJob", "BatchListResponse", "BatchStatus"]

BatchEndpoint: TypeAlias = Literal["/v1/chat/completions", "/v1/audio/transcriptions", "/v1/audio/translations"]
BatchStatus: TypeAlias = Literal["VALIDATING", "IN_PROGRESS", "COMPLETED", "FAILED", "EXPIRED", "CANCELLED"]


class BatchJob(BaseModel):
    """A batch; `progress` is in percent, the results are in the output file, what went wrong in the error file."""

    id: str | None = None
    completed_at: datetime | None = None
    created_at: datetime | None = None
    endpoint: str | None = None
    error: str | None = None
    error_file_id: str | None = None
    file_size_bytes: int | None = None
    input_file_id: str | None = None
    job_deadline: datetime | None = None
    x_model_id: str | None = Field(default=None, alias="model_id")
    output_file_id: str | None = None
    progress: float | None = None
    status: BatchStatus | None = None
    user_id: str | None = None


class BatchCreateResponse(BaseModel):
    """The answer to `batches.create`: the batch, and perhaps a warning about it."""

    job: BatchJob | None = None
    warning: str | None = None


BatchListResponse: TypeAlias = list[BatchJob]
