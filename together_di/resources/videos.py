"""`client.videos`: https://docs.together.ai/reference/create-videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._sentinels import NotGiven, not_given
from ..endpoint import flow, get, post
from ..resource import M, Raw, Resource, Streamed
from ..waiting import FIRST_PAUSE, wait_steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from ..endpoint import Step
    from ..request import RequestOptions
    from ..types.videos import VideoJob, VideoMediaParam, VideoOutputFormat

ENDED = frozenset({"completed", "failed"})


class Videos(Resource[M]):
    """Films from words."""

    name = "videos"
    with_raw_response: Videos[Raw[M]]
    with_streaming_response: Videos[Streamed[M]]

    @post("/v2/videos")
    def create(
        self,
        *,
        model: str,
        fps: int | NotGiven = not_given,
        generate_audio: bool | NotGiven = not_given,
        guidance_scale: int | NotGiven = not_given,
        height: int | NotGiven = not_given,
        media: VideoMediaParam | NotGiven = not_given,
        negative_prompt: str | NotGiven = not_given,
        output_format: VideoOutputFormat | NotGiven = not_given,
        output_quality: int | NotGiven = not_given,
        prompt: str | NotGiven = not_given,
        ratio: str | NotGiven = not_given,
        resolution: str | NotGiven = not_given,
        seconds: str | NotGiven = not_given,
        seed: int | NotGiven = not_given,
        steps: int | NotGiven = not_given,
        width: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> VideoJob:
        """Begin to make a film; `wait` for it.

        Args:
            model: The model's name.
            prompt: What to show.
            negative_prompt: What to avoid.
            media: Pictures, films and recordings to make it from.
            width: In pixels.
            height: In pixels.
            ratio: Width to height, such as `"16:9"`.
            resolution: Such as `"720p"`.
            seconds: How long it is.
            fps: Frames a second.
            generate_audio: With sound.
            steps: How many steps of refinement.
            seed: For the same film of the same prompt.
            guidance_scale: How closely to follow the prompt.
            output_format: `"MP4"` or `"WEBM"`.
            output_quality: How far it is compressed.
        """
        ...

    @get("/v2/videos/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> VideoJob:
        """How far a film is; once completed, `outputs.video_url` says where it is."""
        ...

    @flow
    def wait(
        self,
        id: str,
        *,
        timeout: float | None = None,
        poll_interval: float = FIRST_PAUSE,
        on_progress: Callable[[VideoJob], object] | None = None,
    ) -> Step[VideoJob]:
        """Wait until a film is completed or has failed; its `status` says which.

        Args:
            id: The film.
            timeout: Seconds to wait at most; `None` for no limit.
            poll_interval: Seconds before it is asked for again; they grow to a minute.
            on_progress: A plain function, called with the film at first and whenever something of it has changed.

        Raises:
            JobTimeoutError: It had not ended in time, and goes on.
        """
        return wait_steps(self, id, ENDED, timeout=timeout, poll_interval=poll_interval, on_progress=on_progress)
