"""Keys that stand elsewhere: found, missing, rotated, refused, and out of reach for a while."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import pickle
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from together_di import (
    AsyncTogether,
    AuthenticationError,
    ConfigurationError,
    MissingAPIKeyError,
    Together,
    TogetherContainer,
    key_lookup,
    secrets,
)
from together_di.secrets import Reference, SecretError, Store

from .support.http_server import HTTPServer, Peer, answer
from .support.sides import chat, completion


class Clock:
    """Stands in for the clock of the time to live: nothing here waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(key_lookup, "time", clock)
    return clock


class Vault:
    """A store of a third party's, under the scheme `test`, in this process."""

    def __init__(self) -> None:
        self.value: str | Exception = "key-1"
        self.reads = 0

    def read(self, reference: Reference) -> str:
        self.reads += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


VAULT = Vault()


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    VAULT.__init__()  # type: ignore[misc]
    point = importlib.metadata.EntryPoint("test", f"{__name__}:VAULT.read", secrets.ENTRY_POINTS)
    monkeypatch.setattr(importlib.metadata.EntryPoint, "load", lambda self: VAULT.read)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    return VAULT


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "together"
    file.write_text("key-1\n")
    return file


@contextmanager
def api_that_accepts(key: str) -> Generator[HTTPServer]:
    """Answers 401 to any other key."""
    with HTTPServer() as server:

        def respond(peer: Peer) -> None:
            good = server.requests[-1].headers["authorization"] == f"Bearer {key}"
            body = completion() if good else {"error": {"message": "Unknown key"}}
            answer(body, 200 if good else 401)(peer)

        server.default = respond
        yield server


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("file:///run/secrets/together", ("file", "/run/secrets/together", None)),
        ("vault://secret/together#api_key", ("vault", "secret/together", "api_key")),
        (" env://OTHER \n", ("env", "OTHER", None)),
    ],
)
def test_a_reference_has_a_scheme_a_path_and_perhaps_a_field(text: str, parts: tuple[str, str, str | None]) -> None:
    reference = Reference.parse(text)
    assert reference is not None
    assert (reference.scheme, reference.path, reference.field) == parts
    assert str(reference) == text.strip()


@pytest.mark.parametrize("text", ["tgp_v1_abc", "", "://x", "env://", "ENV://X", "no scheme: x"])
def test_an_ordinary_key_is_no_reference(text: str) -> None:
    assert Reference.parse(text) is None


def test_a_key_in_another_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", " key-7\n")
    assert Together(api_key="env://OTHER").api_key == "key-7"
    monkeypatch.setenv("TOGETHER_API_KEY", "env://OTHER")
    assert Together().api_key == "key-7"
    assert TogetherContainer(config={"api_key": "env://OTHER"}).client().api_key == "key-7"


def test_a_changed_variable_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "key-1")
    client = Together(api_key="env://OTHER")
    assert client.api_key == "key-1"
    monkeypatch.setenv("OTHER", "key-2")
    assert client.api_key == "key-2"


def test_a_key_in_a_file(key_file: Path) -> None:
    client = Together(api_key=f"file://{key_file}")
    assert client.api_key == "key-1"
    assert str(key_file) in repr(client)


def test_a_key_in_a_field_of_a_json_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"together": "key-1", "other": 3}')
    assert Together(api_key=f"file://{file}#together").api_key == "key-1"
    for field in ("other", "missing"):
        with pytest.raises(SecretError, match=f"no text under '{field}'"):
            _ = Together(api_key=f"file://{file}#{field}").api_key


def test_a_rewritten_file_counts_at_once(key_file: Path) -> None:
    client = Together(api_key=f"file://{key_file}")
    assert client.api_key == "key-1"
    key_file.write_text("another key".replace(" ", "-"))
    assert client.api_key == "another-key"


def test_kubernetes_moves_a_link_to_a_new_directory(tmp_path: Path) -> None:
    """As its kubelet does it: the file behind the link is another, the link itself is untouched."""

    def publish(name: str, key: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "together").write_text(key)
        (tmp_path / "..data_tmp").symlink_to(name)
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")

    publish("..1", "key-1")
    (tmp_path / "together").symlink_to("..data/together")
    client = Together(api_key=f"file://{tmp_path}/together")
    assert client.api_key == "key-1"
    publish("..2", "key-2")
    assert client.api_key == "key-2"


def test_nothing_is_read_before_the_first_call(vault: Vault) -> None:
    container = TogetherContainer(config={"api_key": "test://a"})
    container.client()
    container.async_client()
    assert vault.reads == 0


def test_a_key_is_read_once_for_many_calls(vault: Vault) -> None:
    client = Together(api_key="test://a")
    assert {client.api_key for _ in range(10)} == {"key-1"}
    assert vault.reads == 1


def test_a_key_is_read_again_when_its_time_is_over(vault: Vault, clock: Clock) -> None:
    client = Together(api_key="test://a")
    assert client.api_key == "key-1"
    vault.value = "key-2"
    clock.now += key_lookup.TIME_TO_LIVE - 1
    assert client.api_key == "key-1"
    clock.now += 2
    assert client.api_key == "key-2"


@pytest.mark.parametrize("kind", [Together, AsyncTogether])
def test_a_key_that_the_api_refuses_is_read_again_and_the_call_goes_through(vault: Vault, kind: Any) -> None:
    with api_that_accepts("key-2") as server:
        client = kind(api_key="test://a", base_url=server.url, max_retries=0)

        def rotate_after_the_first_read(reference: Reference) -> str:
            vault.reads += 1
            return f"key-{vault.reads}"

        client.client.credential._stores = [Store(rotate_after_the_first_read)]
        if kind is Together:
            assert chat(client).id == "c-1"
        else:
            assert asyncio.run(chat(client)).id == "c-1"
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer key-1", "Bearer key-2"]
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1


def test_a_key_that_is_wrong_for_good_is_an_error_after_one_more_read(vault: Vault, clock: Clock) -> None:
    with api_that_accepts("another") as server:
        client = Together(api_key="test://a", base_url=server.url, max_retries=0)
        for _ in range(5):
            with pytest.raises(AuthenticationError):
                chat(client)
        assert (len(server.requests), vault.reads) == (5, 2)
        clock.now += key_lookup.FUTILE_FOR + 1
        vault.value = "another"
        assert chat(client).id == "c-1"


def test_a_function_is_asked_again_when_its_key_is_refused() -> None:
    keys = iter(["key-1", "key-2", "key-2"])
    with api_that_accepts("key-2") as server:
        client = Together(api_key=lambda: next(keys), base_url=server.url, max_retries=0)
        assert chat(client).id == "c-1"


def test_a_literal_key_that_is_refused_is_sent_once() -> None:
    with api_that_accepts("another") as server, Together(api_key="k", base_url=server.url) as client:
        with pytest.raises(AuthenticationError):
            chat(client)
        assert len(server.requests) == 1


def test_threads_and_tasks_that_need_a_key_at_once_have_it_read_once(vault: Vault) -> None:
    start = threading.Barrier(32)
    client = Together(api_key="test://a")

    def ask() -> str:
        start.wait()
        return client.api_key

    with ThreadPoolExecutor(32) as pool:
        assert {future.result() for future in [pool.submit(ask) for _ in range(32)]} == {"key-1"}
    assert vault.reads == 1

    async def ask_all() -> set[str]:
        credential = AsyncTogether(api_key="test://b").client.credential
        found = await asyncio.gather(*(credential.aget() for _ in range(32)))
        return {key.get_secret_value() for key in found}

    assert asyncio.run(ask_all()) == {"key-1"}
    assert vault.reads == 2


def test_the_last_key_serves_while_the_store_is_down(
    vault: Vault, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    client = Together(api_key="test://a")
    assert client.api_key == "key-1"
    vault.value = ConnectionError("vault.internal is down; token=hunter2")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.now += key_lookup.TIME_TO_LIVE + 1
            assert client.api_key == "key-1"
    [record] = caplog.records
    assert "test://a" in record.getMessage()
    assert "hunter2" not in caplog.text
    assert "key-1" not in caplog.text
    vault.value = "key-2"
    clock.now += key_lookup.FUTILE_FOR + 1
    assert client.api_key == "key-2"


def test_a_store_that_never_answered_is_an_error_that_names_reference_and_place(vault: Vault) -> None:
    vault.value = RuntimeError("secret text of the store")
    with pytest.raises(SecretError) as caught:
        _ = Together(api_key="test://a#b").api_key
    assert str(caught.value) == "test://a#b: RuntimeError from the store (from argument api_key)."
    assert "RuntimeError" in str(caught.value)
    assert "secret text" not in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("env://NOT_THERE", "NOT_THERE is not set"),
        ("file:///not/there", "there is no such file"),
        ("file://relative/path", "three slashes"),
        ("colab://NAME", "not running in Colab"),
    ],
)
def test_a_secret_that_is_missing_is_told_with_its_reference(reference: str, told: str) -> None:
    client = Together(api_key=reference)
    with pytest.raises(SecretError, match=told) as caught:
        chat(client)
    assert reference in str(caught.value)


def test_a_file_without_a_usable_key_is_refused_without_quoting_it(tmp_path: Path) -> None:
    file = tmp_path / "together"
    file.write_text("hunter2 hunter3")
    with pytest.raises(ConfigurationError, match="cannot be a key") as caught:
        _ = Together(api_key=f"file://{file}").api_key
    assert "hunter" not in str(caught.value)


def test_an_unknown_scheme_is_refused_when_the_client_is_built() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean 'file'.*Known: aws-sm://.*, file://") as caught:
        Together(api_key="fille:///run/secrets/together")
    assert not isinstance(caught.value, MissingAPIKeyError)


def test_a_client_with_a_reference_pickles_the_reference(key_file: Path) -> None:
    client = Together(api_key=f"file://{key_file}")
    assert client.api_key == "key-1"
    data = pickle.dumps(client)
    assert b"key-1" not in data
    assert pickle.loads(data).api_key == "key-1"


def test_a_copy_may_have_a_reference(key_file: Path) -> None:
    client = Together(api_key="k")
    assert client.with_options(api_key=f"file://{key_file}").api_key == "key-1"
    assert client.api_key == "k"
