"""`container.explain()`, `together-di config` and `check`: where a value came from, and whether it works."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from together_di import Together, TogetherContainer, sources
from together_di.check import Health
from together_di.cli import main
from together_di.explain import Entry, Origin
from together_di.secrets import Reference, Store, register_store

from .support.http_server import Answer, HTTPServer, answer, then_hang_up

KEY = "tgp_v1_0123456789abcdef"


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(sources, "SECRETS_DIRECTORY", str(tmp_path / "run-secrets"))


def five_sources(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Options spread over settings, environment, `.env`, mounted secrets and a configuration file."""
    monkeypatch.setenv("TOGETHER_TIMEOUT", "30")
    monkeypatch.setenv("TOGETHER_CUSTOM_HEADERS", "X-Team: search\nCookie: hunter2")
    Path(".env").write_text("TOGETHER_TIMEOUT=40\nTOGETHER_MAX_RETRIES=4\n")
    Path("run-secrets").mkdir()
    Path("run-secrets/together-api-key").write_text(KEY)
    Path("t.toml").write_text("timeout = 50\nproject_id = 'p-1'\nproxy = 'http://user:hunter2@proxy.test:3128'\n")
    return {"TIMEOUT": 20, "CONFIG_FILE": "t.toml"}


def test_each_value_has_its_source_and_what_it_shadows(monkeypatch: pytest.MonkeyPatch) -> None:
    container = TogetherContainer(config=five_sources(monkeypatch), source='settings TOGETHER["{}"]')
    explanation = container.explain()
    others = (
        Origin("30", "env TOGETHER_TIMEOUT"),
        Origin("40", ".env TOGETHER_TIMEOUT"),
        Origin("50", "t.toml: timeout"),
    )
    assert explanation["timeout"] == Entry("timeout", "20.0", 'settings TOGETHER["TIMEOUT"]', others)
    assert explanation["max_retries"] == Entry("max_retries", "4", ".env TOGETHER_MAX_RETRIES")
    assert explanation["project_id"] == Entry("project_id", "p-1", "t.toml: project_id")
    assert explanation["transport"] == Entry("transport", "httpx", "default")
    assert explanation["proxy"].value == "http://[hidden]@proxy.test:3128"
    assert explanation["default_headers"].value == "{'X-Team': 'search', 'Cookie': '[hidden]'}"
    assert explanation.problems == ()


def test_a_key_in_a_store_is_not_read_for_an_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    container = TogetherContainer(config=five_sources(monkeypatch))
    path = f"file://{Path.cwd()}/run-secrets/together-api-key"
    assert container.explain()["api_key"] == Entry("api_key", "not read yet", f"{path}, from a mounted secret")


def test_after_a_read_the_end_of_the_key_and_its_age_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("together_di.key_lookup.time.monotonic", lambda: now)
    register_store("aws-sm", Store(lambda _: KEY))
    container = TogetherContainer(config={"api_key": "aws-sm://prod/together#api_key"})
    _ = container.client().api_key
    now += 12
    shown = container.explain()["api_key"]
    source = 'aws-sm://prod/together#api_key, read 12 s ago, from config["api_key"]'
    assert shown == Entry("api_key", "****cdef", source)


@pytest.fixture(autouse=True)
def registered_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("together_di.secrets._registered", {})


@pytest.mark.parametrize(("key", "shown"), [(KEY, "****cdef"), ("short", "****"), (lambda: KEY, "of a function")])
def test_a_key_is_shown_by_its_end_if_at_all(key: Any, shown: str) -> None:
    assert TogetherContainer(config={"api_key": key}).explain()["api_key"].value == shown


def test_shadowed_keys_are_masked_and_references_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    Path(".env").write_text("TOGETHER_API_KEY=vault://secret/together#key\n")
    shadowed = TogetherContainer(config={"api_key": "k"}).explain()["api_key"].shadowed
    assert shadowed == (
        Origin("****cdef", "env TOGETHER_API_KEY"),
        Origin("vault://secret/together#key", ".env TOGETHER_API_KEY"),
    )


def test_what_is_wrong_is_part_of_the_explanation() -> None:
    explanation = TogetherContainer(config={"timeout": "soon", "timout": 3}).explain()
    assert explanation["timeout"] == Entry("timeout", "soon", 'config["timeout"]')
    assert [problem.splitlines()[0] for problem in explanation.problems] == [
        "config[\"timout\"]: there is no such option (did you mean 'timeout'?).",
        "config[\"timeout\"]='soon' is not a number of seconds; write for example 20",
        "There is no Together API key. Looked at, in this order:",
    ]


def test_an_explanation_is_of_what_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_TIMEOUT", "30")
    container = TogetherContainer(config={"api_key": KEY})
    container.client()
    monkeypatch.setenv("TOGETHER_TIMEOUT", "31")
    assert container.explain()["timeout"].value == "30.0"
    container.close()
    assert container.explain()["timeout"].value == "31.0"


def test_text_and_json_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = TogetherContainer(config=five_sources(monkeypatch)).explain()
    loaded = json.loads(explanation.to_json())
    assert loaded == json.loads(json.dumps(explanation.to_dict()))
    lines = str(explanation).splitlines()
    for entry in loaded["entries"]:
        assert any(line.split() == f"{entry['option']} {entry['value']} ({entry['source']})".split() for line in lines)
    assert any(line.split() == ["instead", "of", "40", "(.env", "TOGETHER_TIMEOUT)"] for line in lines)


# The commands


def test_config_explains_five_sources(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    five_sources(monkeypatch)
    monkeypatch.setenv("TOGETHER_CONFIG_FILE", "t.toml")
    assert main(["config", "--json"]) == 0
    entries = {entry["option"]: entry for entry in json.loads(capsys.readouterr().out)["default"]["entries"]}
    assert {name: entries[name]["source"] for name in ("timeout", "max_retries", "project_id", "strict")} == {
        "timeout": "env TOGETHER_TIMEOUT",
        "max_retries": ".env TOGETHER_MAX_RETRIES",
        "project_id": "t.toml: project_id",
        "strict": "default",
    }
    assert entries["api_key"]["source"].endswith("run-secrets/together-api-key, from a mounted secret")


def test_config_shows_every_client_under_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.toml").write_text('[default]\napi_key = "0123456789abcdef"\n[eu]\nbase_url = "https://eu.example.com"\n')
    monkeypatch.setenv("TOGETHER_CONFIG_FILE", "t.toml")
    assert main(["config"]) == 1  # the second has no key
    out = capsys.readouterr().out
    assert (
        out.index("[default]")
        < out.index("t.toml: default.api_key")
        < out.index("[eu]")
        < out.index("t.toml: eu.base_url")
    )
    assert main(["config", "--client", "default"]) == 0
    assert "[eu]" not in capsys.readouterr().out
    assert main(["config", "--client", "eur"]) == 1
    assert "There is no client 'eur' (did you mean 'eu'?). Known: default, eu." in capsys.readouterr().err


WHOAMI = {
    "type": "org_api_key",
    "api_key": {"id": "k"},
    "organization": {"id": "o", "name": "O"},
}


@pytest.mark.parametrize(
    ("reply", "ok", "reason"),
    [
        (answer(WHOAMI), True, "{url} answers, and takes the key ****cdef (env TOGETHER_API_KEY)."),
        (answer({"error": {}}, status=404), True, "{url} answers; it has no /v3/whoami, so the key"),
        (answer({"error": {}}, status=401), False, "{url} refuses the key ****cdef (env TOGETHER_API_KEY)."),
        (answer({"error": {}}, status=403), False, "{url} knows the key ****cdef (env TOGETHER_API_KEY), but"),
        (answer({"error": {}}, status=500), False, "{url} answers with an error: "),
        (then_hang_up(), False, "Are the base URL {url}, the proxy and the network right?"),
    ],
    ids=["fine", "no such path", "refused", "forbidden", "broken", "hung up"],
)
def test_check_says_what_an_operator_can_act_on(
    reply: Answer, ok: bool, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    with HTTPServer(default=reply) as server:
        monkeypatch.setenv("TOGETHER_BASE_URL", server.url)
        assert main(["check"]) == (0 if ok else 1)
        said = capsys.readouterr().out
        assert said.startswith("default: ok: " if ok else "default: FAILED: ")
        assert reason.format(url=server.url) in said
        health = asyncio.run(TogetherContainer().aping())
        assert health == Health(ok, said.partition(": ")[2].partition(": ")[2].removesuffix("\n"))
    assert len(server.requests) == 2  # nothing is tried twice


def test_check_without_a_key_fails_and_says_where_it_looked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 1
    assert "default: FAILED: There is no Together API key. Looked at" in capsys.readouterr().out


def test_check_reads_the_store_and_says_what_is_wrong_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "env://NOWHERE")
    assert main(["check"]) == 1
    expected = "env://NOWHERE: the environment variable NOWHERE is not set, or empty (from env TOGETHER_API_KEY)."
    assert capsys.readouterr().out == f"default: FAILED: {expected}\n"


def test_models_and_chat_run_on_the_emulator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOGETHER_TRANSPORT", "embedded")
    assert main(["models"]) == 0
    assert "meta-llama/Llama-3.3-70B-Instruct-Turbo" in capsys.readouterr().out.splitlines()
    assert main(["chat", "Llamas live in the Andes. Where do llamas live?"]) == 0
    assert "Andes" in capsys.readouterr().out
    assert main(["chat", " "]) == 1
    assert capsys.readouterr().err == "together-di chat: The prompt is empty.\n"


# Refreshing


def test_refresh_has_the_key_read_again_by_the_same_client(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["key-1", "key-2", "key-3"])
    register_store("test", lambda _: next(keys))
    container = TogetherContainer(config={"default": {"api_key": "test://a"}, "eu": {"api_key": "test://b"}})
    client, other = container.client(), container.named("eu").client()
    assert (client.api_key, client.api_key, other.api_key) == ("key-1", "key-1", "key-2")
    container.refresh()
    assert container.client() is client
    assert client.api_key == "key-3"


def test_a_refresh_during_a_read_is_not_lost() -> None:
    """The reading under way may have begun before the key was changed."""
    container = TogetherContainer(config={"api_key": "test://a"})
    values: list[str] = []

    def read(_: Reference) -> str:
        values.append(f"key-{len(values) + 1}")
        if len(values) == 1:
            container.refresh()
        return values[-1]

    register_store("test", read)
    client: Together = container.client()
    assert [client.api_key, client.api_key, client.api_key] == ["key-1", "key-2", "key-2"]
