"""Clusters, their storage, and containers that run on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Lock

    from .routing import Route


def routes(lock: Lock) -> list[Route]:
    """Their routes."""
    return []
