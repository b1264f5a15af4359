"""From method and path to handler, with advice when there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from .exchange import ApiError, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from threading import Lock

Handler: TypeAlias = Callable[[Request], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the route table; `public` needs no key."""

    method: str
    template: str
    handler: Handler
    public: bool = False


def one_at_a_time(lock: Lock, routes: Iterable[Route]) -> list[Route]:
    """The same routes, each of whose requests holds the lock while it is handled."""

    def guarded(route: Route) -> Route:
        def handle(request: Request) -> Reply:
            with lock:
                return route.handler(request)

        return Route(route.method, route.template, handle, route.public)

    return [guarded(route) for route in routes]


@dataclass(frozen=True, slots=True)
class Match:
    """A route with the values of its path."""

    route: Route
    path_values: Mapping[str, str]


_NO_VALUES: Mapping[str, str] = {}


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._templates: dict[str, dict[str, Route]] = {}
        # Those with fewer names to fill in first: /models/uploads is not the model "uploads".
        for route in sorted(routes, key=lambda route: route.template.count("{")):
            table = self._templates if "{" in route.template else self._exact
            table.setdefault(route.template, {})[route.method] = route

    def match(self, method: str, path: str) -> Match:
        """Return the route for a method and a path.

        Raises:
            ApiError: 404 with the nearest path, or 405 with the methods that the path has.
        """
        methods, values = self._find(path)
        if methods is None:
            raise self._unknown(path)
        route = methods.get(method)
        if route is None:
            allowed = ", ".join(sorted(methods))
            message = f"{method} is not allowed on {path}: use {allowed}."
            raise ApiError(405, message, code="method_not_allowed", headers={"allow": allowed})
        return Match(route, values)

    def _find(self, path: str) -> tuple[dict[str, Route] | None, Mapping[str, str]]:
        exact = self._exact.get(path)
        if exact is not None:
            return exact, _NO_VALUES
        parts = path.split("/")
        for template, methods in self._templates.items():
            values = _path_values(template.split("/"), parts)
            if values is not None:
                return methods, values
        return None, _NO_VALUES

    def _unknown(self, path: str) -> ApiError:
        if path.startswith("/v1/v1/"):
            advice = "The path has /v1 twice: leave /v1 out of the base URL or of the path."
        else:
            nearest = self._nearest(path)
            advice = f"Did you mean {nearest}?" if nearest else "Paths begin with /v1, /v2 or /v3."
        return ApiError(404, f"There is no {path} here. {advice}", code="not_found")

    def _nearest(self, path: str) -> str | None:
        from difflib import get_close_matches

        known = [*self._exact, *self._templates]
        unversioned = f"/v1/{path.strip('/')}"
        if unversioned in known:
            return unversioned
        return next(iter(get_close_matches(path, known, n=1, cutoff=0.5)), None)


def _path_values(template: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    if len(template) != len(parts):
        return None
    values: dict[str, str] = {}
    for expected, part in zip(template, parts, strict=True):
        if expected.startswith("{"):
            if not part:
                return None
            values[expected[1:-1]] = unquote(part)
        elif expected != part:
            return None
    return values
