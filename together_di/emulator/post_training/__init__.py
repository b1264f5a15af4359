"""What is done to a model after it was trained: more training, step by step, and making it small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import prepare_for_fp4
from .training import Training

if TYPE_CHECKING:
    from threading import Lock

    from ..routing import Route


def routes(lock: Lock) -> list[Route]:
    """The routes of both."""
    return [*Training(lock).routes(), *prepare_for_fp4.routes(lock)]
