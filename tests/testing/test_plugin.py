"""The pytest plugin, in whole pytest sessions of their own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]

ASK = """
    import pytest
    from together_di import AsyncTogether, Together, TogetherContainer
    from together_di.testing import FakeTogether

    def ask(client=None):
        client = client or Together()
        question = [{"role": "user", "content": "Hi"}]
        return client.chat.completions.create(model="m", messages=question).choices[0].message.content
"""


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for a session, which has no key and takes warnings for errors."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini("[pytest]\naddopts = -W error --strict-markers -p no:cacheprovider -p no:asyncio\n")
    return pytester


def run(session: pytest.Pytester, code: str, *options: str) -> pytest.RunResult:
    session.makepyfile(ASK + code)
    return session.runpytest_subprocess(*options, timeout=120)


def needs(plugin: str) -> None:
    # Not imported here: `pytester` takes back what is imported during its test.
    if find_spec(plugin) is None:
        pytest.skip(f"{plugin} is not installed")


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


def test_a_strict_test_refuses_what_is_not_scripted(session: pytest.Pytester) -> None:
    result = run(
        session,
        """
    @pytest.mark.together(strict=True)
    def test_refused(fake_together):
        ask()

    @pytest.mark.together(strict=True)
    def test_swallowed(fake_together):
        try:
            ask()
        except Exception:
            pass

    @pytest.mark.together(strict=True)
    def test_expected(fake_together):
        with pytest.raises(AssertionError):
            ask()
        fake_together.reset()

    def test_lenient(fake_together):
        ask()
    """,
    )
    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*There is no answer to this call:*", "*chat.completions.create(model='m'*", "*Nothing is scripted.*"]
    )


def test_the_marker_brings_the_fixture_before_all_others(session: pytest.Pytester) -> None:
    result = run(
        session,
        """
    @pytest.fixture
    def answer():
        return ask()

    @pytest.mark.together
    def test_marked(answer):
        assert answer

    class TestAll:
        pytestmark = pytest.mark.together()

        def test_marked(self, answer):
            assert answer
    """,
    )
    result.assert_outcomes(passed=2)


def test_the_marker_takes_nothing_else(session: pytest.Pytester) -> None:
    result = run(session, "\n    @pytest.mark.together(stric=True)\n    def test_it():\n        pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*write @pytest.mark.together(strict=True) or *"])


def test_a_marker_that_nothing_reads_fails_the_test(session: pytest.Pytester) -> None:
    session.makeconftest(
        """
    import pytest

    def pytest_collection_modifyitems(items):
        for item in items:
            if "late" in item.name:
                item.add_marker(pytest.mark.together(strict=True))
    """
    )
    result = run(
        session,
        """
    def test_late():
        ask(FakeTogether())

    def test_late_with_the_fixture(fake_together):
        with pytest.raises(AssertionError):
            ask()
        fake_together.reset()

    class TestOther:
        @pytest.fixture
        def fake_together(self):
            return FakeTogether()

        @pytest.mark.together(strict=True)
        def test_replaced(self, fake_together):
            ask(fake_together)
    """,
        "-v",
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*::test_late FAILED*",
            "*::test_late_with_the_fixture PASSED*",
            "*::test_replaced FAILED*",
            "Nothing has read the arguments of this test's marker together(strict=True): *",
        ]
    )


def test_a_marker_that_does_not_reach_the_fake_of_a_mixin_is_refused(session: pytest.Pytester) -> None:
    code = """
    import unittest
    from together_di.testing import TogetherTestMixin

    class TestMixed(TogetherTestMixin, unittest.TestCase):
        @pytest.mark.together(strict=True)
        def test_strict(self):
            ask()

        @pytest.mark.together
        def test_bare(self):
            ask()
    """
    result = run(session, code)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*together(strict=True) does not reach the fake of TogetherTestMixin. Write self.fake_together.script.*"]
    )


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


def test_it_does_not_show_in_tracebacks(session: pytest.Pytester) -> None:
    code = """
    @pytest.fixture
    def broken():
        raise ValueError("setup")

    def test_setup(broken):
        pass

    def test_call():
        raise ValueError("call")
    """
    result = run(session, code)
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.no_fnmatch_line("*leaks.py*")


LEAKS = """
    container = TogetherContainer(config={"api_key": "k" * 20})

    def test_leaks():
        container.client.override(FakeTogether())

    def test_is_not_harmed():
        assert type(container.client()) is Together

    def test_undoes():
        with container.client.override(FakeTogether()):
            ask(container.client())

    def test_leaks_its_own():
        TogetherContainer().client.override(FakeTogether())

    @pytest.fixture
    def own():
        container = TogetherContainer()
        container.client.override(FakeTogether())
        return container

    def test_leaks_what_its_fixture_made(own):
        ask(own.client())

    @pytest.fixture
    def leaking():
        container.async_client.override(FakeTogether().async_client)

    def test_leaks_by_a_fixture(leaking):
        pass

    def test_fails_and_leaks():
        container.client.override(FakeTogether())
        assert False, "on its own"

    def test_is_not_harmed_either():
        assert type(container.client()) is Together
        assert type(container.async_client()) is AsyncTogether

    @pytest.fixture(scope="module")
    def shared():
        with container.client.override(FakeTogether()):
            yield

    def test_first(shared):
        assert type(container.client()) is FakeTogether

    def test_second(shared):
        assert type(container.client()) is FakeTogether
"""


def test_a_leaked_override_fails_the_test_that_leaked_it_and_no_other(session: pytest.Pytester) -> None:
    result = run(session, LEAKS, "-v")
    result.assert_outcomes(passed=9, failed=1, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*::test_leaks ERROR*",
            "*::test_is_not_harmed PASSED*",
            "*::test_leaks_its_own PASSED*",
            "*::test_leaks_what_its_fixture_made PASSED*",
            "*::test_leaks_by_a_fixture ERROR*",
            "*::test_fails_and_leaks FAILED*",
            "*::test_is_not_harmed_either PASSED*",
            "*left an override of 'client' of a TogetherContainer in place*",
            "*left an override of 'async_client'*",
        ]
    )


CLIENTS = """
    kept = []

    def test_keeps():
        kept.append(Together(api_key="k" * 20))

    def test_closes():
        with Together(api_key="k" * 20) as client:
            kept.append(client)

    def test_drops():
        Together(api_key="k" * 20)

    def test_fake():
        kept.append(FakeTogether())

    def test_container():
        kept.append(TogetherContainer(config={"api_key": "k" * 20}).client())
"""


def test_a_client_that_is_left_open_fails_its_test_on_demand(session: pytest.Pytester) -> None:
    result = run(session, CLIENTS, "-v", "-o", "together_unclosed_clients=true")
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*::test_keeps ERROR*", "*left <Together https://api.together.ai*> open*"])


def test_a_client_that_is_left_open_is_no_failure_by_default(session: pytest.Pytester) -> None:
    run(session, CLIENTS).assert_outcomes(passed=5)


def test_it_works_in_parallel_workers(session: pytest.Pytester) -> None:
    needs("xdist")
    code = """
    @pytest.mark.parametrize("number", range(8))
    def test_summary(fake_together, number):
        fake_together.chat.completions.create.returns(str(number))
        assert ask() == str(number)

    def test_blocked():
        with pytest.raises(AssertionError, match="blocked"):
            ask(Together(api_key="k" * 20))
    """
    run(session, code, "-n", "2", "--together-block-network").assert_outcomes(passed=9)


def test_it_works_in_async_tests(session: pytest.Pytester) -> None:
    code = """
    @pytest.fixture(params=["asyncio", "trio"])
    def anyio_backend(request):
        return request.param

    @pytest.fixture
    async def answer(fake_together):
        fake_together.chat.completions.create.streams(["Bon", "jour"], delay=0.001)
        question = [{"role": "user", "content": "Hi"}]
        stream = await AsyncTogether().chat.completions.create(model="m", messages=question, stream=True)
        return "".join([chunk.choices[0].delta.content async for chunk in stream])

    @pytest.mark.anyio
    async def test_summary(fake_together, answer):
        assert answer == "Bonjour"
        assert len(fake_together.calls) == 1
    """
    run(session, code).assert_outcomes(passed=2)


def test_it_works_in_unittest_cases(session: pytest.Pytester) -> None:
    code = """
    import unittest
    from together_di.testing import TogetherTestMixin

    class TestMixed(TogetherTestMixin, unittest.TestCase):
        def test_summary(self):
            self.fake_together.chat.completions.create.returns("Bonjour")
            self.assertEqual(ask(), "Bonjour")

    class TestMarked(unittest.IsolatedAsyncioTestCase):
        @pytest.mark.together
        async def test_summary(self):
            self.assertTrue(ask())
    """
    run(session, code).assert_outcomes(passed=2)


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


def test_the_first_test_to_import_containers_is_watched_too(session: pytest.Pytester) -> None:
    session.makepyfile(
        """
    def test_leaks():
        global container
        from together_di import FakeTogether, TogetherContainer
        container = TogetherContainer()
        container.client.override(FakeTogether())
    """
    )
    result = session.runpytest_subprocess(timeout=120)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*left an override of 'client' of a TogetherContainer in place*"])


def test_the_plugin_imports_nothing_of_the_package_by_itself() -> None:
    code = """
import sys, pytest, together_di, together_di.testing
before = set(sys.modules)
import together_di.testing.plugin
print(sorted(name for name in set(sys.modules) - before if name.startswith("together_di")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['together_di.testing.leaks', 'together_di.testing.plugin']"


DJANGO = {
    "shop_settings.py": """
        SECRET_KEY = "for tests"
        ROOT_URLCONF = "shop_urls"
        INSTALLED_APPS = ["together_di_django"]
        ALLOWED_HOSTS = ["*"]
        """,
    "shop_urls.py": """
        from django.http import JsonResponse
        from django.urls import path
        from together_di_django import get_async_together, get_together

        QUESTION = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

        def summary(request):
            answer = get_together().chat.completions.create(**QUESTION)
            return JsonResponse({"text": answer.choices[0].message.content})

        async def async_summary(request):
            answer = await get_async_together().chat.completions.create(**QUESTION)
            return JsonResponse({"text": answer.choices[0].message.content})

        urlpatterns = [path("summary", summary), path("async", async_summary)]
        """,
}


def test_it_works_with_pytest_django(session: pytest.Pytester) -> None:
    needs("pytest_django")
    for name, content in DJANGO.items():
        (session.path / name).write_text("\n".join(line[8:] for line in content.splitlines()))
    code = """
    import pytest
    from django.test import SimpleTestCase
    from together_di.testing import FakeTogether, TogetherTestMixin
    from together_di_django import get_container

    @pytest.mark.parametrize("path", ["/summary", "/async"])
    def test_summary(client, fake_together, path):
        fake_together.chat.completions.create.returns("Bonjour")
        assert client.get(path).json() == {"text": "Bonjour"}

    async def ask(async_client):
        return (await async_client.get("/async")).json()

    @pytest.mark.anyio
    async def test_async_summary(async_client, fake_together):
        fake_together.chat.completions.create.returns("Salut")
        assert await ask(async_client) == {"text": "Salut"}

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    class SummaryTest(TogetherTestMixin, SimpleTestCase):
        def test_summary(self):
            self.fake_together.chat.completions.create.returns("Bonjour")
            self.assertEqual(self.client.get("/summary").json(), {"text": "Bonjour"})

    @pytest.mark.together
    def test_leaks():
        get_container().client.override(FakeTogether())
    """
    session.makepyfile(code)
    result = session.runpytest_subprocess("--ds=shop_settings", timeout=120)
    result.assert_outcomes(passed=5, errors=1)


def test_it_works_with_pytest_asyncio(session: pytest.Pytester) -> None:
    needs("pytest_asyncio")
    code = """
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def client(fake_together):
        async with AsyncTogether() as client:
            yield client

    @pytest.mark.asyncio
    async def test_summary(client, fake_together):
        fake_together.embeddings.create.returns([[1.0]])
        assert (await client.embeddings.create(model="m", input="a")).data[0].embedding == [1.0]

    @pytest.mark.asyncio
    async def test_leaks():
        container.client.override(FakeTogether())

    container = TogetherContainer()
    """
    result = run(session, code, "-p", "asyncio", "-o", "asyncio_default_fixture_loop_scope=function")
    result.assert_outcomes(passed=2, errors=1)
