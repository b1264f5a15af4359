"""`client.endpoints`: https://docs.together.ai/reference/listendpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._sentinels import NotGiven, not_given
from ...endpoint import delete, get, paged, patch, post
from ...request import camel
from ...resource import M, Raw, Resource, Streamed
from .ab_experiments import AbExperiments
from .adapters import Adapters
from .deployments import Deployments
from .hardware import Hardware
from .placement_profiles import PlacementProfiles
from .rollouts import Rollouts
from .shadow_experiments import ShadowExperiments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Unpack

    from ...engine import Engine
    from ...pagination import Page
    from ...request import RequestOptions
    from ...types.endpoints import (
        Endpoint,
        EndpointAnalyticsResponse,
        EndpointDeleteResponse,
        EndpointEventLevel,
        EndpointEventSourceKind,
        EndpointListEventsResponse,
        EndpointTrafficSplitEntryParam,
        EndpointVisibility,
    )


class Endpoints(Resource[M]):
    """Models on hardware of your own.

    In all its namespaces `project_id` may be left out wherever the client has one, and with an `etag` what has changed
    since it was read is not touched.
    """

    name = "endpoints"
    with_raw_response: Endpoints[Raw[M]]
    with_streaming_response: Endpoints[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.deployments: Deployments[M] = Deployments(engine)
        self.rollouts: Rollouts[M] = Rollouts(engine)
        self.adapters: Adapters[M] = Adapters(engine)
        self.ab_experiments: AbExperiments[M] = AbExperiments(engine)
        self.shadow_experiments: ShadowExperiments[M] = ShadowExperiments(engine)
        self.placement_profiles: PlacementProfiles[M] = PlacementProfiles(engine)
        self.hardware: Hardware[M] = Hardware(engine)

    @post("/v2/projects/{project_id}/endpoints", wire_name=camel)
    def create(
        self,
        *,
        project_id: str | None = None,
        name: str,
        visibility: EndpointVisibility | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Endpoint:
        """Make an endpoint, to which deployments are then added."""
        ...

    @get("/v2/projects/{project_id}/endpoints/{id}")
    def retrieve(self, id: str, *, project_id: str | None = None, **options: Unpack[RequestOptions]) -> Endpoint:
        """An endpoint with its deployments."""
        ...

    @patch("/v2/projects/{project_id}/endpoints/{id}", wire_name=camel, query=frozenset({"update_mask"}))
    def update(
        self,
        id: str,
        *,
        project_id: str | None = None,
        update_mask: str | NotGiven = not_given,
        etag: str | NotGiven = not_given,
        name: str | NotGiven = not_given,
        traffic_split: Iterable[EndpointTrafficSplitEntryParam] | NotGiven = not_given,
        visibility: EndpointVisibility | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Endpoint:
        """Change an endpoint; `update_mask` names the fields, with commas. An empty split stops all traffic."""
        ...

    @paged("/v2/projects/{project_id}/endpoints", wire_name=camel)
    def list(
        self,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        filter: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        order_by: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[Endpoint]:
        """The endpoints of a project.

        Args:
            project_id: The project.
            after: The `next_cursor` of the page before.
            filter: Such as `name:chat AND created_at > "2026-01-01T00:00:00Z"`.
            limit: The size of a page.
            order_by: `created_at` or `updated_at`, followed by `asc` or `desc`.
        """
        ...

    @delete("/v2/projects/{project_id}/endpoints/{id}")
    def delete(
        self,
        id: str,
        *,
        project_id: str | None = None,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> EndpointDeleteResponse:
        """Delete an endpoint that has no deployments any more."""
        ...

    @get("/v2/projects/{project_id}/endpoints/{id}/analytics", wire_name=camel)
    def analytics(
        self,
        id: str,
        *,
        project_id: str | None = None,
        deployment_id: str | NotGiven = not_given,
        end_time: str | datetime | NotGiven = not_given,
        granularity: str | NotGiven = not_given,
        include_time_series: bool | NotGiven = not_given,
        start_time: str | datetime | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> EndpointAnalyticsResponse:
        """What an endpoint did in a time, by default the last 24 hours; `granularity` is a duration such as `1h`."""
        ...

    @paged("/v2/projects/{project_id}/endpoints/{id}/events", wire_name=camel)
    def list_events(
        self,
        id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        deployment_ids: Sequence[str] | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        min_level: EndpointEventLevel | NotGiven = not_given,
        since: str | datetime | NotGiven = not_given,
        source_kinds: Sequence[EndpointEventSourceKind] | NotGiven = not_given,
        subject_id: str | NotGiven = not_given,
        types: Sequence[str] | NotGiven = not_given,
        until: str | datetime | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[EndpointListEventsResponse]:
        """What happened to an endpoint and its deployments, the latest first.

        Args:
            id: The endpoint.
            project_id: The project.
            after: The `next_cursor` of the page before.
            deployment_ids: Only what happened to these deployments.
            limit: The size of a page, at most 10000.
            min_level: Only what matters at least so much.
            since: Only from this time on.
            source_kinds: Only what happened to the endpoint, or to deployments.
            subject_id: Only what concerns this thing, such as a rollout.
            types: Only these, such as `deployment.scaled`.
            until: Only before this time.
        """
        ...

    @paged("/v2/organizations/{organization_id}/endpoints", wire_name=camel)
    def list_org_scoped(
        self,
        organization_id: str,
        *,
        after: str | NotGiven = not_given,
        filter: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        order_by: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[Endpoint]:
        """The endpoints that all projects of an organization see; the arguments are those of `list`."""
        ...
