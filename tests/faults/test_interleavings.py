"""Random interleavings of calls, streams, cancellations, forks, closings and overrides, on a server with faults.

Each request carries an id, which its answer repeats: no answer may be lost, and none may go to another request.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from together_di import (
    AsyncTogether,
    ClientClosedError,
    FakeTogether,
    Stream,
    Timeout,
    Together,
    TogetherContainer,
)

from ..core.support.events import DONE, events
from ..core.support.forking import in_child
from ..core.support.http_server import PATIENCE, HTTPServer, Peer, answer, chunked, raw, then_hang_up, then_reset
from ..core.support.sides import KEY, completion
from .conftest import open_sockets

#: How many connections there are: few, so that calls wait for one another.
CONNECTIONS = 3
PARTS = 3

FAULTS = {
    "reset": then_reset(),
    "closed": then_hang_up(),
    "cut in the headers": then_hang_up(b"HTTP/1.1 200 OK\r\nConte"),
    "busy": answer({"error": {"message": "Busy"}}, 503),
    "too many": answer({"error": {"message": "Too many"}}, 429, retry_after="0"),
}


class Echo(HTTPServer):
    """Answers each request with its id, after the faults that are planned.

    Attributes:
        planned: The faults that the next requests meet.
    """

    def __init__(self) -> None:
        super().__init__(default=self._reply)
        self.planned: list[str] = []

    def _reply(self, peer: Peer) -> None:
        request = next(one for one in reversed(self.requests) if one.connection == peer.number).json()
        said = request["messages"][0]["content"]
        if self.planned:
            FAULTS[self.planned.pop()](peer)
        elif request.get("stream"):
            raw(chunked(*(events(f"{said}/{part}") for part in range(PARTS)), DONE))(peer)
        else:
            answer(completion(said))(peer)


def ask(client: Any, said: str, **options: Any) -> Any:
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": said}], **options)


def text(answer: Any) -> str:
    return answer.choices[0].message.content or ""


class Interleavings(RuleBasedStateMachine):
    """One container with both clients, and whatever a program may do with them."""

    streams = Bundle("streams")

    def __init__(self) -> None:
        super().__init__()
        gc.collect()
        self.sockets = open_sockets()
        self.server = Echo().__enter__()
        self.runner = asyncio.Runner()
        self.count = 0
        self.opened: dict[str, Stream[Any]] = {}
        self.container = TogetherContainer(
            config={
                "api_key": KEY,
                "base_url": self.server.url,
                "timeout": Timeout(PATIENCE),
                "max_connections": CONNECTIONS,
                "max_retries": 5,
                "retry_initial_delay": 0.001,
                "drain_timeout": PATIENCE,
            }
        )

    @property
    def client(self) -> Together:
        return self.container.client()

    @property
    def async_client(self) -> AsyncTogether:
        return self.container.async_client()

    def new_id(self) -> str:
        self.count += 1
        return f"id-{self.count}"

    @rule(fault=st.sampled_from(sorted(FAULTS)))
    def plan(self, fault: str) -> None:
        # No more than a call has retries. (No precondition: what is drawn must not depend on what cancelled calls met.)
        if len(self.server.planned) < 3:
            self.server.planned.append(fault)

    @rule()
    def call(self) -> None:
        said = self.new_id()
        assert text(ask(self.client, said)) == said

    @rule(count=st.integers(2, 6))
    def call_from_threads(self, count: int) -> None:
        told: dict[str, str] = {}

        def work(said: str) -> None:
            told[said] = text(ask(self.client, said))

        threads = [threading.Thread(target=work, args=[self.new_id()]) for _ in range(count)]
        self.close_streams()  # which would hold the connections
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert len(told) == count
        assert all(said == heard for said, heard in told.items())

    @rule(cancelled=st.lists(st.integers(0, 25) | st.none(), min_size=1, max_size=6))
    def call_from_tasks(self, cancelled: list[int | None]) -> None:
        """Some are cancelled after so many rounds of the loop."""

        async def main() -> None:
            ids = [self.new_id() for _ in cancelled]
            tasks = [asyncio.create_task(ask(self.async_client, said)) for said in ids]
            for steps in range(26):
                for task, when in zip(tasks, cancelled, strict=True):
                    if when == steps:
                        task.cancel()
                await asyncio.sleep(0)
            for said, task, when in zip(ids, tasks, cancelled, strict=True):
                await asyncio.wait([task])
                if task.cancelled():
                    assert when is not None
                else:
                    assert text(task.result()) == said

        self.runner.run(main())

    @rule(parts=st.integers(0, PARTS))
    def stream_from_a_task(self, parts: int) -> None:
        """It may be left early."""

        async def main() -> list[str]:
            stream = await ask(self.async_client, said, stream=True)
            async with stream:
                return [(await anext(stream)).choices[0].delta.content for _ in range(parts)]

        said = self.new_id()
        assert self.runner.run(main()) == [f"{said}/{part}" for part in range(parts)]

    @rule(target=streams)
    def open_stream(self) -> str:
        if len(self.opened) == CONNECTIONS - 1:  # calls need one, too
            self.opened.pop(next(iter(self.opened))).close()
        said = self.new_id()
        self.opened[said] = ask(self.client, said, stream=True)
        return said

    @rule(said=streams)
    def read(self, said: str) -> None:
        if (stream := self.opened.get(said)) is None:
            return
        part = stream.received
        try:
            chunk = next(stream, None)
        except ClientClosedError:
            del self.opened[said]
            return
        if chunk is None:
            assert part == PARTS
            del self.opened[said]
        else:
            assert chunk.choices[0].delta.content == f"{said}/{part}"

    @rule(said=consumes(streams))
    def close_stream(self, said: str) -> None:
        if (stream := self.opened.pop(said, None)) is not None:
            stream.close()

    @rule(said=consumes(streams))
    def drop_stream(self, said: str) -> None:
        self.opened.pop(said, None)

    def close_streams(self) -> None:
        for stream in self.opened.values():
            stream.close()
        self.opened.clear()

    @precondition(lambda self: hasattr(os, "fork"))
    @rule()
    def call_from_a_child(self) -> None:
        said = self.new_id()

        def work() -> None:
            assert text(ask(self.client, said)) == said

        in_child(work)

    @rule()
    def call_a_fake(self) -> None:
        requests = len(self.server.requests)
        fake = FakeTogether()
        fake.chat.completions.create.returns("fake")
        with self.container.client.override(fake):
            assert text(ask(self.client, self.new_id())) == "fake"
        assert len(self.server.requests) == requests

    @rule()
    def close(self) -> None:
        closed = self.client
        self.container.close()
        assert closed.is_closed()

    @rule()
    def close_in_a_loop(self) -> None:
        self.runner.run(self.container.aclose())

    @rule()
    def end_the_loop(self) -> None:
        self.runner.close()
        self.runner = asyncio.Runner()

    @invariant()
    def there_are_no_more_connections_than_allowed(self) -> None:
        shared: Any = self.client._engine.shared
        assert len(shared._leases) <= CONNECTIONS

    def teardown(self) -> None:
        self.close_streams()
        self.runner.run(self.container.aclose())
        self.runner.close()
        self.server.__exit__(None, None, None)
        del self.container
        gc.collect()
        left = open_sockets() - self.sockets
        assert left == set(), left


Interleavings.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, database=None, derandomize=True
)
TestInterleavings = Interleavings.TestCase
