"""`/v2/projects/{project_id}/endpoints` and what belongs to an endpoint; a model's configurations and uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Lock

    from .routing import Route


def routes(lock: Lock) -> list[Route]:
    """Their routes."""
    return []
