"""Batches, fine-tuning and evaluations: jobs that move through their states."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Lock

    from .files import Files
    from .routing import Route


def routes(lock: Lock, files: Files) -> list[Route]:
    """Their routes."""
    return []
