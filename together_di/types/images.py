"""Types of `client.images`: https://docs.together.ai/reference/post-images-generations."""

from typing import Literal, TypedDict

from ._base import BaseModel

__all__ = ["ImageDataB64", "ImageDataURL", "ImageFile", "ImageLoraParam"]


class ImageDataB64(BaseModel):
    """A picture, base64 encoded."""

    index: int
    type: Literal["b64_json"] | None = None
    b64_json: str
    url: None = None


class ImageDataURL(BaseModel):
    """Where a picture is, for a while."""

    index: int
    type: Literal["url"] | None = None
    url: str
    b64_json: None = None


class ImageFile(BaseModel):
    """The answer to `images.generate`."""

    id: str
    object: Literal["list"]
    model: str
    data: list[ImageDataB64 | ImageDataURL]


class ImageLoraParam(TypedDict):
    """A LoRA to apply, and how strongly."""

    path: str
    scale: float
