"""`client.organization`: https://docs.together.ai/reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._sentinels import NotGiven, not_given
from ..endpoint import paged
from ..resource import M, Raw, Resource, Streamed

if TYPE_CHECKING:
    from typing import Unpack

    from ..engine import Engine
    from ..pagination import Page
    from ..request import RequestOptions
    from ..types.organization import BillingUsageWindow


class Costs(Resource[M]):
    """What was used and what it cost."""

    name = "organization.usage.costs"
    with_raw_response: Costs[Raw[M]]
    with_streaming_response: Costs[Streamed[M]]

    @paged("/v1/billing/usage")
    def list(
        self,
        *,
        after: str | NotGiven = not_given,
        granularity: Literal["day", "hour"] | NotGiven = not_given,
        limit: int | NotGiven = not_given,
        month: str | NotGiven = not_given,
        organization_id: str | NotGiven = not_given,
        **options: Unpack[RequestOptions],
    ) -> Page[BillingUsageWindow]:
        """The days or hours of a month, such as `"2026-01"`, this one by default; `limit` is the size of a page."""
        ...


class Usage(Resource[M]):
    """What the organization used."""

    name = "organization.usage"
    with_raw_response: Usage[Raw[M]]
    with_streaming_response: Usage[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.costs: Costs[M] = Costs(engine)


class Organization(Resource[M]):
    """What concerns the whole organization."""

    name = "organization"
    with_raw_response: Organization[Raw[M]]
    with_streaming_response: Organization[Streamed[M]]

    def __init__(self, engine: Engine[Any]) -> None:
        super().__init__(engine)
        self.usage: Usage[M] = Usage(engine)
