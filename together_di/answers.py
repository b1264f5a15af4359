"""Answers to many requests in a file that outlives whoever writes it: `docs/distributed.md` says what for."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Of every line: one that begins otherwise was not written here.
BEGINNING = b'{"custom_id":'
FORM = '{"custom_id": "1", "body": {"model": "...", "messages": [...]}}'


class AnswerFile:
    """Answers, one JSON line each, and what is still to be asked.

        >>> import os, tempfile
        >>> from together_di import AnswerFile, Together
        >>> client, path = Together(transport="embedded"), os.path.join(tempfile.mkdtemp(), "answers.jsonl")
        >>> messages = [{"role": "user", "content": "Hi"}]
        >>> requests = [{"custom_id": name, "body": {"model": "m", "messages": messages}} for name in "ab"]
        >>> with AnswerFile(path) as answers:
        ...     for custom_id, params in answers.missing(requests):
        ...         answers.add(custom_id, client.chat.completions.create(**params))
        >>> with AnswerFile(path) as answers:
        ...     len(answers), list(answers.missing(requests))
        (2, [])

    What `add` was given is in the file when it returns, whatever becomes of the process afterwards; half a line that a
    crash of the machine left is cut off when the file is opened again. One process writes it; its threads may share it.
    In memory are the ids, and nothing else.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file, or begin one.

        Args:
            path: Where it is.

        Raises:
            RuntimeError: Another process writes it.
            ValueError: It has lines that are not answers.
        """
        self._path = Path(path)
        self._lock = threading.Lock()
        self._answered: set[str] = set()
        #: Given out and not answered: being asked, or failed.
        self._open: set[str] = set()
        self._file = self._path.open("a+b", buffering=0)
        try:
            self._claim()
            self._size = self._read()
            self._file.truncate(self._size)
        except BaseException:
            self._file.close()
            raise

    def _claim(self) -> None:
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RuntimeError(
                    f"{self._path} is being written by another process: wait for it, or end it."
                ) from None

    def _read(self) -> int:
        """Take up the ids; how many bytes are whole lines."""
        size = 0
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if _is_cut_off(line):
                    break
                try:
                    self._answered.add(_id_of(line))
                except (ValueError, TypeError, KeyError):
                    raise ValueError(f"{self._path}, line {number}: this is not an answer.") from None
                size += len(line)
        return size

    def __len__(self) -> int:
        """How many answers there are."""
        return len(self._answered)

    def missing(self, requests: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The requests that have no answer yet, each with the arguments of `create`; read as they are needed.

        Among the arguments is an idempotency key made from the request: asked again, by whomever, it has the same key.

        Args:
            requests: As in a file for the Batch API: `{"custom_id": "1", "body": {"model": ..., "messages": ...}}`.

        Raises:
            ValueError: One has another form.
        """
        self._open.clear()
        for number, request in enumerate(requests, start=1):
            custom_id, body = request.get("custom_id"), request.get("body")
            if not (isinstance(custom_id, str) and isinstance(body, Mapping)):
                raise ValueError(f"Request {number} must have the form {FORM}.")  # noqa: TRY004 - it comes from a file
            if custom_id not in self._answered and custom_id not in self._open:
                self._open.add(custom_id)
                yield custom_id, {**cast("Mapping[str, Any]", body), "idempotency_key": _key(request)}

    def add(self, custom_id: str, answer: object) -> None:
        """Write an answer; a second one to the same request is dropped.

        Args:
            custom_id: Of the request.
            answer: A response, or whatever of it is wanted.

        Raises:
            OSError: It cannot be written, and nothing of it is in the file.
        """
        from pydantic_core import to_json

        line = to_json({"custom_id": custom_id, "answer": answer}) + b"\n"
        with self._lock:
            self._open.discard(custom_id)
            if custom_id not in self._answered:
                self._write(line)
                self._answered.add(custom_id)

    def _write(self, line: bytes) -> None:
        try:
            written = self._file.write(line)
            if written != len(line):
                raise OSError(f"{self._path}: there is no space left for an answer.")
        except BaseException:
            self._file.truncate(self._size)
            raise
        self._size += len(line)

    def close(self) -> None:
        """Close the file, and have the system write it to the disk."""
        if not self._file.closed:
            os.fsync(self._file)
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_cut_off(line: bytes) -> bool:
    """Whether it is the beginning of an answer; a file system may leave zeros where it had not written yet."""
    written = line.rstrip(b"\0")
    return not line.endswith(b"\n") and (written.startswith(BEGINNING) or BEGINNING.startswith(written))


def _id_of(line: bytes) -> str:
    return cast("str", json.loads(line)["custom_id"])


def _key(request: Mapping[str, Any]) -> str:
    text = json.dumps([request["custom_id"], request["body"]], sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()
