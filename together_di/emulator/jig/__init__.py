"""`/v1/deployments`: containers, with their queue, their secrets and their volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..routing import Route, one_at_a_time
from .deployments import Deployments
from .queue import Queue
from .secrets import Secrets
from .volumes import Volumes

if TYPE_CHECKING:
    from threading import Lock


def routes(lock: Lock) -> list[Route]:
    """Their routes; one request at a time changes anything."""
    secrets, volumes = Secrets(), Volumes()
    deployments = Deployments(secrets, volumes)
    return one_at_a_time(lock, [*secrets.routes(), *volumes.routes(), *deployments.routes(), *Queue().routes()])
