"""The methods of the official SDK, and the requests that it and we send."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from functools import cached_property
from typing import Any

import httpx
import together

import together_di

KEY = "k-parity"
PROJECT = "proj-parity"
#: Which the official package lists nowhere in its `api.md`: over a WebSocket, or made of several requests.
OUTSIDE = {"beta.realtime.connect", "beta.realtime.transcription", "files.upload", "fine_tuning.create"}


@dataclass
class Sent:
    """A request, in a form that two clients can agree on."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any
    content_type: str
    accept: str
    authorization: str

    @classmethod
    def of(cls, request: httpx.Request) -> Sent:
        """What is in a request."""
        kind, _, boundary = request.headers.get("content-type", "").partition("; boundary=")
        return cls(
            request.method,
            request.url.raw_path.partition(b"?")[0].decode(),
            sorted(request.url.params.multi_items()),
            _body(request.read(), kind, boundary),
            kind,
            request.headers["accept"],
            request.headers["authorization"],
        )


def _body(content: bytes, kind: str, boundary: str) -> Any:
    if not content:
        return None
    if kind == "application/json":
        return json.loads(content)
    head = f"Content-Type: {kind}; boundary={boundary}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + content).get_payload()
    return sorted(
        (str(part.get("content-disposition")), part.get_content_type(), part.get_payload(decode=True)) for part in parts
    )


class Recorder:
    """Answers every request with next to nothing, and keeps it."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        sent = Sent.of(request)
        self.sent.append(sent)
        if isinstance(sent.body, dict) and sent.body.get("stream"):
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=b"data: [DONE]\n\n")
        return httpx.Response(200, json={"data": []})


def official_request(name: str, values: dict[str, Any]) -> Sent:
    """What the official SDK sends."""
    recorder = Recorder()
    with httpx.Client(transport=httpx.MockTransport(recorder)) as http:
        client = together.Together(api_key=KEY, project_id=PROJECT, http_client=http, max_retries=0)
        with suppress(AttributeError):  # it may fail to make something of the answer
            method_of(client, name)(**values)
    return recorder.sent[0]


def our_request(name: str, values: dict[str, Any]) -> Sent:
    """What `Together` sends."""
    recorder = Recorder()
    with httpx.Client(transport=httpx.MockTransport(recorder)) as http:
        client = together_di.Together(api_key=KEY, project_id=PROJECT, http_client=http, max_retries=0)
        with suppress(together_di.APIResponseValidationError):  # a list is expected, not an object with one
            method_of(client, name)(**values)
    return recorder.sent[0]


def our_async_request(name: str, values: dict[str, Any]) -> Sent:
    """What `AsyncTogether` sends."""
    recorder = Recorder()

    async def call() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(recorder)) as http:
            client = together_di.AsyncTogether(api_key=KEY, project_id=PROJECT, http_client=http, max_retries=0)
            with suppress(together_di.APIResponseValidationError):
                await method_of(client, name)(**values)

    asyncio.run(call())
    return recorder.sent[0]


def namespace_of(client: Any, name: str) -> Any:
    """The namespace of the method with a dotted name."""
    *namespaces, _ = name.split(".")
    for part in namespaces:
        client = getattr(client, part)
    return client


def method_of(client: Any, name: str) -> Callable[..., Any]:
    """The method with a dotted name."""
    method: Callable[..., Any] = getattr(namespace_of(client, name), name.rpartition(".")[2])
    return method


def official_methods() -> dict[str, Callable[..., object]]:
    """Every method of the official SDK, by its dotted name."""
    client = together.Together(api_key=KEY)
    found = dict(_methods(client, ""))
    return {"whoami": client.whoami, **{name: found[name] for name in found if name not in OUTSIDE}}


def _methods(resource: Any, prefix: str) -> Iterator[tuple[str, Callable[..., object]]]:
    for name in dir(type(resource)):
        attribute = inspect.getattr_static(type(resource), name)
        if name.startswith(("_", "with_")):
            continue
        if isinstance(attribute, cached_property):
            inner = getattr(resource, name)
            if type(inner).__module__.startswith("together.resources"):
                yield from _methods(inner, f"{prefix}{name}.")
        elif prefix and inspect.isfunction(attribute):
            yield prefix + name, attribute


def path_arguments(path: str) -> list[str]:
    """The arguments that stand in a path."""
    return re.findall(r"\{(\w+)\}", path)
