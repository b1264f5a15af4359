"""Where the key comes from, and what cannot be a key."""

from __future__ import annotations

import asyncio
import functools
import pickle
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from pydantic import SecretStr

from together_di import (
    AuthenticationError,
    ConfigurationError,
    MissingAPIKeyError,
    Together,
)

from .support.recorder import Recorder
from .support.sides import Clients

# Places


@Clients
def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "from-environment")
    assert kind().api_key == "from-environment"


@Clients
def test_the_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "from-environment")
    assert kind(api_key="from-argument").api_key == "from-argument"


@Clients
def test_a_secret_str_is_a_key(kind: Any) -> None:
    assert kind(api_key=SecretStr("secret")).api_key == "secret"


@Clients
@pytest.mark.parametrize("blank", ["", "  ", "\n", SecretStr(""), None])
def test_an_empty_key_counts_as_unset(monkeypatch: pytest.MonkeyPatch, kind: Any, blank: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "from-environment")
    assert kind(api_key=blank).api_key == "from-environment"


@Clients
@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_an_empty_environment_variable_is_no_key(monkeypatch: pytest.MonkeyPatch, kind: Any, blank: str) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", blank)
    with pytest.raises(AuthenticationError, match="TOGETHER_API_KEY \\(empty\\)"):
        kind()


@Clients
def test_no_key_anywhere_is_an_authentication_error_that_names_each_place_in_order(kind: Any) -> None:
    with pytest.raises(AuthenticationError) as caught:
        kind()
    assert isinstance(caught.value, MissingAPIKeyError)
    places = caught.value.places
    expected = ("argument api_key", "TOGETHER_API_KEY", ".env", "/run/secrets", "configuration file", "stores", "Colab")
    assert [name in place for name, place in zip(expected, places, strict=True)] == [True] * len(expected)
    message = str(caught.value)
    assert sorted(places, key=message.index) == list(places)


def test_an_empty_argument_is_told_from_a_missing_one() -> None:
    with pytest.raises(MissingAPIKeyError) as caught:
        Together(api_key="")
    assert caught.value.places[0] == "argument api_key (empty)"


def test_the_embedded_transport_needs_no_key() -> None:
    assert Together(transport="embedded").models.list_supported().data


def test_the_embedded_transport_uses_a_key_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "mine")
    assert Together(transport="embedded").api_key == "mine"


# What a key may look like


@pytest.mark.parametrize("padded", ["secret\n", " secret", "secret\r\n", "\tsecret "])
def test_blanks_around_a_key_are_removed(padded: str) -> None:
    recorder = Recorder()
    recorder.call(api_key=padded)
    assert recorder.keys == ["Bearer secret"]


def test_a_line_break_after_the_key_in_the_environment_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "secret\n")
    assert Together().api_key == "secret"


BAD_KEYS = pytest.mark.parametrize(
    "bad", ["hunter2\nhunter3", "hunter2 hunter3", "hunter2\thunter3", "hunter2\u00e9", "\u201chunter2\u201d", "a\x00b"]
)


@Clients
@BAD_KEYS
def test_a_key_that_no_header_can_hold_is_refused_at_once_without_quoting_it(kind: Any, bad: str) -> None:
    with pytest.raises(ConfigurationError, match="argument api_key") as caught:
        kind(api_key=bad)
    assert "hunter" not in str(caught.value)


def test_a_bad_key_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "hunter2 hunter3")
    with pytest.raises(ConfigurationError, match="TOGETHER_API_KEY") as caught:
        Together()
    assert "hunter" not in str(caught.value)


def test_the_position_of_the_bad_character_is_told() -> None:
    with pytest.raises(ConfigurationError, match="position 4 of 5"):
        Together(api_key="abc d")


@Clients
@pytest.mark.parametrize("wrong", [b"hunter2", 5, ["hunter2"], object()])
def test_a_key_of_another_type_is_refused_with_the_name_of_the_type(kind: Any, wrong: Any) -> None:
    for build in (kind, kind(api_key="k").with_options):
        with pytest.raises(TypeError, match=rf"^api_key must be a str, .* not {type(wrong).__name__}\.$"):
            build(api_key=wrong)


@Clients
@pytest.mark.parametrize(
    "wrong",
    [
        "apikey",
        "api_keys",
        "key",
        pytest.param("API_KEY"),
    ],
)
def test_a_key_under_a_misspelt_name_is_refused_with_the_right_one(kind: Any, wrong: str) -> None:
    for build in (kind, kind(api_key="k").with_options):
        with pytest.raises(TypeError, match=rf"has no option '{wrong}' \(did you mean 'api_key'\?\)") as caught:
            build(**{wrong: "hunter2"})
        assert "hunter2" not in str(caught.value)


@Clients
def test_a_key_without_a_name_is_refused_without_quoting_it(kind: Any) -> None:
    for build in (kind, kind(api_key="k").with_options):
        with pytest.raises(TypeError, match=r"by name only: api_key=") as caught:
            build("hunter2")
        assert "hunter2" not in str(caught.value)


# Functions


def test_a_function_is_not_asked_at_construction() -> None:
    asked: list[int] = []

    def key() -> str:
        asked.append(1)
        return "k"

    Together(api_key=key)
    assert not asked


@pytest.mark.parametrize("call", [Recorder.call, Recorder.acall])
def test_a_function_is_asked_again_for_every_attempt(call: Callable[..., None]) -> None:
    recorder = Recorder(503, 503)
    keys = iter(["first", "second", "third"])
    call(recorder, api_key=lambda: next(keys))
    assert recorder.keys == ["Bearer first", "Bearer second", "Bearer third"]


def test_an_async_function_is_asked_again_for_every_attempt() -> None:
    recorder = Recorder(503)
    keys = iter(["first", "second"])

    async def key() -> str:
        await asyncio.sleep(0)
        return next(keys)

    recorder.acall(api_key=key)
    assert recorder.keys == ["Bearer first", "Bearer second"]


def test_a_function_may_give_a_secret_str_or_a_padded_key() -> None:
    recorder = Recorder()
    recorder.call(api_key=lambda: SecretStr("secret\n"))
    assert recorder.keys == ["Bearer secret"]


async def async_key() -> str:
    return "k"


class AsyncKey:
    async def __call__(self) -> str:
        return "k"


@pytest.mark.parametrize("key", [async_key, functools.partial(async_key)])
def test_together_refuses_an_async_function_at_once(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="AsyncTogether"):
        Together(api_key=key)


def test_a_copy_of_together_refuses_an_async_function_at_once() -> None:
    client = Together(api_key="k")
    with pytest.raises(ConfigurationError, match="AsyncTogether"):
        client.with_options(api_key=async_key)


def test_together_refuses_what_turns_out_to_be_async_before_anything_is_sent() -> None:
    recorder = Recorder()
    with pytest.raises(ConfigurationError, match="AsyncTogether"):
        recorder.call(api_key=AsyncKey())
    assert not recorder.keys


def test_an_async_object_is_a_key_for_async_together() -> None:
    recorder = Recorder()
    recorder.acall(api_key=AsyncKey())
    assert recorder.keys == ["Bearer k"]


@pytest.mark.parametrize("call", [Recorder.call, Recorder.acall])
@BAD_KEYS
def test_a_function_that_gives_a_bad_key_is_refused_before_anything_is_sent(
    call: Callable[..., None], bad: str
) -> None:
    recorder = Recorder()
    with pytest.raises(ConfigurationError) as caught:
        call(recorder, api_key=lambda: bad)
    assert "hunter" not in str(caught.value)
    assert not recorder.keys


@pytest.mark.parametrize("call", [Recorder.call, Recorder.acall])
@pytest.mark.parametrize("wrong", [None, b"hunter2", 5, ""])
def test_a_function_that_gives_no_key_is_refused_before_anything_is_sent(call: Callable[..., None], wrong: Any) -> None:
    recorder = Recorder()
    with pytest.raises(ConfigurationError, match="argument api_key"):
        call(recorder, api_key=lambda: wrong)
    assert not recorder.keys


@pytest.mark.parametrize("call", [Recorder.call, Recorder.acall])
def test_what_the_function_raises_reaches_the_caller(call: Callable[..., None]) -> None:
    def key() -> str:
        raise LookupError("the vault is sealed")

    recorder = Recorder()
    with pytest.raises(LookupError, match="the vault is sealed"):
        call(recorder, api_key=key)
    assert not recorder.keys


# Google Colab


class SecretNotFoundError(Exception):
    """Colab's: there is no secret of that name."""


class NotebookAccessError(Exception):
    """Colab's: this notebook may not read it."""


class TimeoutException(Exception):
    """Colab's: the page did not answer."""


@pytest.fixture
def colab(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Stand-ins for Colab's modules; `userdata.get` gives its argument, or raises it."""

    def install(outcome: object) -> None:
        def get(name: str) -> object:
            assert name == "TOGETHER_API_KEY"
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        google, package, userdata = (ModuleType(f"google{name}") for name in ("", ".colab", ".colab.userdata"))
        vars(userdata)["get"], vars(package)["userdata"], vars(google)["colab"] = get, userdata, package
        for module in (google, package, userdata):
            monkeypatch.setitem(sys.modules, module.__name__, module)

    return install


@Clients
def test_the_key_comes_from_colabs_secrets(colab: Callable[[object], None], kind: Any) -> None:
    colab("from-colab\n")
    assert kind().api_key == "from-colab"


def test_the_key_may_be_a_field_of_one_of_colabs_secrets(colab: Callable[[object], None]) -> None:
    colab('{"together": "from-json"}')
    assert Together(api_key="colab://TOGETHER_API_KEY#together").api_key == "from-json"


def test_the_environment_wins_over_colab(colab: Callable[[object], None], monkeypatch: pytest.MonkeyPatch) -> None:
    colab("from-colab")
    monkeypatch.setenv("TOGETHER_API_KEY", "from-environment")
    assert Together().api_key == "from-environment"


def test_colab_is_not_asked_when_the_key_is_given(colab: Callable[[object], None]) -> None:
    colab(AssertionError("Colab was asked"))
    assert Together(api_key="k").api_key == "k"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (SecretNotFoundError(), "no secret of that name"),
        (NotebookAccessError(), "no access"),
        (TimeoutException(), "no answer"),
        (RuntimeError("unheard of"), "RuntimeError"),
        ("", "empty"),
        ("  \n", "empty"),
        (None, "empty"),
    ],
)
def test_what_colab_said_is_told_when_there_is_no_key(
    colab: Callable[[object], None], outcome: object, told: str
) -> None:
    colab(outcome)
    with pytest.raises(MissingAPIKeyError) as caught:
        Together()
    assert told in caught.value.places[-1]


def test_outside_colab_its_secrets_are_not_looked_for() -> None:
    with pytest.raises(MissingAPIKeyError) as caught:
        Together()
    assert "not running in Colab" in caught.value.places[-1]
    assert "google.colab" not in sys.modules


def test_a_bad_key_in_colab_is_refused_without_quoting_it(colab: Callable[[object], None]) -> None:
    colab("hunter2 hunter3")
    with pytest.raises(ConfigurationError, match="Colab") as caught:
        Together()
    assert "hunter" not in str(caught.value)


# Pickling


def function_key() -> str:
    return "from-function"


def test_a_function_travels_as_a_reference() -> None:
    restored = pickle.loads(pickle.dumps(Together(api_key=function_key)))
    assert restored.api_key == "from-function"


def test_a_literal_key_refuses_to_be_pickled_and_says_what_to_do() -> None:
    with pytest.raises(pickle.PicklingError, match="TOGETHER_API_KEY") as caught:
        pickle.dumps(Together(api_key="hunter2"))
    assert "hunter2" not in str(caught.value)


@Clients
def test_a_key_of_the_environment_is_found_anew_on_the_other_side(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "here")
    pickled = pickle.dumps(kind(max_retries=5))
    monkeypatch.setenv("TOGETHER_API_KEY", "there")
    restored = pickle.loads(pickled)
    assert (type(restored), restored.api_key, restored.max_retries) == (kind, "there", 5)
    assert b"here" not in pickled.replace(b"there", b"")


def test_a_pickled_client_without_a_key_on_the_other_side_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "here")
    pickled = pickle.dumps(Together())
    monkeypatch.delenv("TOGETHER_API_KEY")
    with pytest.raises(MissingAPIKeyError):
        pickle.loads(pickled)


def test_an_embedded_client_without_a_key_can_be_pickled() -> None:
    restored = pickle.loads(pickle.dumps(Together(transport="embedded")))
    assert restored.models.list_supported().data
