"""`client.models`: https://docs.together.ai/reference/models-1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._sentinels import NotGiven, not_given
from ..endpoint import delete, get, paged, patch, post
from ..request import camel
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..engine import Engine
    from ..pagination import Page
    from ..request import RequestOptions
    from ..types.models import (
        AdapterMode,
        Config,
        Modality,
        Model,
        ModelDeleteResponse,
        ModelListFilesResponse,
        ModelListRevisionsResponse,
        ModelVisibility,
        Product,
        RemoteUploadCreateResponse,
        RemoteUploadEventsResponse,
        RemoteUploadListResponse,
        RemoteUploadRetrieveResponse,
        SupportedModel,
    )


class RemoteUploads(Resource[M]):
    """Files of models, fetched from Hugging Face or a URL."""

    name = "models.remote_uploads"
    with_raw_response: RemoteUploads[Raw[M]]
    with_streaming_response: RemoteUploads[Streamed[M]]

    @post("/v2/projects/{project_id}/models/uploads", wire_name=camel)
    def create(
        self,
        *,
        project_id: str | None = None,
        model_id: str,
        remote_url: str,
        token: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> RemoteUploadCreateResponse:
        """Fetch the files of a model; `retrieve` tells when they are there.

        Args:
            project_id: The project.
            model_id: The model that gets the files as a new revision.
            remote_url: A repository at Hugging Face, or a signed URL of an archive.
            token: For a private place; it is never given back.
        """
        ...

    @get("/v2/projects/{project_id}/models/uploads/{id}")
    def retrieve(
        self, id: str, *, project_id: str | None = None, **options: Unpack[RequestOptions]
    ) -> RemoteUploadRetrieveResponse:
        """How far a remote upload is."""
        ...

    @paged("/v2/projects/{project_id}/models/uploads")
    def list(
        self,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[RemoteUploadListResponse]:
        """The remote uploads of a project; `limit` is the size of a page."""
        ...

    @get("/v2/projects/{project_id}/models/uploads/{id}/events")
    def events(
        self,
        id: str,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> RemoteUploadEventsResponse:
        """What happened during a remote upload; for more than `limit`, give `next_cursor` as `after`."""
        ...


class Configs(Resource[M]):
    """Ways to run a model."""

    name = "models.configs"
    with_raw_response: Configs[Raw[M]]
    with_streaming_response: Configs[Streamed[M]]

    @get("/v2/projects/{project_id}/configs/{id}")
    def retrieve(self, id: str, *, project_id: str | None = None, **options: Unpack[RequestOptions]) -> Config:
        """A way to run a model."""
        ...

    @paged("/v2/projects/{project_id}/configs", wire_name=camel)
    def list(
        self,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        reference_model: str | NotGiven = not_given,
        reference_model_id: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[Config]:
        """The ways to run a model, `projects/{project}/models/{model}`; `limit` is the size of a page."""
        ...


class Models(Resource[M]):
    """The models Together serves, and those of your projects.

    `project_id` may be left out wherever the client has one.
    """

    name = "models"
    with_raw_response: Models[Raw[M]]
    with_streaming_response: Models[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.remote_uploads: RemoteUploads[M] = RemoteUploads(engine)
        self.configs: Configs[M] = Configs(engine)

    @post("/v2/projects/{project_id}/models", wire_name=camel)
    def create(
        self,
        *,
        base_model_id: str,
        name: str,
        type: str,
        project_id: str | None = None,
        description: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Model:
        """Make a model of a project."""
        ...

    @get("/v2/projects/{project_id}/models/{id}")
    def retrieve(self, id: str, *, project_id: str | None = None, **options: Unpack[RequestOptions]) -> Model:
        """A model of a project."""
        ...

    @patch("/v2/projects/{project_id}/models/{id}", wire_name=camel, query=frozenset({"update_mask"}))
    def update(
        self,
        id: str,
        *,
        project_id: str | None = None,
        update_mask: str | NotGiven = not_given,
        description: str | NotGiven = not_given,
        name: str | NotGiven = not_given,
        visibility: ModelVisibility | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Model:
        """Change a model of a project; `update_mask` names the fields, with commas."""
        ...

    @paged("/v2/projects/{project_id}/models", wire_name=camel)
    def list(
        self,
        *,
        project_id: str | None = None,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        organization_id: str | NotGiven = not_given,
        visibility: ModelVisibility | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[Model]:
        """The models of a project; `limit` is the size of a page."""
        ...

    @delete("/v2/projects/{project_id}/models/{id}")
    def delete(
        self, id: str, *, project_id: str | None = None, **options: Unpack[RequestOptions]
    ) -> ModelDeleteResponse:
        """Delete a model of a project."""
        ...

    @get("/v2/projects/{project_id}/models/{id}/files", wire_name=camel)
    def list_files(
        self,
        id: str,
        *,
        project_id: str | None = None,
        revision_id: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> ModelListFilesResponse:
        """The files of a model."""
        ...

    @paged("/v2/organizations/{organization_id}/models", wire_name=camel)
    def list_org_scoped(
        self,
        organization_id: str,
        *,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[Model]:
        """The models of an organization; `limit` is the size of a page."""
        ...

    @get("/v2/projects/{project_id}/models/{id}/revisions")
    def list_revisions(
        self, id: str, *, project_id: str | None = None, **options: Unpack[RequestOptions]
    ) -> ModelListRevisionsResponse:
        """The revisions of a model."""
        ...

    @paged("/v2/supported-models", wire_name=camel)
    def list_supported(
        self,
        *,
        adapter_mode: AdapterMode | NotGiven = not_given,
        after: str | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        modality: Modality | NotGiven = not_given,
        product: Product | NotGiven = not_given,
        search: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[SupportedModel]:
        """The models Together serves; `limit` is the size of a page."""
        ...

    @get("/v2/supported-models/{id}")
    def retrieve_supported(self, id: str, **options: Unpack[RequestOptions]) -> SupportedModel:
        """A model Together serves."""
        ...
