"""Types of `client.whoami`: https://docs.together.ai/reference/whoami."""

from typing import Annotated, Literal, TypeAlias

import pydantic

from ._base import BaseModel

__all__ = [
    "WhoamiAPIKey",
    "WhoamiOrgAPIKey",
    "WhoamiOrganization",
    "WhoamiProject",
    "WhoamiProjectAPIKey",
    "WhoamiResponse",
    "WhoamiUser",
    "WhoamiUserJwt",
    "WhoamiUserOrgJwt",
    "WhoamiUserOrgProjectJwt",
]


class WhoamiAPIKey(BaseModel):
    """A key, by its identifier."""

    id: str


class WhoamiUser(BaseModel):
    """A user, by their identifier."""

    id: str


class WhoamiOrganization(BaseModel):
    """An organization."""

    id: str
    name: str


class WhoamiProject(BaseModel):
    """A project; its slug stands before the slug of an endpoint in the name of a model."""

    id: str
    name: str
    slug: str


class WhoamiProjectAPIKey(BaseModel):
    """The caller is a key of a project."""

    type: Literal["project_api_key"]
    api_key: WhoamiAPIKey
    organization: WhoamiOrganization
    project: WhoamiProject


class WhoamiOrgAPIKey(BaseModel):
    """The caller is a key of an organization."""

    type: Literal["org_api_key"]
    api_key: WhoamiAPIKey
    organization: WhoamiOrganization


class WhoamiUserJwt(BaseModel):
    """The caller is a user."""

    type: Literal["user_jwt"]
    user: WhoamiUser


class WhoamiUserOrgJwt(BaseModel):
    """The caller is a user in an organization."""

    type: Literal["user_org_jwt"]
    user: WhoamiUser
    organization: WhoamiOrganization


class WhoamiUserOrgProjectJwt(BaseModel):
    """The caller is a user in a project."""

    type: Literal["user_org_project_jwt"]
    user: WhoamiUser
    organization: WhoamiOrganization
    project: WhoamiProject


WhoamiResponse: TypeAlias = Annotated[
    WhoamiProjectAPIKey | WhoamiOrgAPIKey | WhoamiUserJwt | WhoamiUserOrgJwt | WhoamiUserOrgProjectJwt,
    pydantic.Field(discriminator="type"),
]
