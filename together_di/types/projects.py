"""Types of `client.projects`: https://docs.together.ai/reference."""

from ._base import BaseModel

__all__ = ["Project"]


class Project(BaseModel):
    """A project the key can reach."""

    id: str
    name: str
    organization_id: str
    organization_name: str
    slug: str
