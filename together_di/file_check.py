"""Looking at a file before it is sent: whether the API can take it for its purpose, and if not, what is wrong where.

The rules are those of https://docs.together.ai/docs/fine-tuning/data-preparation and
https://docs.together.ai/docs/inference/batch/tutorial. Only what is certain to be refused is a problem.
"""

from __future__ import annotations

import csv
import functools
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ._text import near_miss
from .file_rows import RowCheck, row_check_for

PURPOSES = ("fine-tune", "calibration", "eval", "batch-api")
FILE_TYPES = ("jsonl", "parquet", "csv")
MOST_PROBLEMS = 10
"""How many problems are told; the check ends there."""
LARGEST_FILE = int(50.1 * 2**30)
LONGEST_LINE = 2**28
STEP = 2**22
"""Bytes that are read at a time between two looks at whether the check is still wanted."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What is wrong with a file, and in which line, counted from 1; `None` is the file as a whole."""

    line: int | None
    message: str

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `check_file` found.

    Attributes:
        filename: The name of the file.
        purpose: What it is meant for.
        file_size: Its bytes.
        num_samples: How many examples, requests or rows are in it; 0 for Parquet, which is not read.
        problems: The first problems, in the order of their lines.
    """

    filename: str
    purpose: str
    file_size: int
    num_samples: int
    problems: tuple[FileProblem, ...]

    @property
    def is_check_passed(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    @property
    def message(self) -> str:
        """All of it, to be read by a person."""
        if not self.problems:
            return f"{self.filename!r} can be used for {self.purpose!r}."
        lines = list(map(str, self.problems))
        if len(lines) >= MOST_PROBLEMS:
            lines.append(f"The check ended after {MOST_PROBLEMS} problems.")
        told = f" {lines[0]}" if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        return f"{self.filename!r} cannot be used for {self.purpose!r}:{told}"


def check_file(file: str | os.PathLike[str], purpose: str = "fine-tune") -> FileReport:
    """Check a `.jsonl`, `.csv` or `.parquet` file, as `files.upload` does before it sends one.

    A file of any size is read line by line.

    Raises:
        OSError: The file cannot be read.
        ValueError: The purpose is unknown.
    """
    check = FileCheck(Path(file), purpose)
    for _ in check.run():
        pass
    return check.report


class FileCheck:
    """A check of one file, made bit by bit.

    Raises:
        OSError: The file cannot be read.
        ValueError: The purpose is unknown.
    """

    def __init__(self, path: Path, purpose: str) -> None:
        if purpose not in PURPOSES:
            raise ValueError(f"purpose={purpose!r} is unknown{near_miss(purpose, PURPOSES)}; one of {PURPOSES}.")
        self.path = path
        self.purpose = purpose
        self.kind = path.suffix.removeprefix(".").lower()
        with path.open("rb") as file:
            self.size = os.fstat(file.fileno()).st_size
        self._samples = 0
        self._problems: list[FileProblem] = []
        self._look_from_outside()

    @property
    def report(self) -> FileReport:
        """What has been found so far."""
        return FileReport(self.path.name, self.purpose, self.size, self._samples, tuple(self._problems))

    def _look_from_outside(self) -> None:
        if self.kind not in FILE_TYPES:
            self._add(None, "its name must end in .jsonl, .parquet or .csv.")
        elif not self.size:
            self._add(None, "it is empty.")
        elif self.size > LARGEST_FILE:
            self._add(None, f"it has {self.size / 2**30:.1f} GiB; the API takes 50.1 GiB at most. Split it.")

    def run(self) -> Iterator[None]:
        """Read the file; whoever asks for the next item has some more of it read."""
        if not self._problems:
            read: dict[str, Callable[[], Iterator[None]]] = {
                "jsonl": self._read_jsonl,
                "csv": self._read_csv,
                "parquet": self._read_parquet,
            }
            yield from read[self.kind]()

    def _add(self, line: int | None, message: str) -> None:
        self._problems.append(FileProblem(line, message))

    @property
    def _is_enough(self) -> bool:
        return len(self._problems) >= MOST_PROBLEMS

    def _read_jsonl(self) -> Iterator[None]:
        lines, due, position = LineCheck(row_check_for(self.purpose)), STEP, 0
        with self.path.open("rb") as file:
            # With a limit: a file without line breaks must not be read into memory as a whole.
            for number, line in enumerate(iter(functools.partial(file.readline, LONGEST_LINE + 1), b""), 1):
                problem = lines.problem_in(number, line)
                self._samples = lines.samples
                if problem is not None:
                    self._add(number, problem)
                    if self._is_enough or len(line) > LONGEST_LINE:
                        return
                position += len(line)
                if position >= due:
                    due = position + STEP
                    yield
        self._check_samples()

    def _check_samples(self) -> None:
        if not self._samples and not self._problems:
            self._add(None, "it holds nothing but blank lines.")

    def _read_csv(self) -> Iterator[None]:
        if self.purpose != "eval":
            self._add(None, "a CSV file is for eval only. Write a .jsonl file, one JSON object per line.")
            return
        with self.path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            try:
                yield from self._check_rows(rows, next(rows, None))
            except UnicodeDecodeError:
                # Where in the file is not known: it is decoded in blocks.
                self._add(None, "it is not UTF-8. Save it in that encoding.")
            except csv.Error as error:
                self._add(rows.line_num, f"it is not CSV: {error}.")

    def _check_rows(self, rows: Any, header: list[str] | None) -> Iterator[None]:
        if not header:
            self._add(1, "there is no header. Write the names of the columns into the first line.")
            return
        for row in rows:
            if not row:
                continue  # a blank line
            self._samples += 1
            if len(row) != len(header):
                self._add(rows.line_num, f"it has {len(row)} columns, the header {len(header)}. Quote what has commas.")
            if self._is_enough:
                return
            if not self._samples % 10_000:
                yield
        if not self._samples and not self._problems:
            self._add(None, "there is no row after the header.")

    def _read_parquet(self) -> Iterator[None]:
        yield
        if self.purpose == "eval":
            self._add(None, "a Parquet file is not for eval. Write a .jsonl or .csv file.")
            return
        with self.path.open("rb") as file:
            begin = file.read(4)
            file.seek(max(0, self.size - 4))
            end = file.read(4)
        if begin != b"PAR1":
            self._add(None, "it is not a Parquet file.")
        elif end != b"PAR1" or self.size < 12:
            self._add(None, "it is a Parquet file without its end. Write it anew.")


class LineCheck:
    """Looks at the lines of a JSONL file, one after the other.

    Attributes:
        samples: How many of them held an object, or anything else in JSON.
    """

    def __init__(self, check_row: RowCheck) -> None:
        # Imported here because a program that makes no call does not need it.
        from pydantic_core import from_json

        self.samples = 0
        self._check_row = check_row
        self._parse = from_json

    def problem_in(self, number: int, line: bytes) -> str | None:
        """What is wrong with this line; the first has the number 1."""
        try:
            row: object = self._parse(line)
        except ValueError as error:
            return None if line.isspace() else _not_json(line, number, str(error))
        self.samples += 1
        return self._check_row(cast("dict[str, Any]", row)) if isinstance(row, dict) else _no_object(row)


def _not_json(line: bytes, number: int, error: str) -> str:
    if number == 1 and line.startswith(b"\xef\xbb\xbf"):
        return "it begins with a byte order mark. Save the file as UTF-8 without one."
    if len(line) > LONGEST_LINE:
        return f"it is longer than {LONGEST_LINE} bytes. Put a line break after each JSON object."
    try:
        line.decode()
    except UnicodeDecodeError as problem:
        return f"it is not UTF-8 at byte {problem.start + 1}. Save the file in that encoding."
    where = re.sub(r" at line \d+ column (\d+)$", r" at column \1", error)
    return f"it is not JSON: {where}. Write one JSON object per line."


def _no_object(row: object) -> str:
    kinds = ((str, "a text"), (list, "a list"), (bool, "a truth value"), (int | float, "a number"))
    kind = next((name for kind, name in kinds if isinstance(row, kind)), "null")
    return f"it is {kind}, not an object. Write {{...}} in each line."
