"""Waiting for jobs: how often is asked, what is told, and how it ends."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from together_di import (
    ClientClosedError,
    FakeTogether,
    JobTimeoutError,
    NotFoundError,
    Together,
)
from together_di.types.batches import BatchJob
from together_di.types.fine_tuning import FinetuneResponse

Call = Callable[[Any], Any]


class Clock:
    """Goes on when somebody waits; nobody really does."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pieces: list[float] = []
        self.after: Callable[[], object] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pieces.append(seconds)
        self.after()

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.sleep", clock.sleep)
    monkeypatch.setattr("anyio.sleep", clock.asleep)
    monkeypatch.setattr("together_di.waiting.monotonic", lambda: clock.now)
    monkeypatch.setattr("together_di.waiting.FAKE_PACE", 1.0)
    return clock


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, fake: FakeTogether) -> Call:
    """Calls a method of the fake, or of its async client, to the end."""

    def run(ask: Call) -> Any:
        if request.param == "sync":
            return ask(fake)

        async def main() -> Any:
            return await ask(fake.async_client)

        return asyncio.run(main())

    return run


@pytest.fixture
def fake() -> Iterator[FakeTogether]:
    with FakeTogether() as fake:
        yield fake


def job(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "ft-1", "user_id": "u", "status": status, **more}


def script(fake: FakeTogether, *jobs: dict[str, Any]) -> None:
    planned = fake.fine_tuning.retrieve.returns(jobs[0])
    for one in jobs[1:]:
        planned = planned.then.returns(one)


def wait(**options: Any) -> Call:
    return lambda client: client.fine_tuning.wait("ft-1", **options)


def test_the_job_is_given_when_it_has_ended(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, job("pending"), job("running"), job("completed"))
    done = call(wait())
    assert isinstance(done, FinetuneResponse)
    assert done.status == "completed"
    assert [called.params for called in fake.fine_tuning.retrieve.calls] == [{"id": "ft-1"}] * 3


@pytest.mark.parametrize("status", ["error", "user_error", "cancelled"])
def test_a_job_that_failed_is_given_as_well(call: Call, fake: FakeTogether, clock: Clock, status: str) -> None:
    script(fake, job("running"), job(status))
    assert call(wait()).status == status


def test_a_status_the_api_has_added_since_is_no_end(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, job("polishing"), job("completed"))
    assert call(wait()).status == "completed"


def test_it_is_asked_less_and_less_often_but_once_a_minute(call: Call, fake: FakeTogether, clock: Clock) -> None:
    asked: list[float] = []

    def answer(_: object) -> dict[str, Any]:
        asked.append(clock.now)
        return job("completed" if len(asked) > 9 else "running")

    fake.fine_tuning.retrieve.replies(answer)
    call(wait(poll_interval=4))
    pauses = [later - sooner for sooner, later in itertools.pairwise(asked)]
    assert pauses == pytest.approx([4, 6, 9, 13.5, 20.25, 30.375, 45.5625, 60, 60])


def test_a_longer_interval_stays_as_it_is(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, *[job("running")] * 3, job("completed"))
    call(wait(poll_interval=300))
    assert clock.now == 1000 + 3 * 300


def test_progress_is_told_when_something_has_changed(call: Call, fake: FakeTogether, clock: Clock) -> None:
    told: list[FinetuneResponse] = []
    script(
        fake,
        job("pending"),
        job("pending"),
        job("running", epochs_completed=1),
        job("running", epochs_completed=2),
        job("completed", epochs_completed=2),
    )
    done = call(wait(on_progress=told.append))
    assert [(one.status, one.epochs_completed) for one in told] == [
        ("pending", None),
        ("running", 1),
        ("running", 2),
        ("completed", 2),
    ]
    assert told[-1] is done


def test_what_progress_raises_ends_the_wait(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, job("running"))

    def stop(_: FinetuneResponse) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        call(wait(on_progress=stop))


def test_a_job_that_takes_too_long_is_named_with_its_status(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, job("running", epochs_completed=1))
    with pytest.raises(JobTimeoutError, match=r"fine_tuning.wait\(\): 'ft-1' is still 'running' after 12 s") as caught:
        call(wait(timeout=12))
    assert clock.now == 1012
    error = caught.value
    assert (error.id, error.status, error.job.epochs_completed) == ("ft-1", "running", 1)
    assert isinstance(error, TimeoutError)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.job) == (str(error), error.job)


def test_a_job_that_ends_just_in_time_is_given(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, job("running"), job("running"), job("completed"))
    assert call(wait(timeout=6)).status == "completed"
    assert clock.now == 1006


def test_no_time_means_one_look(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, job("running"))
    with pytest.raises(JobTimeoutError):
        call(wait(timeout=0))
    fake.fine_tuning.retrieve.assert_called_once()


def test_an_interval_of_nothing_is_refused(call: Call, fake: FakeTogether) -> None:
    with pytest.raises(ValueError, match="poll_interval=0"):
        call(wait(poll_interval=0))
    assert not fake.calls


def test_an_error_of_the_api_is_raised_at_once(call: Call, fake: FakeTogether, clock: Clock) -> None:
    fake.fine_tuning.retrieve.raises(NotFoundError)
    with pytest.raises(NotFoundError):
        call(wait())
    assert clock.pieces == []


def test_a_look_that_fails_for_a_moment_is_repeated(call: Call, fake: FakeTogether, clock: Clock) -> None:
    fake.fine_tuning.retrieve.loses_connection().then.returns(job("completed"))
    assert call(wait()).status == "completed"


def test_the_servers_own_pause_is_kept(waits: list[float]) -> None:
    answers = [httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(200, json=job("completed"))]
    with httpx.Client(transport=httpx.MockTransport(lambda _: answers.pop(0))) as http:
        assert Together(api_key="key-for-tests", http_client=http).fine_tuning.wait("ft-1").status == "completed"
    assert waits == [7]


def test_closing_the_client_ends_a_wait(call: Call, fake: FakeTogether, clock: Clock) -> None:
    script(fake, job("running"))

    def close() -> None:
        fake.close()
        fake.async_client.close_nowait()

    clock.after = close
    with pytest.raises(ClientClosedError):
        call(wait(poll_interval=60))
    assert clock.now < 1001


def test_an_async_wait_holds_no_thread(fake: FakeTogether, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    script(fake, job("running"), job("completed"))
    for name in ("wait", "retrieve"):  # what is imported when a method is first called, is left to a thread
        inspect.getattr_static(type(fake.fine_tuning), name).load()

    async def refuse(function: Any, *args: object) -> None:
        raise AssertionError(f"{function} in a thread")

    monkeypatch.setattr("anyio.to_thread.run_sync", refuse)
    assert asyncio.run(fake.async_client.fine_tuning.wait("ft-1")).status == "completed"
    assert clock.pieces


def test_a_cancelled_task_stops_waiting(fake: FakeTogether, monkeypatch: pytest.MonkeyPatch) -> None:
    script(fake, job("running"))

    async def main() -> None:
        pausing, forever = asyncio.Event(), asyncio.Event()

        async def sleep(_: float) -> None:
            pausing.set()
            await forever.wait()

        monkeypatch.setattr("anyio.sleep", sleep)
        task = asyncio.create_task(fake.async_client.fine_tuning.wait("ft-1"))
        await pausing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main())
    fake.fine_tuning.retrieve.assert_called_once()


def test_other_tasks_go_on_while_one_waits(fake: FakeTogether) -> None:
    script(fake, job("running"), job("completed"))

    async def main() -> list[str]:
        order: list[str] = []
        has_asked = asyncio.Event()

        def progress(one: FinetuneResponse) -> None:
            order.append(one.status)
            has_asked.set()

        async def other() -> None:
            await has_asked.wait()
            order.append("other")

        waiting = fake.async_client.fine_tuning.wait("ft-1", poll_interval=0.001, on_progress=progress)
        await asyncio.gather(waiting, other())
        return order

    assert asyncio.run(main()) == ["running", "other", "completed"]


def test_batches_are_waited_for_until_any_end(call: Call, fake: FakeTogether, clock: Clock) -> None:
    for status in ("COMPLETED", "FAILED", "EXPIRED", "CANCELLED"):
        fake.batches.retrieve.returns(BatchJob(status="IN_PROGRESS")).then.returns(BatchJob(status=status))
        assert call(lambda client: client.batches.wait("b-1")).status == status


def test_evaluations_are_waited_for_until_any_end(call: Call, fake: FakeTogether, clock: Clock) -> None:
    for status in ("completed", "error", "user_error"):
        fake.evals.retrieve.returns({"status": "queued"}).then.returns({"status": status})
        assert call(lambda client: client.evals.wait("e-1")).status == status


def test_a_job_of_the_emulator_ends(call: Call, fake: FakeTogether, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "Llamas hum."}\n')
    file_id = fake.files.upload(tmp_path / "train.jsonl").id
    made = fake.fine_tuning.create(training_file=file_id, model="m")
    told: list[str] = []
    done = call(lambda client: client.fine_tuning.wait(made.id, on_progress=lambda one: told.append(one.status)))
    assert (done.status, told[0], told[-1]) == ("completed", "queued", "completed")
