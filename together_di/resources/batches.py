"""`client.batches`: https://docs.together.ai/reference/get-batches."""

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
    from ..types.batches import BatchCreateResponse, BatchEndpoint, BatchJob, BatchListResponse

ENDED = frozenset({"COMPLETED", "FAILED", "EXPIRED", "CANCELLED"})


class Batches(Resource[M]):
    """Many requests in one file, answered within a day for less."""

    name = "batches"
    with_raw_response: Batches[Raw[M]]
    with_streaming_response: Batches[Streamed[M]]

    @post("/v1/batches")
    def create(
        self,
        *,
        endpoint: BatchEndpoint,
        input_file_id: str,
        completion_window: str | NotGiven = not_given,
        model_id: str | NotGiven = not_given,
        priority: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> BatchCreateResponse:
        """Have the requests of a file answered; each line is `{"custom_id": ..., "body": {...}}`."""
        ...

    @get("/v1/batches/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> BatchJob:
        """What is known of a batch."""
        ...

    @get("/v1/batches")
    def list(self, **options: Unpack[RequestOptions]) -> BatchListResponse:
        """All batches."""
        ...

    @post("/v1/batches/{id}/cancel", bodiless=True)
    def cancel(self, id: str, **options: Unpack[RequestOptions]) -> BatchJob:
        """Stop a batch."""
        ...

    @flow
    def wait(
        self,
        id: str,
        *,
        timeout: float | None = None,
        poll_interval: float = FIRST_PAUSE,
        on_progress: Callable[[BatchJob], object] | None = None,
    ) -> Step[BatchJob]:
        """Wait until a batch has ended: completed, failed, expired or cancelled; its `status` says which.

        Args:
            id: The batch.
            timeout: Seconds to wait at most; `None` for no limit.
            poll_interval: Seconds before it is asked for again; they grow to a minute.
            on_progress: A plain function, called with the batch at first and whenever it has changed.

        Raises:
            JobTimeoutError: It had not ended in time, and goes on.
        """
        return wait_steps(self, id, ENDED, timeout=timeout, poll_interval=poll_interval, on_progress=on_progress)
