"""The examples of docs/testing.md, each run by pytest as it stands, and those of the README, which are among them."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from together_di.testing.tape import written

#: Whole pytest sessions in a folder of their own.
pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENT = ROOT / "docs" / "testing.md"
BLOCKS = dict(re.findall(r"```python\n# (test_\w+\.py)[^\n]*\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))
(CASSETTE,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
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
    (pytester.path / "greeting.json").write_text(CASSETTE)
    django = ["--ds=example_settings"] if name == "test_django.py" else []
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", *django, timeout=120)
    result.assert_outcomes(passed=BLOCKS[name].count("def test_"))


def test_the_cassette_is_written_as_a_recording_would_be() -> None:
    assert f"{written(json.loads(CASSETTE))}\n" == CASSETTE


def test_the_readme_shows_these_tests_and_how_little_longer_they_are() -> None:
    shown = re.findall(r"# (Django|Flask|FastAPI)[^\n]*\n(def test_summary.*?)(?=\n\n|```)", README, re.DOTALL)
    assert [name for name, _ in shown] == ["Django", "Flask", "FastAPI"]
    for name, code in shown:
        assert code.strip() in BLOCKS[f"test_{name.lower()}.py"]
        _signature, *lines = code.splitlines()
        assert sum("fake_together" in line for line in lines) == 1
