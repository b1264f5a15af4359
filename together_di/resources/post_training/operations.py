"""`client.post_training.operations`: https://docs.together.ai/reference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import get, post
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...request import RequestOptions
    from ...types.post_training.operations import (
        AdamParams,
        CustomForwardBackwardOperation,
        ForwardBackwardOperation,
        GradientParam,
        InferenceCheckpointOperation,
        LossConfig,
        ModelInput,
        MuonParams,
        OperationOptions,
        OptimStepOperation,
        SampleOperation,
        SamplingParams,
        TrainingCheckpointOperation,
        TrainingSampleParam,
        WeightsSyncOperation,
        WeightSyncType,
    )

SESSION = "/v1/rl/training-sessions/{session_id}/operations"


class Operations(Resource[M]):
    """Steps of a training session.

    A method that starts a step returns at once, and takes an `idempotency_key`: the same key again gives the same
    operation. The `retrieve_...` method of its name tells when the step is done, and has its output.
    """

    name = "post_training.operations"
    with_raw_response: Operations[Raw[M]]
    with_streaming_response: Operations[Streamed[M]]

    @post(f"{SESSION}/forward-backward")
    def forward_backward(
        self,
        session_id: str,
        *,
        loss: LossConfig,
        samples: Iterable[TrainingSampleParam],
        forward_only: bool | NotGiven = not_given,
        return_loss_fn_outputs: bool | NotGiven = not_given,
        **options: Unpack[OperationOptions],
    ) -> ForwardBackwardOperation:
        """Add up the gradients of samples; with `forward_only=True` find their loss alone."""
        ...

    @post(f"{SESSION}/custom-forward-backward")
    def custom_forward_backward(
        self,
        session_id: str,
        *,
        gradients: Iterable[GradientParam],
        samples: Iterable[TrainingSampleParam],
        **options: Unpack[OperationOptions],
    ) -> CustomForwardBackwardOperation:
        """Add up the gradients of a loss of your own, given by each token's log probability."""
        ...

    @post(f"{SESSION}/optim-step")
    def optim_step(
        self,
        session_id: str,
        *,
        adam_params: AdamParams | NotGiven = not_given,
        muon_params: MuonParams | NotGiven = not_given,
        **options: Unpack[OperationOptions],
    ) -> OptimStepOperation:
        """Change the weights by the gradients; samples come from the new ones only after `weights_sync`."""
        ...

    @post(f"{SESSION}/weights-sync")
    def weights_sync(
        self, session_id: str, *, weight_sync_type: WeightSyncType, **options: Unpack[OperationOptions]
    ) -> WeightsSyncOperation:
        """Have samples come from the trained weights."""
        ...

    @post(f"{SESSION}/sample")
    def sample(
        self,
        session_id: str,
        *,
        model_inputs: Iterable[ModelInput],
        num_samples: int | NotGiven = not_given,
        prompt_logprobs: bool | NotGiven = not_given,
        return_routed_experts: bool | NotGiven = not_given,
        sampling_params: SamplingParams | NotGiven = not_given,
        topk_prompt_logprobs: int | NotGiven = not_given,
        **options: Unpack[OperationOptions],
    ) -> SampleOperation:
        """Have the model continue texts.

        Args:
            session_id: The session.
            model_inputs: The texts, as tokens.
            num_samples: How many continuations of each.
            sampling_params: How to sample.
            prompt_logprobs: Give the log probabilities of the texts' tokens, too.
            topk_prompt_logprobs: 0 to 20: give that many likeliest tokens at each place of the texts.
            return_routed_experts: Give keys with which training uses the same experts.
        """
        ...

    @post(f"{SESSION}/inference-checkpoint", bodiless=True)
    def create_inference_checkpoint(
        self, session_id: str, **options: Unpack[OperationOptions]
    ) -> InferenceCheckpointOperation:
        """Keep the weights, to answer with."""
        ...

    @post(f"{SESSION}/training-checkpoint", bodiless=True)
    def create_training_checkpoint(
        self, session_id: str, **options: Unpack[OperationOptions]
    ) -> TrainingCheckpointOperation:
        """Keep weights and optimizer, to go on from."""
        ...

    @get(f"{SESSION}/forward-backward/{{operation_id}}")
    def retrieve_forward_backward(
        self, operation_id: str, *, session_id: str, **options: Unpack[RequestOptions]
    ) -> ForwardBackwardOperation:
        """An operation of `forward_backward`."""
        ...

    @get(f"{SESSION}/custom-forward-backward/{{operation_id}}")
    def retrieve_custom_forward_backward(
        self, operation_id: str, *, session_id: str, **options: Unpack[RequestOptions]
    ) -> CustomForwardBackwardOperation:
        """An operation of `custom_forward_backward`."""
        ...

    @get(f"{SESSION}/optim-step/{{operation_id}}")
    def retrieve_optim_step(
        self, operation_id: str, *, session_id: str, **options: Unpack[RequestOptions]
    ) -> OptimStepOperation:
        """An operation of `optim_step`."""
        ...

    @get(f"{SESSION}/weights-sync/{{operation_id}}")
    def retrieve_weights_sync(
        self, operation_id: str, *, session_id: str, **options: Unpack[RequestOptions]
    ) -> WeightsSyncOperation:
        """An operation of `weights_sync`."""
        ...

    @get(f"{SESSION}/sample/{{operation_id}}")
    def retrieve_sample(
        self, operation_id: str, *, session_id: str, **options: Unpack[RequestOptions]
    ) -> SampleOperation:
        """An operation of `sample`."""
        ...

    @get(f"{SESSION}/inference-checkpoint/{{operation_id}}")
    def retrieve_inference_checkpoint(
        self, operation_id: str, *, session_id: str, **options: Unpack[RequestOptions]
    ) -> InferenceCheckpointOperation:
        """An operation of `create_inference_checkpoint`."""
        ...

    @get(f"{SESSION}/training-checkpoint/{{operation_id}}")
    def retrieve_training_checkpoint(
        self, operation_id: str, *, session_id: str, **options: Unpack[RequestOptions]
    ) -> TrainingCheckpointOperation:
        """An operation of `create_training_checkpoint`."""
        ...
