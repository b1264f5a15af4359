"""pytest sessions of their own, for the tests of the pytest plugin."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

#: What each begins with.
ASK = """
    import pytest
    from together_di import AsyncTogether, Together, TogetherContainer
    from together_di.testing import FakeTogether

    def ask(client=None):
        client = client or Together()
        question = [{"role": "user", "content": "Hi"}]
        return client.chat.completions.create(model="m", messages=question).choices[0].message.content
"""


def run(session: pytest.Pytester, code: str, *options: str, beginning: str = ASK) -> pytest.RunResult:
    """What `pytest` says of a file with this code."""
    session.makepyfile(beginning + code)
    return session.runpytest_subprocess(*options, timeout=120)


def needs(plugin: str) -> None:
    """Skip a test without that plugin."""
    # Not imported here: `pytester` takes back what is imported during its test.
    if find_spec(plugin) is None:
        pytest.skip(f"{plugin} is not installed")
