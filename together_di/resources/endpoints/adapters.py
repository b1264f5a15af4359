"""`client.endpoints.adapters`: LoRA adapters on a deployment."""

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
    from ...types.endpoints.adapters import (
        AdapterCreateResponse,
        AdapterDeleteResponse,
        AdapterListResponse,
        AdapterRetrieveResponse,
        AdapterUpdateResponse,
    )

ADAPTERS = "/v2/projects/{project_id}/endpoints/{endpoint_id}/deployments/{deployment_id}/adapters"


class Adapters(Resource[M]):
    """LoRA adapters on a deployment."""

    name = "endpoints.adapters"
    with_raw_response: Adapters[Raw[M]]
    with_streaming_response: Adapters[Streamed[M]]

    @post(ADAPTERS, wire_name=camel)
    def create(
        self,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        deployment_id: str,
        adapter_model_id: str,
        adapter_revision_id: str | NotGiven = not_given,
        force: bool | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> AdapterCreateResponse:
        """Put an adapter on a deployment, by default its latest revision; `force` takes the oldest off if need be."""
        ...

    @get(f"{ADAPTERS}/{{id}}")
    def retrieve(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        deployment_id: str,
        **options: Unpack[RequestOptions],
    ) -> AdapterRetrieveResponse:
        """An adapter on a deployment."""
        ...

    @patch(f"{ADAPTERS}/{{id}}", wire_name=camel)
    def update(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        deployment_id: str,
        adapter_revision_id: str,
        etag: str,
        **options: Unpack[RequestOptions],
    ) -> AdapterUpdateResponse:
        """Take another revision of an adapter."""
        ...

    @paged(ADAPTERS)
    def list(
        self,
        endpoint_id: str,
        deployment_id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[AdapterListResponse]:
        """The adapters on a deployment; `limit` is the size of a page."""
        ...

    @delete(f"{ADAPTERS}/{{id}}")
    def delete(
        self,
        id: str,
        *,
        project_id: str | None = None,
        endpoint_id: str,
        deployment_id: str,
        etag: str,
        **options: Unpack[RequestOptions],
    ) -> AdapterDeleteResponse:
        """Take an adapter off a deployment."""
        ...
