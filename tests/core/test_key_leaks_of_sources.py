"""One distinctive key stands in every place a key can come from, beside everything that can be wrong there."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from together_di import Together, TogetherContainer, TogetherSettings, sources
from together_di.cli import main
from together_di.options import OPTIONS
from together_di.secrets import register_store

from .support.http_server import HTTPServer, answer, then_hang_up
from .support.leaks import KEY, assert_hidden, found_in, raised
from .support.sides import chat, completion

pytestmark = pytest.mark.usefixtures("nothing_is_written")


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(sources, "SECRETS_DIRECTORY", str(tmp_path / "run-secrets"))
    monkeypatch.setattr("together_di.secrets._registered", {})


def in_the_config(_: pytest.MonkeyPatch) -> dict[str, Any]:
    return {"api_key": KEY}


def in_the_environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    return {}


def in_the_env_file(_: pytest.MonkeyPatch) -> dict[str, Any]:
    Path(".env").write_text(f"TOGETHER_API_KEY='{KEY}'\n")
    return {}


def mounted(_: pytest.MonkeyPatch) -> dict[str, Any]:
    Path("run-secrets").mkdir()
    Path("run-secrets/together_api_key").write_text(KEY)
    return {}


def in_a_toml_file(_: pytest.MonkeyPatch) -> dict[str, Any]:
    Path("t.toml").write_text(f'api_key = "{KEY}"\n')
    return {"config_file": "t.toml"}


def in_a_yaml_file(_: pytest.MonkeyPatch) -> dict[str, Any]:
    Path("t.yaml").write_text(f'api_key: "{KEY}"\n')
    return {"config_file": "t.yaml"}


def in_another_variable(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("OTHER", KEY)
    return {"api_key": "env://OTHER"}


def in_a_listed_store(_: pytest.MonkeyPatch) -> dict[str, Any]:
    register_store("test", lambda _: KEY)
    return {"secrets": ["test://a"]}


def from_a_function(_: pytest.MonkeyPatch) -> dict[str, Any]:
    return {"api_key": lambda: KEY}


Place = Callable[[pytest.MonkeyPatch], dict[str, Any]]
PLACES: tuple[Place, ...] = (
    in_the_config,
    in_the_environment,
    in_the_env_file,
    mounted,
    in_a_toml_file,
    in_a_yaml_file,
    in_another_variable,
    in_a_listed_store,
    from_a_function,
)
every_place = pytest.mark.parametrize("place", PLACES, ids=[place.__name__ for place in PLACES])


@every_place
def test_what_works_shows_only_the_end_of_the_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(default=answer(completion())) as server:
        container = TogetherContainer(config={**place(monkeypatch), "base_url": server.url})
        before = container.explain()
        client = container.client()
        chat(client)
        after = container.explain()
        shown = [before, after, str(after), after.to_json(), client, client.client, client.client.credential]
        shown += [container.settings(), container.settings().model_dump(), container.found(), container.ping()]
        assert found_in("\n".join(f"{item!s}\n{item!r}" for item in shown)) == []
        container.close()
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@every_place
def test_a_pickle_never_has_the_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TogetherContainer(config=place(monkeypatch)).client()
    assert client.api_key == KEY
    try:
        data = pickle.dumps(client)
    except (pickle.PicklingError, AttributeError) as error:  # a literal key, a local function
        assert_hidden(error)
    else:
        assert found_in(data.decode("latin-1")) == []


@every_place
@pytest.mark.parametrize("wrong", [{"timout": 3}, {"timeout": "soon"}, {"proxy": "x"}, {"env_file": "nowhere"}])
def test_what_is_wrong_beside_the_key_does_not_show_it(
    place: Place, wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = place(monkeypatch)
    container: Any = TogetherContainer(config={**given, **wrong})
    assert_hidden(raised(container.client))
    assert found_in(f"{container.explain()} {container.explain().to_json()} {container.ping()}") == []
    assert_hidden(raised(lambda: TogetherSettings(**given, **wrong)))


@every_place
def test_a_failed_call_does_not_show_the_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(default=then_hang_up()) as server:
        container = TogetherContainer(config={**place(monkeypatch), "base_url": server.url, "max_retries": 0})
        assert_hidden(raised(lambda: chat(container.client())))
        assert found_in(str(container.ping())) == []
        container.close()


@pytest.mark.parametrize("option", [name for name in OPTIONS if name not in {"api_key", "project_id"}])
def test_a_key_in_the_place_of_another_option_is_not_quoted(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    misplaced: dict[str, Any] = {option: KEY}
    error = raised(lambda: Together(api_key="k", **misplaced))
    assert found_in(f"{error}") == []
    if variable := OPTIONS[option].variables("default"):
        monkeypatch.setenv(variable[0], KEY)
        assert found_in(str(raised(lambda: Together(api_key="k")))) == []


BROKEN_FILES = {
    "t.toml": f'api_key = "{KEY}"\nb = {KEY}\n',
    "t.yaml": f"api_key: [{KEY}\n",
    "pyproject.toml": f"[tool.together-di]\napikey = '{KEY}'\n",
    "u.toml": f"apikey = '{KEY}'\n",
    "v.toml": f"default = '{KEY}'\n",
}


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_broken_configuration_file_is_not_quoted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(name).write_text(BROKEN_FILES[name])
    assert_hidden(raised(lambda: Together(config_file=name)))
    monkeypatch.setenv("TOGETHER_CONFIG_FILE", name)
    assert found_in(str(TogetherContainer().explain())) == []


@pytest.mark.parametrize("content", [f"TOGETHER_API_KEY={KEY}\n\xff", f"TOGETHER_API_KEY '{KEY}\n", f"{KEY}\n"])
def test_a_broken_env_file_is_not_quoted(content: str) -> None:
    Path(".env").write_bytes(content.encode("latin-1"))
    assert_hidden(raised(Together))


@every_place
@pytest.mark.parametrize("command", [["config"], ["config", "--json"], ["check"], ["models"], ["chat", "Hi"]])
def test_no_command_prints_the_key(
    place: Place, command: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    given = place(monkeypatch)
    if "config_file" in given:
        monkeypatch.setenv("TOGETHER_CONFIG_FILE", given["config_file"])
    if isinstance(key := given.get("api_key"), str):
        monkeypatch.setenv("TOGETHER_API_KEY", key)
    with HTTPServer(default=answer({"error": {"message": f"Bad key {KEY}"}}, status=401)) as server:
        monkeypatch.setenv("TOGETHER_BASE_URL", server.url)
        main(command)
    printed = capfd.readouterr()
    assert found_in(printed.out + printed.err) == []
    if command[-1] == "--json":
        assert json.loads(printed.out)
