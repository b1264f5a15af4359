"""`client.endpoints.ab_experiments`: traffic of one deployment, split between it and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import delete, get, paged, patch, post
from ...request import camel
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Unpack

    from ...pagination import Page
    from ...request import RequestOptions
    from ...types.endpoints.ab_experiments import AbExperiment, AbExperimentDeleteResponse, AbMemberParam

EXPERIMENTS = "/v2/projects/{project_id}/endpoints/{endpoint_id}/abExperiments"


class AbExperiments(Resource[M]):
    """Traffic of one deployment, split between it and others."""

    name = "endpoints.ab_experiments"
    with_raw_response: AbExperiments[Raw[M]]
    with_streaming_response: AbExperiments[Streamed[M]]

    @post(EXPERIMENTS, wire_name=camel)
    def create(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        members: Iterable[AbMemberParam],
        name: str,
        description: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> AbExperiment:
        """Split the traffic of a deployment; `members` are 2 to 20, one of them the control, 100 percent in all."""
        ...

    @get(f"{EXPERIMENTS}/{{id}}")
    def retrieve(
        self, id: str, *, project_id: str | None = None, endpoint_id: str, **options: Unpack[RequestOptions]
    ) -> AbExperiment:
        """An A/B experiment."""
        ...

    @patch(f"{EXPERIMENTS}/{{id}}", wire_name=camel, query=frozenset({"update_mask"}))
    def update(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        update_mask: str | NotGiven = not_given,
        description: str | NotGiven = not_given,
        etag: str | NotGiven = not_given,
        members: Iterable[AbMemberParam] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> AbExperiment:
        """Change an A/B experiment; `update_mask` names the fields, with commas. `members` replace all that were."""
        ...

    @paged(EXPERIMENTS)
    def list(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[AbExperiment]:
        """The A/B experiments of an endpoint; `limit` is the size of a page."""
        ...

    @delete(f"{EXPERIMENTS}/{{id}}")
    def delete(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> AbExperimentDeleteResponse:
        """End an A/B experiment; its deployments stay."""
        ...
