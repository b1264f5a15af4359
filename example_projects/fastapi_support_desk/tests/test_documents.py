"""Documents are cut into passages."""

from __future__ import annotations

from pathlib import Path

from support_desk.documents import Passage, cut, read_passages
from support_desk.vectors import similarity


def test_the_first_line_is_the_title(tmp_path: Path) -> None:
    tmp_path.joinpath("a.md").write_text("# Returns\n\nWithin 30 days.\n", encoding="utf-8")
    assert read_passages(tmp_path) == [Passage("Returns", "Within 30 days.")]


def test_paragraphs_are_passages_of_their_own(tmp_path: Path) -> None:
    tmp_path.joinpath("a.md").write_text("# Returns\n\nOne.\n\n\n\nTwo.\n", encoding="utf-8")
    assert [passage.text for passage in read_passages(tmp_path)] == ["One.", "Two."]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    tmp_path.joinpath("a.txt").write_text("# Returns\n\nOne.", encoding="utf-8")
    assert read_passages(tmp_path) == []


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    assert list(cut("One is one. Two is two. Three!", longest=24)) == ["One is one. Two is two.", "Three!"]


def test_a_sentence_that_is_too_long_stays_whole() -> None:
    assert list(cut("This one is long. Yes.", longest=5)) == ["This one is long.", "Yes."]


def test_vectors_that_point_the_same_way_are_alike() -> None:
    assert similarity([1.0, 2.0], [2.0, 4.0]) > similarity([1.0, 2.0], [2.0, 1.0]) > similarity([1.0, 0.0], [-1.0, 0.0])
