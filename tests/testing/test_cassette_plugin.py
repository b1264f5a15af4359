"""Cassettes in pytest sessions of their own: recorded from a real server, then replayed without it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

import pytest

from together_di.emulator import EmulatorServer

from . import sessions

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]

ASK = """
    import pytest
    from together_di import Together

    QUESTION = [{"role": "user", "content": "Hi"}]

    def ask(model="m"):
        with Together(max_retries=0) as client:
            return client.chat.completions.create(model=model, messages=QUESTION).choices[0].message.content
"""
SUMMARY = """
    @pytest.mark.together(cassette="tapes/summary.json")
    def test_summary(fake_together):
        assert "no context" in ask()
        fake_together.chat.completions.create.assert_called_once_with(model="m")
"""
NEXT_TO_THE_TEST = "tapes/summary.json"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A real server, which the sessions find in their environment until that is undone."""
    with EmulatorServer() as server, monkeypatch.context() as environment:
        environment.setenv("TOGETHER_BASE_URL", server.url)
        environment.setenv("TOGETHER_API_KEY", "tgp_v1_0123456789")
        yield environment


run = functools.partial(sessions.run, beginning=ASK)


def test_a_cassette_is_recorded_on_demand_and_replayed_ever_after(
    session: pytest.Pytester, api: pytest.MonkeyPatch
) -> None:
    result = run(session, SUMMARY, "--together-record=all", "--together-block-network")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"together-di recorded *{NEXT_TO_THE_TEST}"])
    api.undo()
    replayed = run(session, SUMMARY, "--together-block-network")
    replayed.assert_outcomes(passed=1)
    replayed.stdout.no_fnmatch_line("together-di recorded*")


def test_nothing_is_recorded_unless_told(session: pytest.Pytester, api: pytest.MonkeyPatch) -> None:
    result = run(session, SUMMARY)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*There is no cassette *summary.json. Record it *"])
    assert not (session.path / NEXT_TO_THE_TEST).exists()


def test_once_does_not_record_in_ci(session: pytest.Pytester, api: pytest.MonkeyPatch) -> None:
    api.setenv("CI", "true")
    run(session, SUMMARY, "--together-record=once").assert_outcomes(errors=1)
    api.setenv("CI", "false")
    run(session, SUMMARY, "--together-record=once").assert_outcomes(passed=1)
    api.undo()
    run(session, SUMMARY, "--together-record=once").assert_outcomes(passed=1)


def test_each_test_can_have_a_file_of_its_own(session: pytest.Pytester, api: pytest.MonkeyPatch) -> None:
    code = """
    pytestmark = pytest.mark.together(cassette=True)

    @pytest.mark.parametrize("model", ["a/b", "c"])
    def test_model(model):
        assert ask(model)

    class TestOther:
        def test_model(self):
            assert ask("d")
    """
    run(session, code, "--together-record=all").assert_outcomes(passed=3)
    folder = session.path / "cassettes" / "test_each_test_can_have_a_file_of_its_own"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["TestOther-test_model.json", "test_model[a-b].json", "test_model[c].json"]
    api.undo()
    run(session, code).assert_outcomes(passed=3)


def test_a_test_that_fails_or_does_not_run_records_nothing(session: pytest.Pytester, api: pytest.MonkeyPatch) -> None:
    code = """
    pytestmark = pytest.mark.together(cassette=True)

    @pytest.fixture
    def broken(fake_together):
        ask()
        raise ValueError

    def test_setup(broken):
        pass

    def test_fails():
        assert not ask()

    def test_skips():
        ask()
        pytest.skip("for a reason")
    """
    run(session, code, "--together-record=all").assert_outcomes(failed=1, errors=1, skipped=1)
    assert not (session.path / "cassettes").exists()


def test_a_miss_fails_the_test_even_if_the_program_swallows_it(
    session: pytest.Pytester, api: pytest.MonkeyPatch
) -> None:
    run(session, SUMMARY, "--together-record=all").assert_outcomes(passed=1)
    failing = SUMMARY.replace('assert "no context" in ask()', "ask(); ask('big')")
    swallowing = """
    @pytest.mark.together(cassette="tapes/summary.json")
    def test_summary():
        with pytest.raises(AssertionError):
            ask("big")
    """
    for program, outcomes in ((failing, {"failed": 1}), (swallowing, {"passed": 1, "errors": 1})):
        result = run(session, program)
        result.assert_outcomes(**outcomes)
        result.stdout.fnmatch_lines(["*has no answer to this call*", '*+    "model": "big"*'])


def test_a_recording_that_was_not_used_is_a_warning(session: pytest.Pytester, api: pytest.MonkeyPatch) -> None:
    run(session, SUMMARY.replace("assert", "ask('other'); assert", 1).replace("once_", ""), "--together-record=all")
    assert len(json.loads((session.path / NEXT_TO_THE_TEST).read_text())["calls"]) == 2
    result = run(session, SUMMARY, "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*UnusedRecordingWarning: *summary.json: recorded, and not asked for this time:*"])


def test_two_tests_do_not_record_into_one_file(session: pytest.Pytester, api: pytest.MonkeyPatch) -> None:
    code = SUMMARY + SUMMARY.replace("test_summary", "test_again")
    result = run(session, code, "--together-record=all")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*another test has just recorded *summary.json*"])
    api.undo()
    run(session, code).assert_outcomes(passed=2)


def test_workers_replay_but_do_not_record(session: pytest.Pytester, api: pytest.MonkeyPatch) -> None:
    sessions.needs("xdist")
    result = run(session, SUMMARY, "--together-record=all", "-n1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*workers would write over each other's files; add -n0*"])
    run(session, SUMMARY, "--together-record=all", "-n0").assert_outcomes(passed=1)
    run(session, SUMMARY, "-n1").assert_outcomes(passed=1)
