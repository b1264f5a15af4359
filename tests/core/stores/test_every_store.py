"""What every secret store must do, whatever it is: run against the real thing, or the nearest to it that can be had."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from together_di import AsyncTogether, ConfigurationError, Together, key_lookup, secrets
from together_di.secrets import Reference, SecretError, SecretNotFoundError, Store, store_for

from ..support.http_server import PATIENCE, HTTPServer, Peer, answer
from ..support.leaks import KEY, assert_hidden, raised
from ..support.sides import chat, completion
from ..test_secret_references import Clock
from .aws import ParameterStoreRig, SecretsManagerRig
from .azure import AzureRig
from .google import GoogleRig
from .keyring_service import KeyringRig
from .local import EnvironmentRig, FileRig
from .one_password import OnePasswordRig
from .ports import wait_for_readers
from .vault import VaultRig

pytestmark = [
    # Also what the vendors' libraries log at DEBUG.
    pytest.mark.usefixtures("nothing_is_written"),
    # After an error, the keyring library leaves its connection to the garbage collector.
    pytest.mark.filterwarnings(r"ignore:unclosed <socket\.socket fd=\d+, family=1,:ResourceWarning"),
]

WORKERS = 32
ROTATIONS = 2


class Rig(Protocol):
    """A store that was started for one test, and that can be broken.

    Attributes:
        name: Its scheme.
        extra: The extra that installs the vendor's library, if there is one.
        lacks: Which of forbid, stop and stall the real part cannot do.
        reference: What reads the secret that `put` wrote.
        missing: A reference to a secret that is not there.
    """

    name: str
    extra: str | None
    lacks: frozenset[str]
    reference: str
    missing: str

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None: ...

    def put(self, value: str) -> None:
        """Write the secret, or write it anew."""
        ...

    def forbid(self) -> None:
        """From now on, nobody may read it."""
        ...

    def stop(self) -> None:
        """From now on, the store cannot be reached."""
        ...

    def stall(self) -> None:
        """From now on, the store takes requests and never answers."""
        ...

    def mend(self) -> None:
        """From now on, everything works; called before anything else."""
        ...

    def close(self) -> None:
        """Leave no process, thread or connection behind."""
        ...


RIGS: list[type[Rig]] = [
    EnvironmentRig,
    FileRig,
    SecretsManagerRig,
    ParameterStoreRig,
    KeyringRig,
    OnePasswordRig,
    VaultRig,
    GoogleRig,
    AzureRig,
]

#: What can be done to a store, and what the message then says.
FAULTS = {
    "stop": "cannot connect",
    "forbid": "denied|locked",
    "stall": r"no answer within [\d.]+ s",
}


def stores(kinds: Iterable[type[Rig]]) -> pytest.MarkDecorator:
    """Run a test for each of these."""
    return pytest.mark.parametrize("rig", [pytest.param(kind, id=kind.name) for kind in kinds], indirect=True)


every_store = stores(RIGS)
every_fault = pytest.mark.parametrize(
    ("rig", "fault"),
    [
        pytest.param(kind, fault, id=f"{kind.name}-{fault}")
        for kind in RIGS
        for fault in FAULTS
        if fault not in kind.lacks
    ],
    indirect=["rig"],
)


@pytest.fixture
def rig(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rig]:
    rig: Rig = request.param(monkeypatch, tmp_path)
    try:
        rig.mend()
        put(rig, KEY)
        yield rig
    finally:
        rig.mend()
        wait_for_readers()
        rig.close()


def put(rig: Rig, value: str) -> None:
    """Write the secret; what the rig's own client logs of it is none of our doing."""
    logging.disable()
    try:
        rig.put(value)
    finally:
        logging.disable(logging.NOTSET)


def problem_of(reference: str) -> SecretError:
    """The error of a client that needs the secret; what it shows anywhere has been searched for the secret."""
    error = raised(lambda: Together(api_key=reference).api_key)
    assert_hidden(error)
    assert isinstance(error, SecretError)
    assert reference in str(error)
    return error


def read(reference: str) -> str:
    parsed = Reference.parse(reference)
    assert parsed is not None
    return store_for(parsed).read(parsed)


@every_store
def test_a_secret_is_found(rig: Rig) -> None:
    assert read(rig.reference) == KEY
    assert Together(api_key=rig.reference).api_key == KEY


@every_store
def test_a_secret_that_is_not_there_is_told_as_such(rig: Rig) -> None:
    with pytest.raises(SecretNotFoundError):
        read(rig.missing)
    assert isinstance(problem_of(rig.missing), SecretNotFoundError)


@every_store
def test_a_secret_that_cannot_be_a_key_is_refused_without_quoting_it(rig: Rig) -> None:
    put(rig, f"{KEY} {KEY}")
    error = raised(lambda: Together(api_key=rig.reference).api_key)
    assert isinstance(error, ConfigurationError)
    assert "cannot be a key" in str(error)
    assert_hidden(error)


@every_fault
def test_a_store_that_fails_says_how_and_not_that_the_secret_is_missing(
    rig: Rig, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "stall":
        monkeypatch.setattr(secrets, "PATIENCE", 0.3)
    getattr(rig, fault)()
    with pytest.raises(SecretError, match=FAULTS[fault]) as caught:
        read(rig.reference)
    assert not isinstance(caught.value, SecretNotFoundError)
    assert not isinstance(problem_of(rig.reference), SecretNotFoundError)


@every_fault
def test_the_last_key_serves_while_the_store_fails_and_the_next_one_is_found_after(
    rig: Rig, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    monkeypatch.setattr(key_lookup, "time", clock)
    client = Together(api_key=rig.reference)
    assert client.api_key == KEY
    getattr(rig, fault)()
    with monkeypatch.context() as hurry:
        if fault == "stall":
            hurry.setattr(secrets, "PATIENCE", 0.3)
        for _ in range(2):
            clock.now += key_lookup.TIME_TO_LIVE + 1
            assert client.api_key == KEY
    [warning] = [record for record in caplog.records if record.name == "together_di"]
    assert rig.reference in warning.getMessage()
    rig.mend()
    put(rig, f"{KEY}2")
    clock.now += key_lookup.FUTILE_FOR + 1
    assert client.api_key == f"{KEY}2"


@stores(kind for kind in RIGS if kind.extra)
def test_a_missing_library_names_the_command_that_installs_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    load = importlib.import_module

    def without_libraries(name: str, package: str | None = None) -> Any:
        if name.startswith("."):
            return load(name, package)
        raise ModuleNotFoundError(f"No module named {name!r}")

    with monkeypatch.context() as patch:
        patch.setattr(importlib, "import_module", without_libraries)
        problem = problem_of(rig.reference)
    assert f'pip install "together-di[{rig.extra}]"' in str(problem)


def count_reads(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> list[Reference]:
    """Grows by one whenever a client that is built after this has the store read."""
    monkeypatch.delitem(secrets._registered, rig.name, raising=False)
    parsed = Reference.parse(rig.reference)
    assert parsed is not None
    store, reads = store_for(parsed), list[Reference]()

    def read(reference: Reference) -> str:
        reads.append(reference)
        return store.read(reference)

    monkeypatch.setitem(secrets._registered, rig.name, Store(read, store.stamp))
    return reads


class API:
    """Answers a call with the number of its key, or with 401."""

    def __init__(self) -> None:
        self.accepted = {f"Bearer {KEY}": "0"}

    def __call__(self, peer: Peer) -> None:
        key = next(r.headers["authorization"] for r in reversed(self.server.requests) if r.connection == peer.number)
        number = self.accepted.get(key)
        body = completion(number) if number else {"error": {"message": "Unknown key"}}
        answer(body, 200 if number else 401)(peer)

    @contextmanager
    def serve(self) -> Generator[HTTPServer]:
        with HTTPServer(default=self) as self.server:
            yield self.server

    def rotate(self, rig: Rig, number: int) -> None:
        """As it is done: the new key is known before it is given out, and then the old one is withdrawn."""
        previous = [*self.accepted]
        self.accepted = {**self.accepted, f"Bearer {KEY}{number}": f"{number}"}
        put(rig, f"{KEY}{number}")
        self.accepted = {key: value for key, value in self.accepted.items() if key not in previous}


class Progress:
    """Which worker has been answered with which number."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int]] = set()
        self._changed = threading.Condition()
        self.given_up = False

    def is_over(self, worker: str, answer: Any) -> bool:
        """Take an answer down; whether that was the worker's last one."""
        number = int(answer.choices[0].message.content)
        if (worker, number) not in self._seen:
            with self._changed:
                self._seen.add((worker, number))
                self._changed.notify_all()
        return number == ROTATIONS or self.given_up

    def wait_for_all(self, number: int) -> None:
        """Wait until each worker has been answered with `number`."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: sum(seen == number for _, seen in self._seen) == 2 * WORKERS, PATIENCE
            ), "A worker stopped"


@pytest.fixture
def quiet_network() -> Iterator[None]:
    """httpcore logs ten lines a call, which would take most of the time of many calls; they are searched elsewhere."""
    logger = logging.getLogger("httpcore")
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def short_turns() -> Iterator[None]:
    """A store in this process, such as moto, must not wait for 33 busy threads each time it has waited for a file."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    yield
    sys.setswitchinterval(interval)


@every_store
@pytest.mark.usefixtures("quiet_network", "short_turns")
def test_a_rotated_secret_reaches_32_threads_and_32_tasks_with_one_read_a_client(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress()

    def call(client: Together, worker: str) -> None:
        while not progress.is_over(worker, chat(client)):
            pass

    async def call_in_task(client: AsyncTogether, worker: str) -> None:
        while not progress.is_over(worker, await chat(client)):
            pass

    async def call_in_tasks(client: AsyncTogether) -> None:
        async with client, asyncio.TaskGroup() as group:
            for number in range(WORKERS):
                group.create_task(call_in_task(client, f"task {number}"))

    api = API()
    with api.serve() as server, ThreadPoolExecutor(WORKERS + 1) as pool:
        options: dict[str, Any] = {"api_key": rig.reference, "base_url": server.url, "max_retries": 0}
        reads, client = count_reads(rig, monkeypatch), Together(**options)
        async_reads, async_client = count_reads(rig, monkeypatch), AsyncTogether(**options)
        work = [pool.submit(call, client, f"thread {number}") for number in range(WORKERS)]
        work.append(pool.submit(asyncio.run, call_in_tasks(async_client)))
        try:
            for number in range(ROTATIONS):
                progress.wait_for_all(number)
                api.rotate(rig, number + 1)
            for one in work:
                one.result(PATIENCE)
        finally:
            progress.given_up = True
            client.close()
    assert (len(reads), len(async_reads)) == (1 + ROTATIONS, 1 + ROTATIONS)
