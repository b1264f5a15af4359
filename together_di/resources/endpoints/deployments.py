"""`client.endpoints.deployments`: models on hardware behind an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import delete, get, paged, patch, post
from ...request import camel
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...pagination import Page
    from ...request import RequestOptions
    from ...types.endpoints.deployments import (
        DeploymentAutoscalingParam,
        DeploymentDeleteResponse,
        DeploymentPlacementParam,
        EndpointDeployment,
    )

DEPLOYMENTS = "/v2/projects/{project_id}/endpoints/{endpoint_id}/deployments"


class Deployments(Resource[M]):
    """Models on hardware behind an endpoint."""

    name = "endpoints.deployments"
    with_raw_response: Deployments[Raw[M]]
    with_streaming_response: Deployments[Streamed[M]]

    @post(DEPLOYMENTS, wire_name=camel, query=frozenset({"validate_only"}))
    def create(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        autoscaling: DeploymentAutoscalingParam,
        name: str,
        validate_only: bool | NotGiven = not_given,
        config: str | NotGiven = not_given,
        config_id: str | NotGiven = not_given,
        inactive_timeout: int | NotGiven = not_given,
        max_concurrent_requests_per_replica: str | NotGiven = not_given,
        model: str | NotGiven = not_given,
        model_id: str | NotGiven = not_given,
        model_revision_id: str | NotGiven = not_given,
        placement: DeploymentPlacementParam | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> EndpointDeployment:
        """Put a model behind an endpoint; `retrieve` tells when it is ready.

        Args:
            endpoint_id: The endpoint.
            project_id: The project.
            autoscaling: How many replicas there are.
            name: Its name within the endpoint.
            validate_only: Check the arguments and make nothing.
            config: How to run the model: `projects/{project}/configs/{revision}`; `models.configs` has them.
            config_id: The older way to say so: the id of the revision.
            inactive_timeout: Stop after so many minutes without a request: 30 to 1440, or 0 for never.
            max_concurrent_requests_per_replica: How many requests a replica gets at a time.
            model: The model: `projects/{project}/models/{model}`, with or without `/revisions/{revision}`.
            model_id: The older way to say so: the id of the model.
            model_revision_id: The older way to name a revision.
            placement: Where it may run.
        """
        ...

    @get(f"{DEPLOYMENTS}/{{id}}")
    def retrieve(
        self, id: str, *, project_id: str | None = None, endpoint_id: str, **options: Unpack[RequestOptions]
    ) -> EndpointDeployment:
        """A deployment with its status."""
        ...

    @patch(f"{DEPLOYMENTS}/{{id}}", wire_name=camel, query=frozenset({"update_mask"}))
    def update(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        update_mask: str | NotGiven = not_given,
        autoscaling: DeploymentAutoscalingParam | NotGiven = not_given,
        etag: str | NotGiven = not_given,
        inactive_timeout: int | NotGiven = not_given,
        max_concurrent_requests_per_replica: str | NotGiven = not_given,
        name: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> EndpointDeployment:
        """Change a deployment; `update_mask` names the fields, with commas. `inactive_timeout` is in minutes."""
        ...

    @paged(DEPLOYMENTS, wire_name=camel)
    def list(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        filter: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        order_by: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[EndpointDeployment]:
        """The deployments of an endpoint; the arguments are those of `endpoints.list`."""
        ...

    @delete(f"{DEPLOYMENTS}/{{id}}")
    def delete(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> DeploymentDeleteResponse:
        """Delete a deployment that gets no traffic any more."""
        ...
