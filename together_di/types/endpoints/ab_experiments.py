"""Types of `client.endpoints.ab_experiments`."""

from datetime import datetime
from typing import Literal, TypeAlias, TypedDict

from .._base import CamelModel

__all__ = ["AbExperiment", "AbExperimentDeleteResponse", "AbMember", "AbMemberParam", "AbMemberRole"]

AbMemberRole: TypeAlias = Literal["AB_EXPERIMENT_MEMBER_ROLE_CONTROL", "AB_EXPERIMENT_MEMBER_ROLE_VARIANT"]


class AbMember(CamelModel):
    """A deployment in an A/B experiment, and its percentage of the traffic."""

    deployment_id: str
    percent: int
    role: AbMemberRole


class AbExperiment(CamelModel):
    """Traffic of one deployment, split between it and others."""

    id: str
    created_at: datetime
    created_by: str
    endpoint_id: str
    etag: str
    members: list[AbMember]
    name: str
    project_id: str
    updated_at: datetime
    description: str | None = None


class AbExperimentDeleteResponse(CamelModel):
    """The answer to `endpoints.ab_experiments.delete`; it says nothing."""


class AbMemberParam(TypedDict):
    """A deployment in an A/B experiment, and its percentage of the traffic."""

    deployment_id: str
    percent: int
    role: AbMemberRole
