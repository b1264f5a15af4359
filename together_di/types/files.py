"""Types of `client.files`: https://docs.together.ai/reference/get-files."""

from typing import Literal, TypeAlias

from pydantic import Field

from ..file_check import FileProblem, FileReport
from ..progress import (
    DownloadProgressCallback,
    FileDownloadProgress,
    FileUploadProgress,
    UploadProgressCallback,
)
from ._base import BaseModel

__all__ = [
    "DownloadProgressCallback",
    "FileDeleteResponse",
    "FileDownloadProgress",
    "FileList",
    "FileProblem",
    "FilePurpose",
    "FileReport",
    "FileResponse",
    "FileType",
    "FileUploadProgress",
    "FileValidationReport",
    "UploadProgressCallback",
]

FilePurpose: TypeAlias = Literal["fine-tune", "calibration", "eval", "batch-api"]
FileType: TypeAlias = Literal["csv", "jsonl", "parquet"]


class FileValidationReport(BaseModel):
    """What the API found when it read the file."""

    valid: bool
    dataset_format: str | None = None
    dataset_has_message_weights: bool | None = None
    dataset_has_parallel_tool_calls: bool | None = None
    dataset_has_reasoning: bool | None = None
    dataset_has_sample_weights: bool | None = None
    dataset_has_tools: bool | None = None
    dataset_is_multimodal: bool | None = None
    error: str | None = None
    error_type: Literal["INVALID_FORMAT"] | None = None
    file_id: str | None = None
    nlines: int | None = None


class FileResponse(BaseModel):
    """A file at Together; `bytes` is its size, `created_at` is in seconds since 1970."""

    id: str
    bytes: int
    created_at: int
    filename: str
    object: Literal["file"]
    purpose: FilePurpose
    file_type: FileType | None = Field(default=None, alias="FileType")
    processing_status: Literal["PENDING", "QUEUED", "RUNNING", "COMPLETED", "FAILED", "INVALID_FORMAT"] | None = None
    validation_report: FileValidationReport | None = None


class FileList(BaseModel):
    """The answer to `files.list`."""

    data: list[FileResponse]


class FileDeleteResponse(BaseModel):
    """The answer to `files.delete`."""

    id: str | None = None
    deleted: bool | None = None
