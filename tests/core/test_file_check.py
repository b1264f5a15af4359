"""`check_file`, and the check that `files.upload` makes before anything is sent."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from together_di import FileTypeError, check_file
from together_di.file_check import MOST_PROBLEMS

from .support.http_server import HTTPServer
from .support.sides import OpenSide, both_sides

USER = {"role": "user", "content": "Hi"}
ANSWER = {"role": "assistant", "content": "Hello"}
REQUEST = {"custom_id": "a", "body": {"model": "m", "messages": [USER]}}


def written(folder: Path, *lines: object, name: str = "data.jsonl") -> Path:
    """A file of these lines: bytes and texts as they are, anything else as JSON."""
    rows = [
        line if isinstance(line, bytes) else line.encode() if isinstance(line, str) else _json(line) for line in lines
    ]
    path = folder / name
    path.write_bytes(b"\n".join(rows))
    return path


def _json(line: object) -> bytes:
    return json.dumps(line).encode()


def problems(path: Path, purpose: str = "fine-tune") -> list[str]:
    return list(map(str, check_file(path, purpose).problems))


CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function"}]}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
GOOD: list[tuple[str, list[object]]] = [
    ("fine-tune", [{"text": "a"}, {"text": "b", "more": 1}]),
    ("fine-tune", [{"prompt": "a", "completion": "b"}]),
    ("fine-tune", [{"messages": [USER, ANSWER], "tools": []}, {"messages": [USER, CALL]}]),
    ("fine-tune", [{"messages": [{"role": "user", "content": [PICTURE] * 10}, ANSWER]}]),
    ("fine-tune", [{"input": {"messages": [USER]}, "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]}]),
    ("fine-tune", ["", '{"text": "a"}', " \t", '  {"text": "b"}\r', ""]),
    ("eval", [{"anything": "goes"}]),
    ("calibration", [{"anything": "goes"}]),
    ("batch-api", [REQUEST, {**REQUEST, "custom_id": "b"}]),
]


@pytest.mark.parametrize(("purpose", "lines"), GOOD)
def test_a_good_file_passes(tmp_path: Path, purpose: str, lines: list[object]) -> None:
    report = check_file(written(tmp_path, *lines), purpose)
    assert report.is_check_passed, report.message
    assert report.num_samples == sum(bool(str(line).strip()) for line in lines)


BAD_LINES: list[tuple[str, object, str]] = [
    ("eval", '{"a": 1,}', "it is not JSON: trailing comma at column 9. Write one JSON object per line."),
    ("eval", '{"a": 1} {"b": 2}', "it is not JSON: trailing characters"),
    ("eval", '{"a": ', "it is not JSON: EOF"),
    ("eval", b'{"a": "\xff"}', "it is not UTF-8 at byte 8. Save the file in that encoding."),
    ("eval", "[1]", "it is a list, not an object"),
    ("eval", "1", "it is a number, not an object"),
    ("eval", "null", "it is null, not an object"),
    ("fine-tune", {"a": 1}, "it has none of the fields of an example"),
    ("fine-tune", {"prompt": "a"}, 'it has "prompt" but not "completion"'),
    ("fine-tune", {"text": "a", "messages": []}, 'it has "messages" and "text", which are different formats'),
    ("fine-tune", {"text": None}, '"text" is null. Write a text.'),
    ("fine-tune", {"prompt": "a", "completion": 1}, '"completion" is int. Write a text.'),
    ("fine-tune", {"messages": []}, '"messages" is no list with messages'),
    ("fine-tune", {"messages": "Hi"}, '"messages" is no list with messages'),
    ("fine-tune", {"messages": [USER, "Hi"]}, "messages[1] is no object"),
    ("fine-tune", {"messages": [{"role": "human", "content": "Hi"}]}, "messages[0].role is not one of system, user"),
    ("fine-tune", {"messages": [USER, {"role": "assistant"}]}, "messages[1].content is no text"),
    ("fine-tune", {"messages": [{"role": "user", "content": [PICTURE] * 11}]}, '"messages" has 11 images'),
    (
        "fine-tune",
        {"input": "a", "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]},
        '"input" is no object',
    ),
    (
        "fine-tune",
        {"input": {"messages": [USER]}, "preferred_output": [ANSWER], "non_preferred_output": []},
        '"non_preferred_output" is no list with messages',
    ),
    ("batch-api", {"body": {}}, '"custom_id" is no text of 1 to 64 characters'),
    ("batch-api", {"custom_id": "a" * 65, "body": {}}, '"custom_id" is no text of 1 to 64 characters'),
    ("batch-api", {"custom_id": "x"}, '"body" is no object'),
]
FIRST: dict[str, object] = {"eval": {"a": 1}, "batch-api": REQUEST}


@pytest.mark.parametrize(("purpose", "line", "problem"), BAD_LINES)
def test_a_problem_is_named_with_its_line(tmp_path: Path, purpose: str, line: Any, problem: str) -> None:
    first = FIRST.get(purpose, "")
    found = problems(written(tmp_path, first, "", line), purpose)
    assert len(found) == 1
    assert found[0].startswith(f"line 3: {problem}")


def test_a_large_image_is_named(tmp_path: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * (14 * 2**20)}}
    found = problems(written(tmp_path, {"messages": [{"role": "user", "content": [picture]}]}))
    assert found == ['line 1: "messages" has an image of more than 10 MiB. Make it smaller.']


def test_a_file_has_one_format(tmp_path: Path) -> None:
    found = problems(written(tmp_path, {"text": "a"}, {"prompt": "a", "completion": "b"}))
    assert found == ["line 2: it is of the format instruction, lines before of the format text. Use one per file."]


def test_a_custom_id_that_comes_twice_is_named(tmp_path: Path) -> None:
    assert problems(written(tmp_path, REQUEST, REQUEST), "batch-api")[0].startswith('line 2: "custom_id" is that of')


def test_a_byte_order_mark_is_named(tmp_path: Path) -> None:
    found = problems(written(tmp_path, b'\xef\xbb\xbf{"text": "a"}'))
    assert found == ["line 1: it begins with a byte order mark. Save the file as UTF-8 without one."]


def test_the_first_problems_are_told_at_once(tmp_path: Path) -> None:
    report = check_file(written(tmp_path, {"text": "a"}, *["x"] * 30))
    assert [problem.line for problem in report.problems] == list(range(2, 2 + MOST_PROBLEMS))
    assert f"ended after {MOST_PROBLEMS} problems" in report.message


def test_what_stands_in_a_line_is_not_told(tmp_path: Path) -> None:
    assert (
        "very secret" not in check_file(written(tmp_path, '{"text": "very secret"', {"texts": "very secret"})).message
    )


def test_a_file_of_blank_lines_is_refused(tmp_path: Path) -> None:
    assert problems(written(tmp_path, "", " ")) == ["it holds nothing but blank lines."]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        file.truncate(51 * 2**30)  # sparse: it takes no room
    assert problems(path) == ["it has 51.0 GiB; the API takes 50.1 GiB at most. Split it."]


def test_a_file_without_line_breaks_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("together_di.file_check.LONGEST_LINE", 2**16)
    path = tmp_path / "one.jsonl"
    with path.open("wb") as file:
        file.truncate(2**26)
    tracemalloc.start()
    try:
        found = problems(path)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
    assert found == ["line 1: it is longer than 65536 bytes. Put a line break after each JSON object."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a,b\n1,"2\n3"\n\n4,5\n', []),
        ("a,b\n1,2\n1\n1,2,3\n", ["line 3: it has 1 columns, the header 2", "line 4: it has 3 columns, the header 2"]),
        ("\n", ["line 1: there is no header"]),
        ("a,b\n", ["there is no row after the header."]),
        (b"a,b\n\xff,2\n", ["it is not UTF-8. Save it in that encoding."]),
    ],
)
def test_a_csv_file_is_checked_by_its_columns(tmp_path: Path, text: Any, expected: list[str]) -> None:
    found = problems(written(tmp_path, text, name="data.csv"), "eval")
    assert len(found) == len(expected)
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("name", "data", "purpose", "problem"),
    [
        ("a.csv", b"a\n1\n", "fine-tune", "a CSV file is for eval only"),
        ("a.parquet", b"PAR1" + bytes(20) + b"PAR1", "eval", "a Parquet file is not for eval"),
        ("a.parquet", b"PAR1" + bytes(20), "fine-tune", "it is a Parquet file without its end"),
        ("a.parquet", b"{}" * 20, "fine-tune", "it is not a Parquet file"),
    ],
)
def test_a_kind_of_file_that_does_not_fit_is_named(
    tmp_path: Path, name: str, data: bytes, purpose: str, problem: str
) -> None:
    assert problems(written(tmp_path, data, name=name), purpose)[0].startswith(problem)


def test_a_parquet_file_passes(tmp_path: Path) -> None:
    assert problems(written(tmp_path, b"PAR1" + bytes(20) + b"PAR1", name="a.parquet")) == []


def test_an_unknown_purpose_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'fine-tune'"):
        check_file(written(tmp_path, "{}"), "fine_tune")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_file(tmp_path / "none.jsonl")


# Before an upload


@both_sides
def test_a_bad_file_raises_before_anything_is_sent(open_side: OpenSide, tmp_path: Path) -> None:
    path = written(tmp_path, {"text": "a"}, "x", {"texts": "b"})
    with HTTPServer() as server, open_side(server.url) as side, pytest.raises(FileTypeError) as caught:
        side.call(lambda client: client.files.upload(path))
    assert server.connections == 0
    assert [problem.line for problem in caught.value.problems] == [2, 3]
    assert str(caught.value).startswith("files.upload(): 'data.jsonl' cannot be used for 'fine-tune':\n  line 2: it is")
    assert "check=False" in str(caught.value)
