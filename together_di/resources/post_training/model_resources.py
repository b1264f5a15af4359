"""`client.post_training.model_resources`: https://docs.together.ai/reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import get, post
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...request import RequestOptions
    from ...types.post_training.model_resources import (
        ModelResources,
        ModelResourcesComputeConfigParam,
        ModelResourcesEstimateCostResponse,
        ModelResourcesListResponse,
        ModelResourcesStatus,
        OptimizerConfigParam,
    )


class ModelResourcesResource(Resource[M]):
    """Models on hardware, for sessions to train; they cost money until they are stopped."""

    name = "post_training.model_resources"
    with_raw_response: ModelResourcesResource[Raw[M]]
    with_streaming_response: ModelResourcesResource[Streamed[M]]

    @post("/v1/rl/model-resources")
    def create(
        self,
        *,
        base_model: str,
        base_weights_ref: str | NotGiven = not_given,
        compute_config: ModelResourcesComputeConfigParam | NotGiven = not_given,
        inactive_timeout: int | NotGiven = not_given,
        lora_enabled: bool | NotGiven = not_given,
        optimizer_config: OptimizerConfigParam | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ModelResources:
        """Have hardware for a model.

        Args:
            base_model: One of `supported_models.get()`.
            base_weights_ref: A model of the project whose weights to begin with.
            compute_config: Which hardware, and how much.
            inactive_timeout: Seconds without an operation until it stops.
            lora_enabled: Whether LoRA adapters are trained, in any number of sessions, or all weights in one.
            optimizer_config: Which optimizer.
        """
        ...

    @get("/v1/rl/model-resources/{model_resources_id}")
    def retrieve(self, model_resources_id: str, **options: Unpack[RequestOptions]) -> ModelResources:
        """What is known of a resource."""
        ...

    @get("/v1/rl/model-resources")
    def list(
        self,
        *,
        after: str | NotGiven = not_given,
        created_by: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        status: Sequence[ModelResourcesStatus] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ModelResourcesListResponse:
        """A page of the resources; `created_by="me"` for your own."""
        ...

    @post("/v1/rl/model-resources/estimate-cost")
    def estimate_cost(
        self,
        *,
        base_model: str,
        base_weights_ref: str | NotGiven = not_given,
        compute_config: ModelResourcesComputeConfigParam | NotGiven = not_given,
        inactive_timeout: int | NotGiven = not_given,
        lora_enabled: bool | NotGiven = not_given,
        optimizer_config: OptimizerConfigParam | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ModelResourcesEstimateCostResponse:
        """What `create` with the same arguments would cost."""
        ...

    @post("/v1/rl/model-resources/{model_resources_id}/extend-expiry")
    def extend_expiry(
        self, model_resources_id: str, *, seconds: int, **options: Unpack[RequestOptions]
    ) -> ModelResources:
        """Keep a resource for at least so many seconds from now, even without an operation."""
        ...

    @post("/v1/rl/model-resources/{model_resources_id}/stop", query=frozenset({"force"}), bodiless=True)
    def stop(
        self, model_resources_id: str, *, force: bool | NotGiven = not_given, **options: Unpack[RequestOptions]
    ) -> ModelResources:
        """Give a resource back; with `force=True` even if that stops sessions."""
        ...
