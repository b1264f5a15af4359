"""The key is shown nowhere when a client, a container or the settings cannot be built."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from tests.core.support.leaks import KEY, assert_hidden, found_in, raised
from tests.core.support.sides import Clients, chat
from together_di import AsyncTogether, Together, TogetherContainer, TogetherSettings

pytestmark = pytest.mark.usefixtures("nothing_is_written")

BAD_OPTIONS: dict[str, dict[str, Any]] = {
    "unknown option": {"timout": 3},
    "timeout": {"timeout": "soon"},
    "retries": {"max_retries": -1},
    "base URL": {"base_url": "nowhere"},
    "transport": {"transport": "pigeon"},
    "header": {"default_headers": {"X A": "b"}},
    "header type": {"default_headers": {5: "b"}},
    "authorization": {"default_headers": {"Authorization": "Bearer other"}},
    "http client": {"http_client": "wrong", "timeout": 5},
}


@Clients
@pytest.mark.parametrize("options", BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_a_bad_option_beside_the_key(kind: Any, options: dict[str, Any]) -> None:
    assert_hidden(raised(lambda: kind(api_key=KEY, **options)))


@Clients
@pytest.mark.parametrize("options", BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_a_bad_option_of_a_copy_beside_the_key(kind: Any, options: dict[str, Any]) -> None:
    client = kind(api_key=KEY)
    assert_hidden(raised(lambda: client.copy(api_key=KEY, **options)))


@Clients
@pytest.mark.parametrize("options", BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_a_bad_option_with_the_key_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, kind: Any, options: dict[str, Any]
) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    assert_hidden(raised(lambda: kind(**options)))


BAD_KEYS = pytest.mark.parametrize("bad", [f"{KEY} x", f"{KEY}\nx", f"\u201c{KEY}\u201d", f"{KEY}\x00"])


@Clients
@BAD_KEYS
def test_a_key_that_cannot_be_one(kind: Any, bad: str) -> None:
    assert_hidden(raised(lambda: kind(api_key=bad)))
    assert_hidden(raised(lambda: kind(api_key=SecretStr(bad))))
    assert_hidden(raised(lambda: kind(api_key="k").with_options(api_key=bad)))


@Clients
@BAD_KEYS
def test_a_key_in_the_environment_that_cannot_be_one(monkeypatch: pytest.MonkeyPatch, kind: Any, bad: str) -> None:
    if "\0" in bad:
        return  # no environment can hold it
    monkeypatch.setenv("TOGETHER_API_KEY", bad)
    assert_hidden(raised(kind))


MISPLACED: dict[str, Callable[[Any], object]] = {
    "without a name": lambda kind: kind(KEY),
    "misspelt": lambda kind: kind(apikey=KEY),
    "misspelt in a copy": lambda kind: kind(api_key="k").copy(apikey=KEY),
    "as bytes": lambda kind: kind(api_key=KEY.encode()),
    "as bytes in a copy": lambda kind: kind(api_key="k").copy(api_key=KEY.encode()),
    "in a list": lambda kind: kind(api_key=[KEY]),
    "as a header": lambda kind: kind(api_key="k", default_headers={"Authorization": f"Bearer {KEY}"}),
    "as a header of a copy": lambda kind: kind(api_key="k").copy(default_headers={"authorization": KEY}),
    "as a login": lambda kind: kind(api_key="k", base_url=f"https://user:{quote(KEY, safe='')}@host"),
}


@Clients
@pytest.mark.parametrize("build", MISPLACED.values(), ids=MISPLACED.keys())
def test_a_key_in_the_wrong_place_is_not_shown_by_local_variables(kind: Any, build: Callable[[Any], object]) -> None:
    assert_hidden(raised(lambda: build(kind)))


@pytest.mark.parametrize("build", MISPLACED.values(), ids=MISPLACED.keys())
def test_a_key_in_the_wrong_place_is_not_in_the_message(build: Callable[[Any], object]) -> None:
    error = raised(lambda: build(Together))
    assert found_in(f"{error} {error!r}") == []


@Clients
def test_a_traceback_with_local_variables_of_a_failed_construction_can_be_made(kind: Any) -> None:
    error = raised(lambda: kind(api_key=KEY, timeout=-1))
    assert traceback.TracebackException.from_exception(error, capture_locals=True).stack


@pytest.mark.parametrize("options", [{"timout": 3}, {"timeout": "soon"}, {"default_headers": {"X A": "b"}}])
def test_a_bad_option_of_a_container(options: dict[str, Any]) -> None:
    container: Any = TogetherContainer(config={"api_key": KEY, **options})
    # dependency-injector's own frames are compiled, and show nothing.
    assert_hidden(raised(container.client))


MISPLACED_SETTINGS = pytest.mark.parametrize(
    "options",
    [
        pytest.param({"apikey": KEY}, id="misspelt"),
        pytest.param({"api_key": KEY.encode()}, id="as bytes"),
        pytest.param({"api_key": [KEY]}, id="in a list"),
        pytest.param({"base_url": f"https://user:{quote(KEY, safe='')}@host"}, id="as a login"),
        pytest.param(
            {"default_headers": {"Authorization": f"Bearer {KEY}"}},
            id="as a header",
        ),
    ],
)


@MISPLACED_SETTINGS
def test_a_key_in_the_wrong_place_of_a_container(options: dict[str, Any]) -> None:
    container: Any = TogetherContainer(config={"api_key": "k", **options})
    assert_hidden(raised(container.client))


@MISPLACED_SETTINGS
def test_a_key_in_the_wrong_place_of_the_settings(options: dict[str, Any]) -> None:
    given = {"api_key": "k", **options}
    assert_hidden(raised(lambda: TogetherSettings(**given).client_config()))


@pytest.mark.parametrize("name", ["api_key", "API_KEY"])
@pytest.mark.parametrize("options", [{"timout": 3}, {"timeout": "soon"}, {"default_headers": 5}])
def test_a_bad_option_of_the_settings(name: str, options: dict[str, Any]) -> None:
    assert_hidden(raised(lambda: TogetherSettings(**{name: KEY}, **options)))


@pytest.mark.parametrize(
    ("variable", "text"),
    [("TOGETHER_TIMEOUT", "soon"), ("TOGETHER_STRICT", "perhaps"), ("TOGETHER_BASE_URL", "nowhere")],
)
def test_a_bad_setting_in_the_environment_beside_the_key(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    monkeypatch.setenv(variable, text)
    assert_hidden(raised(TogetherSettings))


@pytest.mark.parametrize("bad", [f"{KEY} x", SecretStr(f"{KEY}\nx")], ids=["str", "SecretStr"])
def test_a_function_that_gives_a_bad_key(bad: str | SecretStr) -> None:
    assert_hidden(raised(lambda: chat(Together(api_key=lambda: bad))))
    assert_hidden(raised(lambda: asyncio.run(chat(AsyncTogether(api_key=lambda: bad)))))


def test_an_async_function_that_gives_a_bad_key() -> None:
    async def key() -> str:
        return f"{KEY} x"

    assert_hidden(raised(lambda: asyncio.run(chat(AsyncTogether(api_key=key)))))


@pytest.mark.parametrize("wrong", [KEY.encode(), [KEY], {"api_key": KEY}])
def test_a_function_that_gives_a_key_of_another_type(wrong: Any) -> None:
    assert_hidden(raised(lambda: chat(Together(api_key=lambda: wrong))))
    assert_hidden(raised(lambda: asyncio.run(chat(AsyncTogether(api_key=lambda: wrong)))))
