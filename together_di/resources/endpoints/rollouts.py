"""`client.endpoints.rollouts`: traffic moving from one deployment of an endpoint to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import delete, get, paged, post
from ...request import camel
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Unpack

    from ...pagination import Page
    from ...request import RequestOptions
    from ...types.endpoints.rollouts import (
        BlueGreenConfigParam,
        CanaryConfigParam,
        MetricRuleParam,
        RollingConfigParam,
        Rollout,
        RolloutCancelDisposition,
        RolloutDefaultsPreview,
        RolloutDeleteResponse,
        RolloutFilter,
    )

ROLLOUTS = "/v2/projects/{project_id}/endpoints/{endpoint_id}/rollouts"


class Rollouts(Resource[M]):
    """Traffic moving from one deployment of an endpoint to another.

    `pause` and `cancel` only ask for it: `retrieve` tells when it is done.
    """

    name = "endpoints.rollouts"
    with_raw_response: Rollouts[Raw[M]]
    with_streaming_response: Rollouts[Streamed[M]]

    @post(ROLLOUTS, wire_name=camel)
    def create(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        source_deployment_id: str,
        target_deployment_id: str,
        blue_green: BlueGreenConfigParam | NotGiven = not_given,
        canary: CanaryConfigParam | NotGiven = not_given,
        final_source_replicas: int | NotGiven = not_given,
        final_target_replicas: int | NotGiven = not_given,
        metrics: Iterable[MetricRuleParam] | NotGiven = not_given,
        rolling: RollingConfigParam | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Rollout:
        """Make a rollout, which moves no traffic before `start`.

        Args:
            endpoint_id: The endpoint.
            project_id: The project.
            source_deployment_id: The deployment that has the traffic.
            target_deployment_id: The deployment that shall have it.
            blue_green: Move all traffic at once.
            canary: Move it step by step.
            rolling: Move it replica by replica.
            final_source_replicas: How many replicas the source keeps; by default none.
            final_target_replicas: How many the target has in the end; by default as many as the source has now.
            metrics: What has to hold before each next step of a canary rollout.
        """
        ...

    @get(f"{ROLLOUTS}/{{id}}")
    def retrieve(
        self, id: str, *, project_id: str | None = None, endpoint_id: str, **options: Unpack[RequestOptions]
    ) -> Rollout:
        """A rollout and how far it is."""
        ...

    @paged(ROLLOUTS)
    def list(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        filter: RolloutFilter | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[Rollout]:
        """The rollouts of an endpoint; `limit` is the size of a page."""
        ...

    @delete(f"{ROLLOUTS}/{{id}}")
    def delete(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> RolloutDeleteResponse:
        """Forget a rollout that is not under way."""
        ...

    @post(f"{ROLLOUTS}/{{id}}/cancel", wire_name=camel)
    def cancel(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        reason: str,
        disposition: RolloutCancelDisposition | NotGiven = not_given,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Rollout:
        """End a rollout where it is: the traffic stays split as it is now. The API takes no other `disposition`."""
        ...

    @post(f"{ROLLOUTS}/{{id}}/pause", wire_name=camel)
    def pause(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        etag: str | NotGiven = not_given,
        reason: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Rollout:
        """Halt a rollout."""
        ...

    @post(f"{ROLLOUTS}/preview-defaults", wire_name=camel)
    def preview_defaults(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        source_deployment_id: str,
        target_deployment_id: str,
        blue_green: BlueGreenConfigParam | NotGiven = not_given,
        canary: CanaryConfigParam | NotGiven = not_given,
        final_source_replicas: int | NotGiven = not_given,
        final_target_replicas: int | NotGiven = not_given,
        metrics: Iterable[MetricRuleParam] | NotGiven = not_given,
        rolling: RollingConfigParam | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> RolloutDefaultsPreview:
        """What `create` would make of the same arguments; nothing is made."""
        ...

    @post(f"{ROLLOUTS}/{{id}}/promote", wire_name=camel)
    def promote(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Rollout:
        """Give the target all traffic now."""
        ...

    @post(f"{ROLLOUTS}/{{id}}/resume", wire_name=camel)
    def resume(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Rollout:
        """Go on with a rollout that was halted."""
        ...

    @post(f"{ROLLOUTS}/{{id}}/start", bodiless=True)
    def start(
        self, id: str, *, project_id: str | None = None, endpoint_id: str, **options: Unpack[RequestOptions]
    ) -> Rollout:
        """Begin to move traffic."""
        ...
