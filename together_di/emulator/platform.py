"""Clusters, their storage, and containers that run on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .platform_clusters import Clusters
from .platform_deployments import Deployments
from .platform_queue import Queue
from .platform_remediations import Remediations
from .platform_secrets import Secrets
from .platform_storage import Storage
from .platform_volumes import Volumes
from .routing import Route

if TYPE_CHECKING:
    from threading import Lock

    from .exchange import Reply, Request


def routes(lock: Lock) -> list[Route]:
    """Their routes; one request at a time changes anything."""
    storage, secrets, volumes = Storage(), Secrets(), Volumes()
    clusters, deployments = Clusters(storage), Deployments(secrets, volumes)
    unguarded = [
        *storage.routes(),
        *clusters.routes(),
        *Remediations(clusters).routes(),
        *secrets.routes(),
        *volumes.routes(),
        *deployments.routes(),
        *Queue().routes(),
    ]
    return [_guarded(route, lock) for route in unguarded]


def _guarded(route: Route, lock: Lock) -> Route:
    def handle(request: Request) -> Reply:
        with lock:
            return route.handler(request)

    return Route(route.method, route.template, handle)
