"""`client.endpoints.shadow_experiments`: requests that other deployments get, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._sentinels import NotGiven, not_given
from ...endpoint import delete, get, paged, patch, post
from ...request import camel
from ...resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Unpack

    from ...engine import Engine
    from ...pagination import Page
    from ...request import RequestOptions
    from ...types.endpoints.shadow_experiments import (
        ShadowExperiment,
        ShadowExperimentDeleteResponse,
        ShadowExperimentTarget,
        ShadowExperimentTargetParam,
        ShadowSourceParam,
        TargetDeleteResponse,
    )

EXPERIMENTS = "/v2/projects/{project_id}/endpoints/{endpoint_id}/shadowExperiments"
TARGETS = f"{EXPERIMENTS}/{{experiment_id}}/targets"


class Targets(Resource[M]):
    """The deployments that get mirrored requests."""

    name = "endpoints.shadow_experiments.targets"
    with_raw_response: Targets[Raw[M]]
    with_streaming_response: Targets[Streamed[M]]

    @post(TARGETS, wire_name=camel)
    def create(
        self,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        experiment_id: str,
        name: str,
        target_deployment_id: str,
        description: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ShadowExperimentTarget:
        """Mirror requests to one more deployment, which gets no live traffic."""
        ...

    @get(f"{TARGETS}/{{id}}")
    def retrieve(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        experiment_id: str,
        **options: Unpack[RequestOptions],
    ) -> ShadowExperimentTarget:
        """A target."""
        ...

    @patch(f"{TARGETS}/{{id}}", wire_name=camel, query=frozenset({"update_mask"}))
    def update(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        experiment_id: str,
        update_mask: str,
        description: str | NotGiven = not_given,
        etag: str | NotGiven = not_given,
        name: str | NotGiven = not_given,
        target_deployment_id: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ShadowExperimentTarget:
        """Change a target; `update_mask` names the fields, with commas: `name,targetDeploymentId,description`."""
        ...

    @paged(TARGETS)
    def list(
        self,
        endpoint_id: str,
        experiment_id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[ShadowExperimentTarget]:
        """The targets of an experiment; `limit` is the size of a page."""
        ...

    @delete(f"{TARGETS}/{{id}}")
    def delete(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        experiment_id: str,
        etag: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> TargetDeleteResponse:
        """Mirror no more requests to a deployment, which itself stays."""
        ...


class ShadowExperiments(Resource[M]):
    """Requests that other deployments get, too, without their answers being used."""

    name = "endpoints.shadow_experiments"
    with_raw_response: ShadowExperiments[Raw[M]]
    with_streaming_response: ShadowExperiments[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.targets: Targets[M] = Targets(engine)

    @post(EXPERIMENTS, wire_name=camel)
    def create(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        name: str,
        source: ShadowSourceParam,
        targets: Iterable[ShadowExperimentTargetParam] | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ShadowExperiment:
        """Mirror a part of an endpoint's requests to deployments; `targets` can be added later."""
        ...

    @get(f"{EXPERIMENTS}/{{id}}")
    def retrieve(
        self, id: str, *, project_id: str | None = None, endpoint_id: str, **options: Unpack[RequestOptions]
    ) -> ShadowExperiment:
        """A shadow experiment with its targets."""
        ...

    @patch(f"{EXPERIMENTS}/{{id}}", wire_name=camel, query=frozenset({"update_mask"}))
    def update(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        update_mask: str,
        description: str | NotGiven = not_given,
        etag: str | NotGiven = not_given,
        source: ShadowSourceParam | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ShadowExperiment:
        """Change a shadow experiment; `update_mask` names the fields, with commas. A new source needs the `etag`."""
        ...

    @paged(EXPERIMENTS, wire_name=camel)
    def list(
        self,
        endpoint_id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        include_targets: bool | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[ShadowExperiment]:
        """The shadow experiments of an endpoint, with their targets if asked; `limit` is the size of a page."""
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
    ) -> ShadowExperimentDeleteResponse:
        """End a shadow experiment; its deployments stay."""
        ...
