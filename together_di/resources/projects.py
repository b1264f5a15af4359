"""`client.projects`: https://docs.together.ai/reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._sentinels import NotGiven, not_given
from ..endpoint import paged
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..pagination import Page
    from ..request import RequestOptions
    from ..types.projects import Project


class Projects(Resource[M]):
    """The projects of an organization."""

    name = "projects"
    with_raw_response: Projects[Raw[M]]
    with_streaming_response: Projects[Streamed[M]]

    @paged("/v1/projects")
    def list(
        self, *, after: str | NotGiven = not_given, limit: int | NotGiven = not_given, **options: Unpack[RequestOptions]
    ) -> Page[Project]:
        """The projects the key can reach; `limit` is the size of a page."""
        ...
