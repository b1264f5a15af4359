"""`client.endpoints.placement_profiles`: where deployments may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._sentinels import NotGiven, not_given
from ...endpoint import get, paged
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ...pagination import Page
    from ...request import RequestOptions
    from ...types.endpoints.placement_profiles import PlacementProfile


class PlacementProfiles(Resource[M]):
    """Where deployments may run."""

    name = "endpoints.placement_profiles"
    with_raw_response: PlacementProfiles[Raw[M]]
    with_streaming_response: PlacementProfiles[Streamed[M]]

    @get("/v2/projects/{project_id}/placement-profiles/{id}")
    def retrieve(
        self, id: str, *, project_id: str | None = None, **options: Unpack[RequestOptions]
    ) -> PlacementProfile:
        """A placement profile."""
        ...

    @paged("/v2/projects/{project_id}/placement-profiles")
    def list(
        self,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[PlacementProfile]:
        """The placement profiles of a project; `limit` is the size of a page."""
        ...
