"""The examples of docs/testing.md, each run by pytest as it stands."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "testing.md"
BLOCKS = dict(re.findall(r"```python\n# (test_\w+\.py)[^\n]*\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))
SETTINGS = 'SECRET_KEY = "for tests"\nINSTALLED_APPS = ["together_di_django"]\nROOT_URLCONF = "test_django"\n'
NEEDS = {"test_flask.py": "flask", "test_fastapi.py": "fastapi", "test_django.py": "pytest_django"}


def test_every_example_is_a_test() -> None:
    assert len(BLOCKS) == DOCUMENT.read_text().count("```python")


@pytest.mark.parametrize("name", BLOCKS)
def test_an_example_runs(name: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not imported here: `pytester` takes back what is imported during its test.
    if name in NEEDS and find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (pytester.path / name).write_text(BLOCKS[name])
    (pytester.path / "example_settings.py").write_text(SETTINGS)
    django = ["--ds=example_settings"] if name == "test_django.py" else []
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *django, timeout=120)
    result.assert_outcomes(passed=BLOCKS[name].count("def test_"))
