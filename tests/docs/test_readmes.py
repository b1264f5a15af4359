"""The examples of the READMEs that cannot run where they stand are parts of code that tests run."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "example_projects"

#: Their code is run by test_guides.py, and by tests/testing/test_documentation.py.
GUIDES = ("django", "flask", "fastapi", "testing")


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)


def pieces(block: str) -> list[str]:
    """What stands between empty lines, without the comments that say where it belongs."""
    found = [re.sub(r"\A# .*\n", "", piece) for piece in re.split(r"\n{2,}", block.strip("\n"))]
    return [f"{piece}\n" for piece in found]


README_PIECES = [piece for block in blocks(ROOT / "README.md", "py") for piece in pieces(block)]


def test_the_readme_has_an_example_for_each_guide() -> None:
    assert len(blocks(ROOT / "README.md", "py")) == len(GUIDES)


@pytest.mark.parametrize("piece", README_PIECES, ids=lambda piece: piece.splitlines()[0])
def test_an_example_of_the_readme_stands_in_a_guide(piece: str) -> None:
    code = "".join(block for guide in GUIDES for block in blocks(ROOT / "docs" / f"{guide}.md", "python"))
    assert f"\n{piece}" in code or f"\n{indent(piece, '    ')}" in code


@pytest.mark.parametrize("readme", sorted(EXAMPLES.glob("*/README.md")), ids=lambda path: path.parent.name)
def test_an_example_of_a_project_is_one_of_its_tests(readme: Path) -> None:
    code = "".join(path.read_text() for path in sorted(readme.parent.glob("tests/test_*.py")))
    assert [block for block in blocks(readme, "python") if f"\n{block}" not in code] == []
