"""What becomes of a client, its copies and its connections when one of them is closed."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import httpx
import pytest

from together_di import AsyncTogether, ClientClosedError, Together

from .support.recorder import Recorder


def embed(client: Together) -> None:
    client.embeddings.create(model="m", input="Hi")


def test_a_closed_client_takes_no_more_calls() -> None:
    recorder = Recorder()
    client = recorder.client()
    client.close()
    assert client.is_closed()
    with pytest.raises(ClientClosedError, match="closed"):
        embed(client)
    assert not recorder.requests


def test_a_closed_async_client_takes_no_more_calls() -> None:
    async def run() -> None:
        recorder = Recorder()
        client = recorder.async_client()
        await client.close()
        assert client.is_closed()
        with pytest.raises(ClientClosedError):
            await client.embeddings.create(model="m", input="Hi")
        assert not recorder.requests

    asyncio.run(run())


def test_a_with_block_closes_the_client() -> None:
    with Together(api_key="k") as client:
        assert not client.is_closed()
    assert client.is_closed()


def test_an_async_with_block_closes_the_client() -> None:
    async def run() -> AsyncTogether:
        async with AsyncTogether(api_key="k") as client:
            assert not client.is_closed()
        return client

    assert asyncio.run(run()).is_closed()


def test_closing_a_copy_leaves_the_owner_open() -> None:
    recorder = Recorder()
    client = recorder.client()
    borrower = client.copy()
    borrower.close()
    with pytest.raises(ClientClosedError):
        embed(borrower)
    embed(client)
    assert (borrower.is_closed(), client.is_closed(), len(recorder.requests)) == (True, False, 1)


@pytest.mark.parametrize("view", ["with_raw_response", "with_streaming_response"])
@pytest.mark.parametrize("taken", ["before", "after"])
def test_a_closed_copy_takes_no_more_calls_in_any_view(view: str, taken: str) -> None:
    recorder = Recorder()
    borrower = recorder.client().copy()
    early = getattr(borrower.embeddings, view)
    borrower.close()
    embeddings = early if taken == "before" else getattr(borrower.embeddings, view)
    with pytest.raises(ClientClosedError):
        embeddings.create(model="m", input="Hi").__enter__()
    assert not recorder.requests


def test_closing_the_owner_closes_the_copies() -> None:
    client = Recorder().client()
    borrowers = [client.copy(), client.copy().copy(timeout=1)]
    client.close()
    for borrower in borrowers:
        assert borrower.is_closed()
        with pytest.raises(ClientClosedError):
            embed(borrower)


def test_closing_an_async_owner_closes_the_copies() -> None:
    async def run() -> None:
        client = Recorder().async_client()
        borrower = client.copy()
        await client.aclose()
        assert borrower.is_closed()
        with pytest.raises(ClientClosedError):
            await borrower.embeddings.create(model="m", input="Hi")

    asyncio.run(run())


def test_closing_an_async_copy_leaves_the_owner_open() -> None:
    async def run() -> None:
        recorder = Recorder()
        client = recorder.async_client()
        await client.copy().aclose()
        await client.embeddings.create(model="m", input="Hi")
        assert len(recorder.requests) == 1

    asyncio.run(run())


def test_closing_twice_does_no_harm() -> None:
    client = Together(api_key="k")
    client.close()
    client.close()
    assert client.is_closed()


def test_closing_an_async_client_twice_does_no_harm() -> None:
    async def run() -> None:
        client = AsyncTogether(api_key="k")
        await client.aclose()
        await client.aclose()
        client.close_nowait()
        assert client.is_closed()

    asyncio.run(run())


def test_an_async_client_can_be_closed_outside_of_a_loop() -> None:
    client = AsyncTogether(api_key="k")
    client.close_nowait()
    assert client.is_closed()


def test_the_callers_http_client_stays_open() -> None:
    with httpx.Client() as http_client:
        Together(api_key="k", http_client=http_client).close()
        assert not http_client.is_closed


def test_options_of_a_closed_client_can_still_be_read() -> None:
    client = Together(api_key="k")
    client.close()
    assert (client.api_key, "Together" in repr(client)) == ("k", True)


class ClosingTransport:
    """Counts how often it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def send(self, request: Any) -> Any:
        raise AssertionError(request)

    def close(self) -> None:
        self.closed += 1


def test_a_client_that_is_forgotten_closes_its_connections_once_nobody_borrows_them() -> None:
    transport = ClosingTransport()
    client = Together.from_config(Together(api_key="k").client, transport)
    borrower = client.copy()
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert (gone(), transport.closed) == (None, 0)
    del borrower
    gc.collect()
    assert transport.closed == 1
