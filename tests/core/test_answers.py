"""The file of answers: what is in it stays, and what is not is still to be asked."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from together_di import AnswerFile, Together

from .support.sides import CHAT


def requests(*names: str) -> list[dict[str, Any]]:
    return [{"custom_id": name, "body": CHAT} for name in names]


def missing(answers: AnswerFile, *names: str) -> list[str]:
    return [custom_id for custom_id, _ in answers.missing(requests(*names))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


def test_what_is_answered_is_not_missing_when_the_file_is_opened_again(path: Path) -> None:
    with AnswerFile(path) as answers:
        assert missing(answers, "a", "b", "c") == ["a", "b", "c"]
        answers.add("b", "Hello")
    with AnswerFile(path) as answers:
        assert missing(answers, "a", "b", "c") == ["a", "c"]
        assert len(answers) == 1


def test_an_answer_is_a_line_of_json(path: Path) -> None:
    answer = Together(transport="embedded").chat.completions.create(**CHAT)
    with AnswerFile(path) as answers:
        answers.add("a", answer)
        answers.add("b", "two\nlines")
    first, second = map(json.loads, path.read_text().splitlines())
    assert first["custom_id"] == "a"
    assert first["answer"]["choices"][0]["message"]["content"] == answer.choices[0].message.content
    assert second == {"custom_id": "b", "answer": "two\nlines"}


def test_an_answer_is_in_the_file_when_add_returns(path: Path) -> None:
    code = (
        "import os, signal, sys; from together_di import AnswerFile; answers = AnswerFile(sys.argv[1]); "
        "[answers.add(str(number), number) for number in range(100)]; os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False, timeout=60).returncode == -9
    with AnswerFile(path) as answers:
        assert len(answers) == 100


def test_the_arguments_have_an_idempotency_key_that_is_the_same_each_time(path: Path) -> None:
    with AnswerFile(path) as answers:
        (first,) = (params for _, params in answers.missing(requests("a")))
        (again,) = (params for _, params in answers.missing(requests("a")))
    assert first == again
    assert first.keys() == {*CHAT, "idempotency_key"}
    assert "idempotency_key" not in CHAT


def test_another_id_or_another_body_has_another_key(path: Path) -> None:
    other = {"custom_id": "a", "body": {**CHAT, "seed": 1}}
    with AnswerFile(path) as answers:
        keys = [
            params["idempotency_key"]
            for request in (*requests("a", "b"), other)
            for _, params in answers.missing([request])
        ]
    assert len(set(keys)) == 3


def test_an_id_that_comes_twice_is_asked_once(path: Path) -> None:
    with AnswerFile(path) as answers:
        assert missing(answers, "a", "b", "a") == ["a", "b"]


def test_what_failed_is_missing_the_next_time(path: Path) -> None:
    with AnswerFile(path) as answers:
        for custom_id, _ in answers.missing(requests("a", "b")):
            if custom_id == "a":
                answers.add(custom_id, "Hello")
        assert missing(answers, "a", "b") == ["b"]


def test_a_second_answer_to_the_same_request_is_dropped(path: Path) -> None:
    with AnswerFile(path) as answers:
        answers.add("a", "first")
        answers.add("a", "second")
    assert path.read_text() == '{"custom_id":"a","answer":"first"}\n'


def test_threads_may_add_at_the_same_time(path: Path) -> None:
    with AnswerFile(path) as answers, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: answers.add(str(number % 500), "x" * number), range(1000)))
    assert sorted(json.loads(line)["custom_id"] for line in path.read_text().splitlines()) == sorted(
        map(str, range(500))
    )


def test_requests_are_read_as_they_are_needed(path: Path) -> None:
    read: list[str] = []

    def lines() -> Iterator[dict[str, Any]]:
        for request in requests("a", "b", "c"):
            read.append(request["custom_id"])
            yield request

    with AnswerFile(path) as answers:
        next(answers.missing(lines()))
    assert read == ["a"]


def test_neither_requests_nor_answers_are_kept_in_memory(path: Path) -> None:
    many = ({"custom_id": str(number), "body": {**CHAT, "user": "x" * 1000}} for number in range(20_000))
    with AnswerFile(path) as answers:
        tracemalloc.start()
        for custom_id, _ in answers.missing(many):
            answers.add(custom_id, "x" * 1000)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert path.stat().st_size > 20_000_000
    assert most < 4_000_000


@pytest.mark.parametrize(
    "torn",
    [b"{", b'{"cust', b'{"custom_id": "b", "ans', b'{"custom_id":"b","answer":1}', b'{"custom_id"\0\0', b"\0\0\0"],
)
def test_a_last_line_that_was_cut_off_is_removed(path: Path, torn: bytes) -> None:
    path.write_bytes(b'{"custom_id":"a","answer":1}\n' + torn)
    with AnswerFile(path) as answers:
        assert missing(answers, "a", "b") == ["b"]
        answers.add("b", 2)
    assert path.read_text() == '{"custom_id":"a","answer":1}\n{"custom_id":"b","answer":2}\n'


@pytest.mark.parametrize("line", ["{", "[]", "{}", ""])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(path: Path, line: str) -> None:
    text = f'{{"custom_id":"a","answer":1}}\n{line}\n{{"custom_id":"b","answer":1}}\n'
    path.write_text(text)
    with pytest.raises(ValueError, match=r"answers\.jsonl, line 2: this is not an answer"):
        AnswerFile(path)
    assert path.read_text() == text


@pytest.mark.parametrize(
    "line", [b"dear diary\n", b'{"a": 1}\n', b'{"custom_id":\n', b"dear diary", b'{"a": 1}', b"\xff"]
)
@pytest.mark.parametrize("before", [b"", b'{"custom_id":"a","answer":1}\n'])
def test_a_last_line_that_was_never_the_beginning_of_an_answer_is_left_as_it_is(
    path: Path, before: bytes, line: bytes
) -> None:
    path.write_bytes(before + line)
    with pytest.raises(ValueError, match=r"answers\.jsonl, line [12]: this is not an answer"):
        AnswerFile(path)
    assert path.read_bytes() == before + line


@pytest.mark.parametrize("request_", [{}, {"custom_id": 1, "body": {}}, {"custom_id": "a", "body": "Hi"}])
def test_a_request_of_another_form_is_refused_with_its_number(path: Path, request_: dict[str, Any]) -> None:
    with AnswerFile(path) as answers, pytest.raises(ValueError, match="Request 2 must have the form"):
        list(answers.missing([*requests("a"), request_]))


def test_a_second_process_is_refused(path: Path) -> None:
    code = "import sys; from together_di import AnswerFile; AnswerFile(sys.argv[1])"
    with AnswerFile(path) as answers:
        answers.add("a", 1)
        second = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert f"RuntimeError: {path} is being written by another process" in second.stderr
    assert len(path.read_text().splitlines()) == 1


def test_a_full_disk_leaves_no_half_answer(path: Path) -> None:
    code = (
        "import resource, signal, sys; from together_di import AnswerFile; answers = AnswerFile(sys.argv[1]); "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); "
        "answers.add('a', 'short'); answers.add('b', 'x' * 200)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False, timeout=60)
    assert "OSError" in done.stderr
    assert path.read_text() == '{"custom_id":"a","answer":"short"}\n'
