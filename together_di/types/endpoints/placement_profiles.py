"""Types of `client.endpoints.placement_profiles`."""

from .._base import CamelModel

__all__ = ["PlacementProfile"]


class PlacementProfile(CamelModel):
    """Regions for deployments, the preferred one first."""

    id: str
    name: str
    organization_id: str
    preferred_regions: list[str]
    project_id: str
