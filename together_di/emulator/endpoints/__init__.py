"""`/v2/projects/{project_id}/endpoints` and what belongs to an endpoint; a model's configurations and uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..routing import Route
from .analytics import analytics
from .catalogue import catalogue_routes
from .deployments import Adapters, Deployments
from .endpoints import ENDPOINTS, Endpoints
from .experiments import AbExperiments, ShadowExperiments, Targets
from .log import Log
from .rollouts import Rollouts

if TYPE_CHECKING:
    from threading import Lock


class Kinds:
    """Endpoints and what belongs to them; each kind finds the others here."""

    def __init__(self, lock: Lock) -> None:
        self.log = Log(lock)
        self.endpoints = Endpoints(lock, self)
        self.deployments = Deployments(lock, self)
        self.adapters = Adapters(lock, self)
        self.rollouts = Rollouts(lock, self)
        self.ab_experiments = AbExperiments(lock, self)
        self.shadow_experiments = ShadowExperiments(lock, self)
        self.targets = Targets(lock, self)


def routes(lock: Lock) -> list[Route]:
    """Their routes."""
    kinds = Kinds(lock)
    all_verbs = "create list retrieve update delete"
    return [
        *kinds.endpoints.routes(all_verbs),
        Route("GET", f"{ENDPOINTS}/{{id}}/analytics", lambda request: analytics(kinds, request)),
        Route("GET", f"{ENDPOINTS}/{{id}}/events", kinds.endpoints.list_events),
        Route("GET", "/v2/organizations/{organization_id}/endpoints", kinds.endpoints.list_organization),
        *kinds.deployments.routes(all_verbs),
        *kinds.adapters.routes(all_verbs),
        *kinds.rollouts.actions(),
        *kinds.rollouts.routes("create list retrieve delete"),
        *kinds.ab_experiments.routes(all_verbs),
        *kinds.shadow_experiments.routes(all_verbs),
        *kinds.targets.routes(all_verbs),
        *catalogue_routes(lock),
    ]
