"""The pytest plugin, in whole pytest sessions of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .sessions import run

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]


def test_the_fixture_answers_every_client_whenever_it_was_built(session: pytest.Pytester) -> None:
    result = run(
        session,
        """
    early = Together(api_key="k" * 20)
    container = TogetherContainer(config={"api_key": "k" * 20})

    @pytest.mark.parametrize("number", range(2))
    def test_summary(fake_together, number):
        assert isinstance(fake_together, FakeTogether)
        fake_together.chat.completions.create.returns("Bonjour")
        assert ask() == ask(early) == ask(container.client()) == "Bonjour"
        assert fake_together.calls[0].params["model"] == "m"
        assert len(fake_together.calls) == 3
    """,
    )
    result.assert_outcomes(passed=2)


def test_without_the_fixture_a_key_is_needed(session: pytest.Pytester) -> None:
    result = run(session, "\n    def test_it():\n        ask()\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*MissingAPIKeyError*"])


def test_options_are_set_for_one_test(session: pytest.Pytester) -> None:
    result = run(
        session,
        """
    def test_set(together_settings):
        together_settings(
            api_key="k" * 20, timeout=3, max_retries=0, strict=True, default_headers={"x-a": "1", "x-b": "2"}
        )
        client = Together()
        assert (client.timeout, client.max_retries, client.client.strict) == (3.0, 0, True)
        assert dict(client.client.default_headers) == {"x-a": "1", "x-b": "2"}

    def test_gone():
        assert Together(api_key="k" * 20).max_retries == 2

    def test_misspelt(together_settings):
        with pytest.raises(TypeError, match="cannot set 'timout' .did you mean 'timeout'"):
            together_settings(timout=3)
    """,
    )
    result.assert_outcomes(passed=3)


def test_the_emulator_is_a_server(session: pytest.Pytester) -> None:
    result = run(
        session,
        """
    def test_served(together_emulator, together_settings):
        together_settings(base_url=together_emulator.url, api_key="any")
        with Together() as client:
            assert client.base_url.startswith("http://127.0.0.1:")
            assert ask(client)
    """,
    )
    result.assert_outcomes(passed=1)


def test_the_network_is_blocked_on_demand(session: pytest.Pytester) -> None:
    result = run(
        session,
        """
    def test_blocked():
        ask(Together(api_key="k" * 20))

    def test_faked(fake_together):
        ask()

    def test_emulator(together_emulator):
        with Together(api_key="k", base_url=together_emulator.url) as client:
            ask(client)
    """,
        "--together-block-network",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*NetworkBlockedError: POST https://api.together.ai/v1/chat/completions:*"])


def test_a_session_that_does_not_use_it_loads_no_client_machinery(session: pytest.Pytester) -> None:
    code = """
    import sys

    def test_nothing_is_loaded():
        loaded = {name for name in sys.modules if name.startswith("together_di.")}
        assert "together_di.testing.plugin" in loaded
        unused = ("emulator", "types", "container", "testing.fake", "testing.interception", "settings")
        assert not [name for name in loaded if name.removeprefix("together_di.").startswith(unused)]
    """
    session.makepyfile(code)
    session.runpytest_subprocess(timeout=120).assert_outcomes(passed=1)


def test_the_plugin_imports_nothing_of_the_package_by_itself() -> None:
    code = """
import sys, pytest, together_di, together_di.testing
before = set(sys.modules)
import together_di.testing.plugin
print(sorted(name for name in set(sys.modules) - before if name.startswith("together_di")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['together_di.testing.leaks', 'together_di.testing.plugin']"
