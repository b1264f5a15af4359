"""`/v1/compute`: clusters, their storage, and what mends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..routing import Route, one_at_a_time
from .clusters import Clusters
from .remediations import Remediations
from .storage import Storage

if TYPE_CHECKING:
    from threading import Lock


def routes(lock: Lock) -> list[Route]:
    """Their routes; one request at a time changes anything."""
    storage = Storage()
    clusters = Clusters(storage)
    return one_at_a_time(lock, [*storage.routes(), *clusters.routes(), *Remediations(clusters).routes()])
