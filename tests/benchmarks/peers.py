"""The contenders of blocking calls and streams: each library behind the same few functions.

`transport` is the least one can do with httpx and still get a model: `httpx.HTTPTransport`, and pydantic-core on the
bytes. It validates the models of this package, so that all that differs is the way there.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2
import openai
import together
from pydantic_core import to_json

from together_di import Together
from together_di.types.chat import ChatCompletion, ChatCompletionChunk

from .measure import FLOOR, OURS

TRANSPORT = "transport"
OFFICIAL = "together"

MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
CHAT: dict[str, Any] = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "What is a mixture of experts?"},
    ],
    "max_tokens": 200,
    "temperature": 0.7,
}
STREAMED = CHAT | {"stream": True}
KEY = "0" * 64
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
JSON_HEADERS = HEADERS | {"Content-Type": "application/json"}
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
LIMITS = {"timeout": TIMEOUT.as_dict()}

model_of = ChatCompletion.__pydantic_validator__.validate_json
chunk_of = ChatCompletionChunk.__pydantic_validator__.validate_json


@dataclass(frozen=True, slots=True)
class Peer:
    """A library with open connections.

    Attributes:
        name: Of the contender.
        chat: One chat completion, from a scenario of the server and the body.
        stream: The chunks of a streamed one.
    """

    name: str
    chat: Callable[[str, dict[str, Any]], object]
    stream: Callable[[str], Iterable[object]]


def chat_url(address: str, scenario: str) -> str:
    """Where a chat completion is asked for without an SDK."""
    return f"{address}/{scenario}/v1/chat/completions"


def split(rest: bytes) -> tuple[list[bytes], bytes]:
    """The JSON of whole events, and what is left."""
    *events, rest = rest.split(b"\n\n")
    return [event[6:] for event in events if event.startswith(b"data: {")], rest


def plain(address: str) -> Peer:
    """`httpx.Client`, and dictionaries."""
    return _plain(FLOOR, address, httpx.Client(headers=HEADERS, timeout=TIMEOUT))


def plain2(address: str) -> Peer:
    """`httpx2.Client`, and dictionaries."""
    return _plain("httpx2", address, httpx2.Client(headers=HEADERS, timeout=60.0))


def _plain(name: str, address: str, client: Any) -> Peer:
    def stream(scenario: str) -> Iterator[object]:
        with client.stream("POST", chat_url(address, scenario), json=STREAMED) as response:
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line[6:])

    return Peer(name, lambda scenario, body: client.post(chat_url(address, scenario), json=body).json(), stream)


def bare(address: str) -> Peer:
    """`httpx.HTTPTransport`, and pydantic-core on the bytes."""
    send = bare_sender()

    def stream(scenario: str) -> Iterator[object]:
        rest = b""
        for data in send(chat_url(address, scenario), STREAMED).iter_bytes():
            events, rest = split(rest + data)
            for event in events:
                yield chunk_of(event)

    return Peer(TRANSPORT, lambda scenario, body: model_of(send(chat_url(address, scenario), body).read()), stream)


def bare_sender() -> Callable[[str, dict[str, Any]], httpx.Response]:
    """A function from URL and body to the response of `httpx.HTTPTransport`."""
    transport = httpx.HTTPTransport()

    def send(url: str, body: dict[str, Any]) -> httpx.Response:
        request = httpx.Request("POST", url, headers=JSON_HEADERS, content=to_json(body), extensions=LIMITS)
        return transport.handle_request(request)

    return send


def _sdk(name: str, client: Callable[[str], Any]) -> Peer:
    """All SDKs are called in the same way; the scenario is a part of the base URL."""
    client = functools.cache(client)
    return Peer(
        name,
        lambda scenario, body: client(scenario).chat.completions.create(**body),
        lambda scenario: client(scenario).chat.completions.create(**STREAMED),
    )


def ours(address: str) -> Peer:
    """This package."""
    return _sdk(OURS, lambda scenario: Together(api_key=KEY, base_url=f"{address}/{scenario}"))


def official(address: str) -> Peer:
    """The official SDK."""
    return _sdk(OFFICIAL, lambda scenario: together.Together(api_key=KEY, base_url=f"{address}/{scenario}/v1"))


def other(address: str) -> Peer:
    """OpenAI's SDK."""
    return _sdk("openai", lambda scenario: openai.OpenAI(api_key=KEY, base_url=f"{address}/{scenario}/v1"))


SYNC = (bare, ours, plain, plain2, official, other)
