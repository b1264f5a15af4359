"""`client.images`: https://docs.together.ai/reference/post-images-generations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from .._sentinels import NotGiven, not_given
from ..endpoint import post
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..request import RequestOptions
    from ..types.images import ImageFile, ImageLoraParam


class Images(Resource[M]):
    """Pictures from words."""

    name = "images"
    with_raw_response: Images[Raw[M]]
    with_streaming_response: Images[Streamed[M]]

    @post("/v1/images/generations")
    def generate(
        self,
        *,
        model: str,
        prompt: str,
        disable_safety_checker: bool | NotGiven = not_given,
        guidance_scale: float | NotGiven = not_given,
        height: int | NotGiven = not_given,
        image_loras: Iterable[ImageLoraParam] | NotGiven = not_given,
        image_url: str | NotGiven = not_given,
        n: int | NotGiven = not_given,
        negative_prompt: str | NotGiven = not_given,
        output_format: Literal["jpeg", "png"] | NotGiven = not_given,
        reference_images: Sequence[str] | NotGiven = not_given,
        response_format: Literal["base64", "url"] | NotGiven = not_given,
        seed: int | NotGiven = not_given,
        steps: int | NotGiven = not_given,
        width: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ImageFile:
        """Draw pictures of a description.

        Args:
            model: The model's name.
            prompt: What to draw.
            negative_prompt: What to avoid.
            width: In pixels.
            height: In pixels.
            n: How many pictures.
            steps: How many steps of refinement.
            seed: For the same picture of the same description.
            guidance_scale: How closely to follow the description.
            response_format: `"url"` for where each picture is, `"base64"` for the picture itself.
            output_format: `"jpeg"` or `"png"`.
            image_url: A picture to start from.
            reference_images: Pictures to go by, as URLs.
            image_loras: LoRAs to apply.
            disable_safety_checker: Do not check the pictures.

        Returns:
            The pictures.
        """
        ...
