"""Endpoints with deployments, in the emulator and in a project of their own."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from together_di import Together
from together_di.types.endpoints import Endpoint, EndpointDeployment

OPTIONS: dict[str, Any] = {"api_key": "key-of-a-test", "transport": "embedded", "strict": True, "max_retries": 0}
ONE_REPLICA: Any = {"min_replicas": 1}


def new_project() -> Together:
    """A client of a project in which there is nothing yet."""
    return Together(**OPTIONS, project_id=f"proj-{uuid4().hex}")


def deploy(client: Together, endpoint: Endpoint, name: str = "blue", **more: Any) -> EndpointDeployment:
    """A deployment that is ready."""
    arguments: dict[str, Any] = {"autoscaling": ONE_REPLICA, "model": "projects/p/models/m", **more}
    made = client.endpoints.deployments.create(endpoint.id, name=name, **arguments)
    for _ in range(2):
        made = client.endpoints.deployments.retrieve(made.id, endpoint_id=endpoint.id)
    return made


def give_traffic(client: Together, endpoint: Endpoint, **weights: float) -> Endpoint:
    """The endpoint with its traffic split between deployments with these names."""
    known = {each.name.rpartition("/")[2]: each.id for each in client.endpoints.deployments.list(endpoint.id)}
    split: Any = [{"deployment_id": known[name], "weight": weight} for name, weight in weights.items()]
    return client.endpoints.update(endpoint.id, traffic_split=split)
