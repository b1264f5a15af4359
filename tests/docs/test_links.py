"""The documents link to files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATTERNS = ("README.md", "CHANGELOG.md", "docs/*.md", "example_projects/*/README.md")
DOCUMENTS = [path for pattern in PATTERNS for path in sorted(ROOT.glob(pattern))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_linked_file_is_there(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    files = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    assert [file for file in files if not (document.parent / file).exists()] == []


def test_each_guarantee_of_the_readme_links_to_its_test() -> None:
    """What the title of a section says is to be relied on is proved, each on its own."""
    _, _, section = (ROOT / "README.md").read_text().partition("\n## What you can rely on\n")
    guarantees = re.findall(r"^- (.+(?:\n  .+)*)", section.partition("\n## ")[0], re.MULTILINE)
    assert len(guarantees) > 10
    assert [text for text in guarantees if "](tests/" not in text] == []
