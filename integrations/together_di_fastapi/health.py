"""A route for the probes of whoever runs the application."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .state import get_container

__all__ = ["health_route"]


def health_route(path: str) -> Route:
    """A route that says whether calls can be made: 200 if every client works, 503 if not, and for each the reason.

        app = FastAPI(lifespan=together_lifespan(), routes=[health_route("/health")])

    Each request asks the API, without charge. The reasons name the API's host and where the key came from, though never
    the key: put the route where only your probes get to. It is not in the OpenAPI schema.

    Args:
        path: Where it is.
    """
    return Route(path, _health, methods=["GET"], name="together_health", include_in_schema=False)


async def _health(request: Request) -> JSONResponse:
    container = get_container(request)
    healths = {name: await container.named(name).aping() for name in container.names}
    clients = {name: {"ok": health.ok, "reason": health.reason} for name, health in healths.items()}
    ok = all(healths.values())
    return JSONResponse({"ok": ok, "clients": clients}, 200 if ok else 503, {"Cache-Control": "no-store"})
