"""From the arguments of a method to an HTTP request: path, query, headers and body, checked before anything is sent."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, cast
from urllib.parse import quote, urlencode

from . import _version
from ._lazy import lazy
from ._sentinels import not_given
from .config import check_headers, timeout_parts
from .multipart import Multipart, form_text
from .wire import RawHeaders, Request, Upload

if TYPE_CHECKING:
    import httpx

    from .config import TogetherClient
    from .wire import Timeout

_NONE: frozenset[bytes] = frozenset()
JSON = (b"Content-Type", b"application/json")
USER_AGENT = f"together-di/{_version.__version__}"


class RequestOptions(TypedDict, total=False):
    """What every method takes besides its own arguments.

    Attributes:
        extra_headers: Headers for this call; they win over the client's.
        extra_query: URL parameters for this call.
        extra_body: Fields to add to the JSON body, for what the API knows and this package does not yet.
        timeout: Seconds for each part of an attempt; `None` for no limit.
        idempotency_key: Sent with every attempt of this call instead of a random one.
    """

    extra_headers: Mapping[str, str] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    timeout: float | Timeout | httpx.Timeout | None
    idempotency_key: str | None


OPTION_NAMES = frozenset(RequestOptions.__annotations__)


@dataclass(slots=True)
class Call:
    """One call: its request, and what to do with the response.

    Attributes:
        request: The request, without a key.
        stream: Whether the method gives a stream.
        unread: Whether the body is left for the caller to read, whatever the method gives.
        send_key: Whether the request may carry the key.
        accept: Statuses that are a success besides 2xx.
    """

    request: Request
    stream: bool = False
    unread: bool = False
    send_key: bool = True
    accept: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Template:
    """How a method's arguments become a request.

    Attributes:
        method: The HTTP verb.
        path: The path, with `{name}` for arguments that stand in it.
        query: Arguments that go into the URL though the verb has a body.
        wire_name: From an argument's name to the name the API uses for it.
        accept: The `Accept` header, where it is not JSON.
        form: Whether the body is a form with files; the names of the file arguments.
    """

    method: str
    path: str
    query: frozenset[str] = frozenset()
    wire_name: Callable[[str], str] | None = None
    accept: str = "application/json"
    form: frozenset[str] = frozenset()

    @lazy
    def in_path(self) -> tuple[str, ...]:
        """The arguments that stand in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


class RequestBuilder:
    """Builds the requests of one client; everything that does not depend on the call is prepared once."""

    def __init__(self, config: TogetherClient) -> None:
        self.config = config
        self.origin = config.origin
        self.prefix = config.path_prefix
        self.timeout = timeout_parts(config.timeout)
        self._headers: dict[str, RawHeaders] = {}

    def build(self, template: Template, values: dict[str, Any], who: str) -> Request:
        """The request for a call with the arguments `values`; `who` names the method in errors.

        Raises:
            TypeError: An argument cannot be written as JSON.
            ValueError: An argument that stands in the path is empty.
        """
        take = values.pop
        extra_headers, extra_query = take("extra_headers", None), take("extra_query", None)
        extra_body, timeout = take("extra_body", None), take("timeout", not_given)
        idempotency_key = take("idempotency_key", None)
        target = self._target(template, values, extra_query, who)
        content: bytes | Upload = b""
        has_body = template.method not in {"GET", "DELETE"}
        headers = self._base(template, extra_headers)
        given = {name.lower() for name, _ in headers} if extra_headers or self.config.default_headers else _NONE
        if template.form:
            form = _form(template.form, {**values, **(extra_body or {})}, who)
            content = form
            # Instead of one that a caller of the official SDK may give: only this one names the boundary.
            headers = [item for item in headers if item[0].lower() != b"content-type"]
            headers.append((b"Content-Type", form.content_type.encode("ascii")))
        elif has_body or extra_body:
            content = to_json(
                _renamed(template, values) if not extra_body else {**_renamed(template, values), **extra_body}, who
            )
            if b"content-type" not in given:
                headers.append(JSON)
        if idempotency_key is not None:
            check_headers({"Idempotency-Key": idempotency_key}, "idempotency_key")
        if has_body and (idempotency_key is not None or b"idempotency-key" not in given):
            # One key for all attempts: an API that knows it answers a repeated request once.
            key = os.urandom(16).hex() if idempotency_key is None else idempotency_key
            headers = [item for item in headers if item[0].lower() != b"idempotency-key"] if given else headers
            headers.append((b"Idempotency-Key", key.encode("ascii")))
        limits = self.timeout if timeout is not_given else timeout_parts(timeout)
        return Request(template.method, self.origin, target, headers, content, limits)

    def _base(self, template: Template, extra: Mapping[str, str] | None) -> RawHeaders:
        base = self._headers.get(template.accept)
        if base is None:
            base = self._headers[template.accept] = raw_headers(
                {
                    "Accept": template.accept,
                    "Accept-Encoding": "gzip, deflate",
                    "User-Agent": USER_AGENT,
                },
                self.config.default_headers,
            )
        if not extra:
            return base.copy()
        check_headers(extra, "extra_headers")
        named = {name.lower().encode("ascii") for name in extra}
        return [item for item in base if item[0].lower() not in named] + raw_headers(extra)

    def _target(self, template: Template, values: dict[str, Any], extra: Mapping[str, object] | None, who: str) -> str:
        path = self.prefix + template.path
        for name in template.in_path:
            path = path.replace(f"{{{name}}}", self._segment(name, values.pop(name, None), who))
        query: dict[str, object] = dict(self.config.default_query)
        if template.method in {"GET", "DELETE"}:
            query |= _renamed(template, values)
            values.clear()
        elif template.query:
            query |= _renamed(template, {name: values.pop(name) for name in template.query & values.keys()})
        if extra:
            query |= extra
        return f"{path}?{urlencode(_query_items(query))}" if query else path

    def _segment(self, name: str, value: object, who: str) -> str:
        if value is None and name == "project_id":
            value = self.config.project_id
            if not value:
                raise ValueError(
                    f"{who}() needs a project: pass project_id=... here or to the client, or set TOGETHER_PROJECT_ID."
                )
        text = "" if value is None else str(value)
        if not text:
            raise ValueError(f"{who}(): {name} is empty; it stands in the path and must be the id of something.")
        if re.fullmatch(r"(\.|%2e){1,2}", text, re.IGNORECASE):
            raise ValueError(f"{who}(): {name}={text!r} cannot stand in a path.")
        return quote(text, safe="!$&'()*+,;=:@")


def raw_headers(*groups: Mapping[str, str]) -> RawHeaders:
    """Header fields as bytes; a later group wins over an earlier one."""
    fields: dict[str, tuple[str, str]] = {}
    for group in groups:
        fields |= {name.lower(): (name, value) for name, value in group.items()}
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in fields.values()]


def _renamed(template: Template, values: dict[str, Any]) -> dict[str, Any]:
    if template.wire_name is None:
        return values
    return {template.wire_name(name): value for name, value in values.items()}


def _query_items(values: Mapping[str, object], parent: str = "") -> list[tuple[str, str]]:
    """Query parameters as the API reads them: lists joined by commas, objects as `name[key]`."""
    items: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{parent}[{key}]" if parent else key
        if isinstance(value, Mapping):
            items += _query_items(cast("Mapping[str, object]", value), name)
        elif isinstance(value, list | tuple):
            parts = cast("Sequence[object]", value)
            items.append((name, ",".join(form_text(part) for part in parts if part is not None)))
        else:
            items.append((name, form_text(value)))
    # As the official SDK does it: what is empty is left out.
    return [item for item in items if item[1]]


def _form(file_names: frozenset[str], values: dict[str, Any], who: str) -> Multipart:
    files: dict[str, Any] = {}
    for name in file_names & values.keys():
        file = values[name]
        if isinstance(file, str):
            if re.match(r"https?://", file):
                continue  # the API fetches it: an ordinary field
            file = Path(file)
        if isinstance(file, Path) and not file.is_file():
            raise FileNotFoundError(f"{who}(): {name}={str(file)!r} is not a file here, nor an http(s) URL.")
        files[name] = file
    return Multipart({name: value for name, value in values.items() if name not in files}, files)


def to_json(body: dict[str, Any], who: str) -> bytes:
    """A body as JSON.

    Raises:
        TypeError: Names the argument that cannot be written as JSON.
        ValueError: A number is infinite or not a number.
    """
    from pydantic_core import PydanticSerializationError, to_json

    try:
        data = to_json({name: _plain(value) for name, value in body.items()})
    except PydanticSerializationError:
        _complain(body, who)
    except RecursionError:
        raise ValueError(f"{who}(): an argument holds itself, or is nested too deeply to be sent.") from None
    if b"NaN" in data or b"Infinity" in data:
        # JSON has no such numbers; the words may also stand inside a string, so only a parser can tell.
        json.loads(data, parse_constant=lambda word: _refuse_number(word, who))
    return data


def _plain(value: Any) -> Any:
    """Responses that are sent back, such as a message of an earlier answer, without the fields they came without."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple) or hasattr(value, "__next__"):
        items = list(cast("list[Any]", value))
        return items if all(type(item) is str for item in items) else list(map(_plain, items))
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
    return value


def _complain(body: dict[str, Any], who: str) -> NoReturn:
    from pydantic_core import PydanticSerializationError, to_json

    for name, value in body.items():
        try:
            to_json(value)
        except PydanticSerializationError as error:
            raise TypeError(f"{who}(): {name} cannot be sent as JSON: {error}") from None
    raise TypeError(f"{who}(): the arguments cannot be sent as JSON.")


def _refuse_number(word: str, who: str) -> NoReturn:
    raise ValueError(f"{who}(): an argument holds {word}, which JSON cannot express.")
