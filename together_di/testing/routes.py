"""From a request back to the method that sent it, and to its arguments."""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, unquote

from .. import resources
from .._text import near_miss
from ..emulator.exchange import Request as EmulatorRequest
from ..emulator.multipart import read_form
from ..endpoint import Flow, Method
from ..request import OPTION_NAMES
from ..resource import Resource
from ..wire import Request

#: It takes three requests, and is known by the first.
UPLOAD = "files.upload"


class Route(NamedTuple):
    """A declared method, and the verb and the paths it is sent to."""

    method: Method
    verb: str
    path: re.Pattern[str]


def _address(method: Method) -> tuple[str, str]:
    return ("POST", "/v1/files") if method.name == UPLOAD else (method.template.method, method.template.path)


def is_known_by_request(method: Method) -> bool:
    """Whether one request tells that a method was called; another one only waits, or calls other methods."""
    return bool(_address(method)[1])


def _declared(kind: type[Resource[Any]]) -> Iterator[Route]:
    for name, value in vars(kind).items():
        if isinstance(value, Method) and is_known_by_request(value) and not name.startswith("_"):
            verb, path = _address(value)
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            yield Route(value, verb, re.compile(pattern + "$"))
    for child in kind.__subclasses__():
        yield from _declared(child)


@functools.cache
def _routes() -> dict[str, list[Route]]:
    """Every declared method by its verb; the paths without arguments first."""
    found: dict[str, list[Route]] = {}
    for route in _declared(Resource):
        found.setdefault(route.verb, []).append(route)
    return {verb: sorted(those, key=lambda route: route.path.groups) for verb, those in found.items()}


@functools.cache
def _all_routes() -> dict[str, list[Route]]:
    """The same with the namespaces that are imported when they are first used."""
    for module in pkgutil.walk_packages(resources.__path__, f"{resources.__name__}."):
        importlib.import_module(module.name)
    _routes.cache_clear()
    return _routes()


def _route(verb: str, path: str) -> tuple[Route, re.Match[str]] | None:
    for routes in (_routes, _all_routes):
        for route in routes().get(verb, ()):
            if match := route.path.search(path):
                return route, match
    return None


@functools.cache
def _argument_names(method: Method) -> Mapping[str, str]:
    """From the name the API uses for an argument to that of the argument, where they differ."""
    rename = method.template.wire_name
    return {rename(name): name for name in method.signature.known} if rename else {}


def name_of(method: Method) -> str:
    """What a method is called here: `chat.completions.create`, `whoami`."""
    return method.name.removeprefix("client.")


def arguments(method: Method) -> set[str]:
    """The names of the arguments that a method sends."""
    return method.signature.known - OPTION_NAMES


def sought(method: Method, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a test looks for in the calls of a method, by the names under which they are remembered.

    Raises:
        TypeError: The method sends no such argument.
    """
    if isinstance(method, Flow):
        return dict(params)  # what it sends is not what it is given
    found = dict(params)
    further: dict[str, Any] = {**(found.pop("extra_query", None) or {}), **(found.pop("extra_body", None) or {})}
    known = arguments(method)
    if not found.keys() <= known:
        name = min(found.keys() - known)
        hint = near_miss(name, known) or ". A field the API added since goes into extra_body={...}"
        problem = (
            "is an option, and only arguments are looked at" if name in OPTION_NAMES else f"is no argument of it{hint}"
        )
        raise TypeError(f"{name_of(method)}.when(): {name!r} {problem}.")
    return found | further


def recognised(request: Request, headers: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The name of the method that sent `request`, and its arguments; of another request, its verb and path."""
    path, _, query = request.target.partition("?")
    values: dict[str, Any] = dict(parse_qsl(query)) if query else {}
    found = _route(request.method, path)
    if found is None:
        return f"{request.method} {path}", values | _body(request, headers)
    route, match = found
    values |= {name: unquote(value) for name, value in match.groupdict().items()}
    values |= _body(request, headers)
    names = _argument_names(route.method)
    return name_of(route.method), {names.get(name, name): value for name, value in values.items()}


def _body(request: Request, headers: Mapping[str, str]) -> dict[str, Any]:
    content = cast("bytes", request.content)
    kind = headers.get("content-type", "")
    if "json" in kind and content:
        body: object = json.loads(content)
        return cast("dict[str, Any]", body) if isinstance(body, dict) else {"body": body}
    if kind.startswith("multipart/form-data"):
        form = read_form(EmulatorRequest(0, headers, {}, {}, content, ""))
        texts: dict[str, Any] = {name: found[0] if len(found) == 1 else found for name, found in form.texts.items()}
        return texts | {name: part.data for name, part in form.files.items()}
    return {"body": content} if content else {}
