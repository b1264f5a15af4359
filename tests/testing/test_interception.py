"""One fake for every client of the process."""

from __future__ import annotations

import asyncio
import unittest
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from together_di import (
    APIConnectionError,
    AsyncTogether,
    ConfigurationError,
    JobTimeoutError,
    MissingAPIKeyError,
    Together,
    TogetherContainer,
)
from together_di.emulator import EmulatorServer
from together_di.testing import FakeTogether, NetworkBlockedError, TogetherTestMixin, intercepted
from together_di.testing.interception import network_blocked

KEY = "key-for-tests-0123456789"


def ask(client: Any) -> Any:
    return client.embeddings.create(model="m", input="a").data[0].embedding


async def ask_async(client: AsyncTogether) -> Any:
    return (await client.embeddings.create(model="m", input="a")).data[0].embedding


def refused() -> str:
    raise AssertionError("Somebody asked for the key.")


def test_clients_built_before_and_after_are_answered() -> None:
    before, async_before = Together(api_key=KEY), AsyncTogether(api_key=KEY)
    with intercepted() as fake:
        fake.embeddings.create.returns([[1.0]])
        assert ask(before) == ask(Together(api_key=KEY)) == [1.0]
        assert asyncio.run(ask_async(async_before)) == asyncio.run(ask_async(AsyncTogether(api_key=KEY))) == [1.0]
        assert len(fake.calls) == 4


def test_copies_raw_responses_and_own_http_clients_are_answered() -> None:
    with httpx.Client() as http_client, intercepted() as fake:
        fake.embeddings.create.returns([[1.0]])
        client = Together(api_key=KEY, http_client=http_client)
        assert ask(client) == ask(client.with_options(timeout=3)) == [1.0]
        raw = client.with_raw_response.embeddings.create(model="m", input="a")
        assert raw.parse().data[0].embedding == [1.0]


def test_clients_of_other_threads_are_answered() -> None:
    answers: list[Any] = []
    client = Together(api_key=KEY)
    with intercepted() as fake:
        fake.embeddings.create.returns([[1.0]])
        thread = Thread(target=lambda: answers.append(ask(client)))
        thread.start()
        thread.join()
    assert answers == [[1.0]]


def test_afterwards_clients_reach_the_network_again() -> None:
    with EmulatorServer() as server, Together(api_key=KEY, base_url=server.url) as client:
        with intercepted() as fake:
            fake.embeddings.create.returns([[1.0]])
            assert ask(client) == [1.0]
        assert len(ask(client)) > 1


def test_other_fakes_keep_their_script() -> None:
    mine = FakeTogether()
    mine.embeddings.create.returns([[2.0]])
    with intercepted() as fake:
        fake.embeddings.create.returns([[1.0]])
        assert ask(mine) == asyncio.run(ask_async(mine.async_client)) == [2.0]


def test_the_innermost_fake_answers() -> None:
    client = Together(api_key=KEY)
    with intercepted() as outer:
        outer.embeddings.create.returns([[1.0]])
        with intercepted() as inner:
            inner.embeddings.create.returns([[2.0]])
            assert ask(client) == [2.0]
        assert ask(client) == [1.0]


def test_no_key_is_needed() -> None:
    with intercepted():
        assert ask(Together())
        assert ask(TogetherContainer().client())


def test_a_client_built_without_a_key_complains_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with intercepted():
        client = Together()
    with pytest.raises(MissingAPIKeyError, match="TOGETHER_API_KEY"):
        ask(client)


def test_no_store_and_no_function_is_asked_for_the_key(tmp_path: Path) -> None:
    missing = tmp_path / "no-such-file"
    with intercepted() as fake:
        assert ask(Together(api_key=f"file://{missing}"))
        assert ask(Together(api_key=refused))
        assert "authorization" not in fake.calls[0].headers


def test_a_refused_key_is_not_renewed() -> None:
    with intercepted() as fake:
        fake.embeddings.create.returns_json({"error": {"message": "No"}}, status=401)
        with pytest.raises(Exception, match="No"):
            ask(Together(api_key=refused))
        fake.embeddings.create.assert_called_once()


def test_what_is_wrong_with_the_options_is_still_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with intercepted():
        monkeypatch.setenv("TOGETHER_TIMEOUT", "soon")
        with pytest.raises(ConfigurationError, match="TOGETHER_TIMEOUT"):
            Together()


def test_retries_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("together_di.lending.Lease.pause", lambda lease, seconds: waits.append(seconds))
    with intercepted() as fake:
        fake.embeddings.create.loses_connection()
        with pytest.raises(APIConnectionError):
            ask(Together(api_key=KEY))
        assert len(fake.calls) == 3
    assert waits == [0, 0]


def test_a_client_closed_meanwhile_closes_its_connections() -> None:
    async def main() -> None:
        with EmulatorServer() as server:
            client = AsyncTogether(api_key=KEY, base_url=server.url)
            await ask_async(client)
            with intercepted():
                await ask_async(client)
                await client.aclose()
            assert client.is_closed()

    asyncio.run(main(), debug=False)


def test_a_container_is_answered_before_and_after() -> None:
    container = TogetherContainer(config={"api_key": KEY})
    client = container.client()
    with intercepted() as fake:
        fake.embeddings.create.returns([[1.0]])
        assert ask(client) == ask(container.client()) == asyncio.run(ask_async(container.async_client())) == [1.0]
    container.close()


def test_the_blocked_network_is_named_with_what_to_use_instead() -> None:
    with network_blocked(), pytest.raises(NetworkBlockedError) as caught:
        ask(Together(api_key=KEY, max_retries=0))
    assert "POST https://api.together.ai/v1/embeddings" in str(caught.value)
    assert "fake_together" in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_blocked_network_blocks_async_clients_too() -> None:
    with network_blocked(), pytest.raises(NetworkBlockedError):
        asyncio.run(ask_async(AsyncTogether(api_key=KEY)))


def test_a_blocked_network_leaves_fakes_the_emulator_and_this_machine() -> None:
    with network_blocked(), EmulatorServer() as server:
        assert ask(FakeTogether())
        assert ask(Together(transport="embedded"))
        assert ask(Together(api_key=KEY, base_url=server.url))
        assert asyncio.run(ask_async(AsyncTogether(api_key=KEY, base_url=server.url)))
        with intercepted():
            assert ask(Together(api_key=KEY))


def test_a_unittest_case_has_a_fake_for_each_test() -> None:
    class SummaryTest(TogetherTestMixin, unittest.TestCase):
        def test_one(self) -> None:
            self.fake_together.embeddings.create.returns([[1.0]])
            assert ask(Together()) == [1.0]

        def test_two(self) -> None:
            assert len(self.fake_together.calls) == 0
            assert len(ask(Together())) > 1

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(SummaryTest).run(result)
    assert (result.testsRun, result.failures, result.errors) == (2, [], [])


def test_a_job_is_waited_for_without_waiting() -> None:
    running = {"id": "b-1", "status": "IN_PROGRESS"}
    with intercepted() as fake:
        fake.batches.retrieve.returns_json(running).then.returns_json(running).then.returns_json(
            {"id": "b-1", "status": "COMPLETED"}
        )
        assert Together().batches.wait("b-1", poll_interval=60).status == "COMPLETED"
        fake.batches.retrieve.returns_json(running)
        with pytest.raises(JobTimeoutError, match="60"):
            Together().batches.wait("b-1", timeout=60, poll_interval=30)
    assert len(fake.batches.retrieve.calls) > 3
