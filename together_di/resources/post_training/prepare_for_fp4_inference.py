"""`client.post_training.prepare_for_fp4_inference`: https://docs.together.ai/reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...endpoint import get, post
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...request import RequestOptions
    from ...types.post_training.prepare_for_fp4_inference import (
        PrepareForFp4InferenceInputsParam,
        PrepareForFp4InferenceListEventsResponse,
        PrepareForFp4InferenceListResponse,
        QuantizationEstimate,
        QuantizationJob,
    )


class PrepareForFp4Inference(Resource[M]):
    """Fine-tuned models made small: merged with their base model, with weights of four bits."""

    name = "post_training.prepare_for_fp4_inference"
    with_raw_response: PrepareForFp4Inference[Raw[M]]
    with_streaming_response: PrepareForFp4Inference[Streamed[M]]

    @post("/v1/shaping/prepare-for-fp4-inference")
    def create(
        self, *, inputs: PrepareForFp4InferenceInputsParam, **options: Unpack[RequestOptions]
    ) -> QuantizationJob:
        """Begin a job."""
        ...

    @get("/v1/shaping/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> QuantizationJob:
        """What is known of a job."""
        ...

    @get("/v1/shaping")
    def list(self, **options: Unpack[RequestOptions]) -> PrepareForFp4InferenceListResponse:
        """All jobs of the project."""
        ...

    @post("/v1/shaping/{id}/cancel", bodiless=True)
    def cancel(self, id: str, **options: Unpack[RequestOptions]) -> QuantizationJob:
        """Ask for the end of a job."""
        ...

    @post("/v1/shaping/prepare-for-fp4-inference/estimate")
    def estimate_cost(
        self, *, inputs: PrepareForFp4InferenceInputsParam, **options: Unpack[RequestOptions]
    ) -> QuantizationEstimate:
        """What `create` with the same inputs would cost, and how long it would take."""
        ...

    @get("/v1/shaping/{id}/events")
    def list_events(self, id: str, **options: Unpack[RequestOptions]) -> PrepareForFp4InferenceListEventsResponse:
        """What has happened to a job."""
        ...
