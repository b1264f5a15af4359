"""Types of `client.videos`: https://docs.together.ai/reference/create-videos."""

from collections.abc import Iterable, Sequence
from typing import Literal, Required, TypeAlias, TypedDict

from ._base import BaseModel

__all__ = [
    "VideoAudioRefParam", "VideoFrameImageParam", "VideoJob", "VideoJobError", "VideoJobOutputs", "VideoMediaParam",
    "VideoOutputFormat", "VideoRefParam",
]  # fmt: skip

VideoOutputFormat: TypeAlias = Literal["MP4", "WEBM"]


class VideoAudioRefParam(TypedDict):
    """The URL of a recording."""

    audio: str


class VideoRefParam(TypedDict):
    """The URL of a film."""

    video: str


class VideoFrameImageParam(TypedDict, total=False):
    """The URL of a picture, and the frame it stands for: a number, `"first"` or `"last"`."""

    input_image: Required[str]
    frame: float | Literal["first", "last"]


class VideoMediaParam(TypedDict, total=False):
    """What a film is made from; which of these a model takes depends on the model."""

    audio_inputs: Sequence[str | VideoAudioRefParam]
    frame_images: Iterable[VideoFrameImageParam]
    frame_videos: Iterable[VideoRefParam]
    reference_images: Sequence[str]
    reference_videos: Iterable[VideoRefParam]
    source_video: str | VideoRefParam


class VideoJobError(BaseModel):
    """Why a film failed."""

    message: str
    code: str | None = None


class VideoJobOutputs(BaseModel):
    """Where a film is, and what it cost."""

    cost: int
    video_url: str


class VideoJob(BaseModel):
    """A film, or one in the making; times in seconds since 1970."""

    id: str
    created_at: float
    model: str
    seconds: str
    size: str
    status: Literal["in_progress", "completed", "failed"]
    completed_at: float | None = None
    error: VideoJobError | None = None
    object: Literal["video"] | None = None
    outputs: VideoJobOutputs | None = None
