"""From a request on the wire back to the method that sent it, and to its arguments."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from ..emulator.exchange import Request as EmulatorRequest
from ..emulator.multipart import read_form
from ..endpoint import Method
from ..resource import Resource
from ..wire import Request


class Route(NamedTuple):
    """A declared method, and the paths it is sent to."""

    name: str
    method: Method
    path: re.Pattern[str]


def _declared(kind: type[Resource[Any]]) -> Iterator[Route]:
    for value in vars(kind).values():
        if isinstance(value, Method) and value.template.path:
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(value.template.path))
            yield Route(value.name.removeprefix("client."), value, re.compile(pattern + "$"))
    for child in kind.__subclasses__():
        yield from _declared(child)


@functools.cache
def routes() -> dict[str, list[Route]]:
    """Every declared method by its verb; the paths without arguments first."""
    from .. import client  # noqa: F401 - declares every namespace

    found: dict[str, list[Route]] = {}
    for route in _declared(Resource):
        found.setdefault(route.method.template.method, []).append(route)
    return {verb: sorted(those, key=lambda route: route.path.groups) for verb, those in found.items()}


def name_of(method: Method) -> str:
    """What a method is called here: `chat.completions.create`."""
    return method.name.removeprefix("client.")


def recognised(request: Request) -> tuple[str, dict[str, Any]]:
    """The name of the method that sent `request`, and its arguments; of another request, its verb and path."""
    path, _, query = request.target.partition("?")
    values: dict[str, Any] = dict(parse_qsl(query))
    for route in routes().get(request.method, ()):
        if match := route.path.search(path):
            values |= {name: unquote(value) for name, value in match.groupdict().items()}
            return route.name, values | _body(request)
    return f"{request.method} {path}", values | _body(request)


def _body(request: Request) -> dict[str, Any]:
    content = request.content if isinstance(request.content, bytes) else b"".join(request.content.chunks())
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in request.raw_headers}
    kind = headers.get("content-type", "")
    if "json" in kind and content:
        body = json.loads(content)
        return body if isinstance(body, dict) else {"body": body}
    if kind.startswith("multipart/form-data"):
        form = read_form(EmulatorRequest(0, headers, {}, {}, content, ""))
        texts: dict[str, Any] = {name: found[0] if len(found) == 1 else found for name, found in form.texts.items()}
        return texts | {name: part.data for name, part in form.files.items()}
    return {}
