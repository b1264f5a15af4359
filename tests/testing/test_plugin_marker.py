"""The marker `together` of the pytest plugin, in whole pytest sessions of their own."""

from __future__ import annotations

import pytest

from .sessions import run

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]


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
