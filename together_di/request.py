"""From the arguments of a method to an HTTP request: path, query, headers and body, checked before anything is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, cast
from urllib.parse import quote, urlencode

from . import _version
from ._lazy import lazy
from ._sentinels import not_given
from .headers import RawHeaders
from .multipart import Multipart, form_text
from .options import check_headers, checked_deadline, timeout_parts
from .wire import Request, Upload

if TYPE_CHECKING:
    from .config import TogetherClient
    from .timeout import Timeout
    from .transport import HttpxTimeout

JSON = "application/json"
USER_AGENT = f"together-di/{_version.__version__}"


class RequestOptions(TypedDict, total=False):
    """What every method takes besides its own arguments.

    Attributes:
        extra_headers: Headers for this call; they win over the client's.
        extra_query: URL parameters for this call.
        extra_body: Fields to add to the JSON body, for what the API knows and this package does not yet.
        timeout: Seconds for each part of an attempt; `None` for no limit.
        deadline: Seconds for the whole call, all attempts and the waits between them together; for a stream, until it
            begins. `None` for no limit.
        idempotency_key: Sent with every attempt of this call instead of a random one.
    """

    extra_headers: Mapping[str, str] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    timeout: float | Timeout | HttpxTimeout | None
    deadline: float | None
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
        resumable: Whether the body is read when it is wanted, and goes on after a broken connection.
    """

    request: Request
    stream: bool = False
    unread: bool = False
    send_key: bool = True
    accept: frozenset[int] = frozenset()
    resumable: bool = False


@dataclass(frozen=True)
class Template:
    """How a method's arguments become a request.

    Attributes:
        method: The HTTP verb.
        path: The path, with `{name}` for arguments that stand in it.
        query: Arguments that go into the URL though the verb has a body.
        wire_name: From an argument's name to the name the API uses for it; it goes for the keys of objects, too.
        verbatim: Arguments whose keys are the caller's own words, and stay as they are.
        accept: The `Accept` header, where it is not JSON.
        form: Whether the body is a form with files; the names of the file arguments.
        bodiless: Whether there is no body though the verb has one: no argument goes into it.
        resumable: Whether the answer is a file, which may be large.
    """

    method: str
    path: str
    query: frozenset[str] = frozenset()
    wire_name: Callable[[str], str] | None = None
    verbatim: frozenset[str] = frozenset()
    accept: str = JSON
    form: frozenset[str] = frozenset()
    bodiless: bool = False
    resumable: bool = False

    @lazy
    def own_headers(self) -> dict[str, str]:
        """The header fields that every call of the method sends."""
        # As the official SDK: a verb that may have a body says what kind it would be.
        kind = {} if self.method == "GET" or self.has_body else {"Content-Type": JSON}
        # What is compressed on the way has no length to compare with, and no place to go on from.
        encoding = "identity" if self.resumable else "gzip, deflate"
        return {"Accept": self.accept, "Accept-Encoding": encoding, "User-Agent": USER_AGENT, **kind}

    @lazy
    def headers(self) -> RawHeaders:
        """The same as bytes."""
        return raw_headers(self.own_headers)

    @lazy
    def has_body(self) -> bool:
        """Whether the arguments go into the body, and not into the URL."""
        return self.method not in {"GET", "DELETE"} and not self.bodiless

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

    def build(self, template: Template, values: dict[str, Any], who: str) -> Request:
        """The request for a call with the arguments `values`; `who` names the method in errors.

        Raises:
            TypeError: An argument cannot be written as JSON.
            ValueError: An argument that stands in the path is empty.
        """
        take = values.pop
        extra_headers, extra_query, extra_body = (
            take("extra_headers", None),
            take("extra_query", None),
            take("extra_body", None),
        )
        timeout, idempotency_key = take("timeout", not_given), take("idempotency_key", None)
        deadline = take("deadline", not_given)
        target = self._target(template, values, extra_query, who)
        content, content_type = _body(template, values, extra_body, who)
        headers = self._headers(template, extra_headers, content_type, idempotency_key)
        limits = self.timeout if timeout is not_given else timeout_parts(timeout)
        deadline = self.config.deadline if deadline is not_given else checked_deadline(deadline, "deadline")
        return Request(template.method, self.origin, target, headers, content, limits, deadline)

    def _headers(
        self, template: Template, extra: Mapping[str, str] | None, content_type: str | None, key: str | None
    ) -> RawHeaders:
        """The header fields. The client's own win over ours, those of the call over both."""
        if key is not None:
            check_headers({"Idempotency-Key": key}, "idempotency_key")
        body: dict[str, str] = {} if content_type is None else {"Content-Type": content_type}
        if template.method not in {"GET", "DELETE"}:
            # One key for all attempts: an API that knows it answers a repeated request once.
            body["Idempotency-Key"] = key or os.urandom(16).hex()
        if not extra and not self.config.default_headers:
            return template.headers + raw_headers(body)
        check_headers(extra or {}, "extra_headers")
        # What names the boundary of this very form, or was given for this very call, cannot be replaced.
        fixed = {"Content-Type": body["Content-Type"]} if template.form else {}
        if key is not None:
            fixed["Idempotency-Key"] = key
        return raw_headers(template.own_headers, body, self.config.default_headers, extra or {}, fixed)

    def _target(self, template: Template, values: dict[str, Any], extra: Mapping[str, object] | None, who: str) -> str:
        path = self.prefix + template.path
        for name in template.in_path:
            path = path.replace(f"{{{name}}}", self._segment(name, values.pop(name, None), who))
        query: dict[str, object] = dict(self.config.default_query)
        if not template.has_body:
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
    rename = template.wire_name
    if rename is None:
        return values
    return {
        rename(name): value if name in template.verbatim else _renamed_within(value, rename)
        for name, value in values.items()
    }


def _renamed_within(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {rename(name): _renamed_within(item, rename) for name, item in fields.items()}
    if isinstance(value, str) or hasattr(value, "model_dump"):
        return value  # an answer that is sent back knows the API's names
    items = _items(value)
    return value if items is None else [_renamed_within(item, rename) for item in items]


def camel(name: str) -> str:
    """`base_model_id` as the `/v2` API writes it: `baseModelId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


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


def _body(
    template: Template, values: dict[str, Any], extra: Mapping[str, object] | None, who: str
) -> tuple[bytes | Upload, str | None]:
    """The body and its content type."""
    if template.form:
        form = _form(template.form, {**values, **(extra or {})}, who)
        return form, form.content_type
    if not template.has_body and not extra:
        return b"", None
    return to_json({**_renamed(template, values), **(extra or {})}, who), JSON


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
        ValueError: An argument holds a number that is infinite or not a number, or it holds itself.
    """
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json({name: _plain(value) for name, value in body.items()})
    except PydanticSerializationError:
        _complain(body, who)
    except _NoSuchNumberError as error:
        name = _argument_with(_NoSuchNumberError, body)
        raise ValueError(f"{who}(): {name} is or holds {error}, a number that JSON does not have.") from None
    except RecursionError:
        name = _argument_with(RecursionError, body)
        raise ValueError(f"{who}(): {name} holds itself, or is nested too deeply to be sent.") from None


class _NoSuchNumberError(Exception):
    """An infinite number, or not a number."""


_SIMPLE = frozenset({type(None), str, int, bool})


def _plain(value: Any) -> Any:
    """What JSON knows; responses that are sent back lose the fields that they came without.

    Numbers are checked here, one by one: in the finished text they would have to be told apart from what strings say,
    and an image of some megabytes is one string.
    """
    if type(value) in _SIMPLE or isinstance(value, str | int | bytes):
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise _NoSuchNumberError(value)
        return value
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        # Most messages hold nothing but text, and long histories hold many of them.
        if _SIMPLE.issuperset(map(type, fields.values())):
            return fields
        return {key: _plain(item) for key, item in fields.items()}
    if isinstance(value, date):
        return value.isoformat()  # pydantic would write a `Z` where the official SDK writes the offset
    if hasattr(value, "model_dump"):
        return _plain(value.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False))
    items = _items(value)
    if items is None:
        from pydantic_core import to_jsonable_python

        return _plain(to_jsonable_python(value))
    return items if _SIMPLE.issuperset(map(type, items)) else [_plain(item) for item in items]


def _items(value: Any) -> list[Any] | None:
    """What is in a list, a tuple, a generator or the like; `None` for anything else."""
    listed: Any = value
    return list(listed) if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping) else None


def _argument_with(problem: type[Exception], body: dict[str, Any]) -> str:
    for name, value in body.items():
        try:
            _plain(value)
        except problem:
            return name
    return "an argument"


def _complain(body: dict[str, Any], who: str) -> NoReturn:
    from pydantic_core import PydanticSerializationError, to_json

    for name, value in body.items():
        try:
            to_json(value)
        except PydanticSerializationError as error:
            raise TypeError(f"{who}(): {name} cannot be sent as JSON: {error}") from None
    raise TypeError(f"{who}(): the arguments cannot be sent as JSON.")
