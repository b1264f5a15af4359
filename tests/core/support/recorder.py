"""The caller's own httpx client, answered without a network, and a record of what it was asked to send."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from together_di import AsyncTogether, Together

#: The body of an answer without embeddings.
EMPTY = {"object": "list", "model": "m", "data": []}


class Recorder:
    """Answers with the statuses it was made with, then with 200, and keeps the requests."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self._statuses.pop(0) if self._statuses else 200
        return httpx.Response(status, json=EMPTY, headers={"retry-after": "0"})

    def client(self, **options: Any) -> Together:
        """A client that it answers."""
        http_client = httpx.Client(transport=httpx.MockTransport(self))
        options = {"api_key": "k", "http_client": http_client, **options}
        return Together(**options)

    def async_client(self, **options: Any) -> AsyncTogether:
        """An async client that it answers."""
        http_client = httpx.AsyncClient(transport=httpx.MockTransport(self))
        options = {"api_key": "k", "http_client": http_client, **options}
        return AsyncTogether(**options)

    def call(self, **options: Any) -> None:
        """Make one call with a client of these options."""
        self.client(**options).embeddings.create(model="m", input="Hi")

    def acall(self, **options: Any) -> None:
        """Make one call with an async client of these options."""

        async def call() -> None:
            await self.async_client(**options).embeddings.create(model="m", input="Hi")

        asyncio.run(call())

    @property
    def request(self) -> httpx.Request:
        """The latest request."""
        return self.requests[-1]

    @property
    def body(self) -> Any:
        """The body of the latest request, parsed."""
        return json.loads(self.request.content)

    @property
    def keys(self) -> list[str]:
        """What was sent as `Authorization`, request by request."""
        return [request.headers.get("authorization", "") for request in self.requests]
