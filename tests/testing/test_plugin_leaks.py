"""What a test leaves behind, which the pytest plugin finds, in whole pytest sessions of their own."""

from __future__ import annotations

import pytest

from .sessions import run

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]


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
