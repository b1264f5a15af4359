"""`client.post_training.sessions`: https://docs.together.ai/reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import get, patch, post
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...request import RequestOptions
    from ...types.post_training.sessions import (
        LoraConfigParam,
        Session,
        SessionMetadataParam,
        SessionsListResponse,
        SessionStatusFilter,
    )


class Sessions(Resource[M]):
    """Training sessions on model resources."""

    name = "post_training.sessions"
    with_raw_response: Sessions[Raw[M]]
    with_streaming_response: Sessions[Streamed[M]]

    @post("/v1/rl/training-sessions")
    def create(
        self,
        *,
        model_resources_id: str,
        display_name: str | NotGiven = not_given,
        load_optimizer: bool | NotGiven = not_given,
        lora_config: LoraConfigParam | NotGiven = not_given,
        metadata: SessionMetadataParam | NotGiven = not_given,
        resume_from_checkpoint_id: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Begin to train, anew or from a checkpoint; `load_optimizer=False` takes its weights alone."""
        ...

    @get("/v1/rl/training-sessions/{session_id}")
    def retrieve(self, session_id: str, **options: Unpack[RequestOptions]) -> Session:
        """What is known of a session."""
        ...

    @patch("/v1/rl/training-sessions/{session_id}")
    def update(
        self,
        session_id: str,
        *,
        display_name: str | NotGiven = not_given,
        metadata: SessionMetadataParam | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Change what a session is called, or the notes on it; `""` clears, what is left out stays."""
        ...

    @get("/v1/rl/training-sessions")
    def list(
        self,
        *,
        after: str | NotGiven = not_given,
        created_by: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        model_resources_id: str | NotGiven = not_given,
        status: Sequence[SessionStatusFilter] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> SessionsListResponse:
        """A page of the sessions; `created_by="me"` for your own."""
        ...

    @post("/v1/rl/training-sessions/{session_id}/stop", bodiless=True)
    def stop(self, session_id: str, **options: Unpack[RequestOptions]) -> Session:
        """End a session."""
        ...
