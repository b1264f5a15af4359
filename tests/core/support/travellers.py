"""What is pickled, and what is done with it in the other process."""

from __future__ import annotations

import asyncio
from typing import Any

from .sides import CHAT, chat


def key_of_a_function() -> str:
    """A key that stands in a module of both processes."""
    return "key-of-the-function"


class Keys:
    """A key that is asked of an object."""

    def __init__(self, key: str) -> None:
        self.key = key

    def get(self) -> str:
        return self.key


def key_of(client: Any) -> str:
    key: str = client.client.api_key
    return key


def text(answer: Any) -> str:
    content: str = answer.choices[0].message.content
    return content


def ask_sync(client: Any) -> str:
    return text(chat(client))


def ask_async(client: Any) -> str:
    return text(asyncio.run(_awaited(client.chat.completions.create(**CHAT))))


def ask_namespace(namespace: Any) -> str:
    return text(namespace.create(**CHAT))


def ask_method(method: Any) -> str:
    return text(method(**CHAT))


def ask_async_method(method: Any) -> str:
    return text(asyncio.run(_awaited(method(**CHAT))))


def ask_raw(view: Any) -> str:
    return text(view.chat.completions.create(**CHAT).parse())


def ask_container(container: Any) -> str:
    assert container.client() is container.client()
    return text(chat(container.client()))


def ask_provider(provider: Any) -> str:
    assert provider() is provider()
    return text(chat(provider()))


def ask_namespace_of(provider: Any) -> str:
    return text(provider().completions.create(**CHAT))


def ask_captured(function: Any) -> str:
    return text(function())


def parse(response: Any) -> str:
    return text(response.parse())


def aparse(response: Any) -> str:
    return text(asyncio.run(response.parse()))


def names(page: Any) -> list[str]:
    return [item.id for item in page]


def anames(page: Any) -> list[str]:
    async def collect() -> list[str]:
        return [item.id async for item in page]

    return asyncio.run(collect())


def content(response: Any) -> bytes:
    data: bytes = response.content
    return data


def error_of(error: Any) -> tuple[Any, ...]:
    return type(error).__name__, str(error), error.status_code, error.request_id, error.request.url, error.body


def default_headers(client: Any) -> dict[str, str]:
    return dict(client.client.default_headers)


def proxy(client: Any) -> str | None:
    found: str | None = client.client.network.proxy
    return found


def shares(clients: Any) -> list[bool]:
    """Whether they have the same connections, also after one was closed; whether the others are open still."""
    first, second = clients
    first.close()
    return [first._engine.shared is second._engine.shared, first.is_closed(), second.is_closed()]


def same(things: Any) -> bool:
    """Whether a client and its namespace still belong together."""
    client, namespace = things
    return client._engine is namespace._engine


def kind(thing: Any) -> str:
    return type(thing).__name__


async def _awaited(coroutine: Any) -> Any:
    return await coroutine
