"""The pytest plugin beside other plugins and ways to write tests, in whole pytest sessions of their own."""

from __future__ import annotations

import pytest

from .sessions import needs, run

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]


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
