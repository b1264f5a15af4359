"""`client.evals`: https://docs.together.ai/reference/create-evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._sentinels import NotGiven, not_given
from ..endpoint import flow, flow_to, get, post
from ..resource import M, Raw, Resource, Streamed
from ..steps import ask
from ..waiting import FIRST_PAUSE, wait_steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Unpack

    from ..endpoint import Step
    from ..request import RequestOptions
    from ..types.evals import (
        EvalCreateResponse,
        EvalListResponse,
        EvalParameters,
        EvalStatusResponse,
        EvalType,
        EvaluationJob,
        EvaluationModel,
        ModelSource,
    )

ENDED = frozenset({"completed", "error", "user_error"})


class _Evaluations(Resource[M]):
    name = "evals"

    @get("/v1/evaluation/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> EvaluationJob:
        """What is known of an evaluation."""
        ...

    @get("/v1/evaluation")
    def list(
        self,
        *,
        limit: int | NotGiven = not_given,
        status: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> EvalListResponse:
        """The evaluations, or those with a status."""
        ...

    @get("/v1/evaluation/{id}/status")
    def status(self, id: str, **options: Unpack[RequestOptions]) -> EvalStatusResponse:
        """How far an evaluation is, and its results."""
        ...

    @flow
    def wait(
        self,
        id: str,
        *,
        timeout: float | None = None,
        poll_interval: float = FIRST_PAUSE,
        on_progress: Callable[[EvaluationJob], object] | None = None,
    ) -> Step[EvaluationJob]:
        """Wait until an evaluation has ended: completed, or in error; its `status` says which.

        Args:
            id: The evaluation: its `workflow_id`.
            timeout: Seconds to wait at most; `None` for no limit.
            poll_interval: Seconds before it is asked for again; they grow to a minute.
            on_progress: A plain function, called with the evaluation at first and whenever it has changed.

        Raises:
            JobTimeoutError: It had not ended in time, and goes on.
        """
        return wait_steps(self, id, ENDED, timeout=timeout, poll_interval=poll_interval, on_progress=on_progress)


class Evals(_Evaluations[M]):
    """Models judged by models."""

    with_raw_response: Evals[Raw[M]]
    with_streaming_response: Evals[Streamed[M]]

    @post("/v1/evaluation")
    def create(
        self, *, parameters: EvalParameters, type: EvalType, **options: Unpack[RequestOptions]
    ) -> EvalCreateResponse:
        """Have the rows of a file judged."""
        ...


class Evaluation(_Evaluations[M]):
    """`client.evals` as the v1 SDK has it: the parameters of a new evaluation stand side by side."""

    with_raw_response: Evaluation[Raw[M]]
    with_streaming_response: Evaluation[Streamed[M]]

    @flow_to("POST", "/v1/evaluation")
    def create(
        self,
        type: EvalType,
        judge_model: str,
        judge_model_source: ModelSource,
        judge_system_template: str,
        input_data_file_path: str,
        *,
        judge_external_api_token: str | None = None,
        judge_external_base_url: str | None = None,
        labels: Sequence[str] | None = None,
        pass_labels: Sequence[str] | None = None,
        min_score: float | None = None,
        max_score: float | None = None,
        pass_threshold: float | None = None,
        model_a: EvaluationModel | None = None,
        model_b: EvaluationModel | None = None,
        model_to_evaluate: EvaluationModel | None = None,
    ) -> Step[EvalCreateResponse]:
        """Have the rows of a file judged."""
        judge = {
            "model": judge_model,
            "model_source": judge_model_source,
            "system_template": judge_system_template,
            "external_api_token": judge_external_api_token,
            "external_base_url": judge_external_base_url,
        }
        parameters = {
            "judge": _given(judge),
            "input_data_file_path": input_data_file_path,
            "labels": labels,
            "pass_labels": pass_labels,
            "min_score": min_score,
            "max_score": max_score,
            "pass_threshold": pass_threshold,
            "model_a": model_a,
            "model_b": model_b,
            "model_to_evaluate": model_to_evaluate,
        }
        return ask(self, Evals.create, type=type, parameters=_given(parameters))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
