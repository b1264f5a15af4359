"""Batches, fine-tuning and evaluations: jobs that move on each time they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from .exchange import ApiError, invalid, not_found
from .generation import EPOCH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from .collection import Entry
    from .files import Files
    from .parameters import Parameters
    from .routing import Route

_NOTHING: Entry = {}
#: What changes of a job, one change for each time it is read.
Life: TypeAlias = "Iterator[Entry]"


def routes(_lock: Lock, files: Files) -> list[Route]:
    """Their routes."""
    from .batches import Batches
    from .evaluations import Evaluations
    from .fine_tunes import FineTunes

    return [*Batches(files).routes(), *FineTunes(files).routes(), *Evaluations(files).routes()]


@dataclass(slots=True)
class Job:
    """A job: what the API shows of it, and what is still to come."""

    shown: Entry
    life: Life


class Jobs:
    """The jobs of one kind.

    Args:
        kind: What one is called in errors.
        path: Where they are listed.
    """

    def __init__(self, kind: str, path: str) -> None:
        self._kind = kind
        self._path = path
        self._jobs: dict[str, Job] = {}
        # Not the emulator's own lock, which is taken when a job stores its results.
        self._lock = Lock()

    def add(self, identifier: str, shown: Entry, life: Life) -> Entry:
        """Keep a new one."""
        self._jobs[identifier] = Job(shown, life)
        return dict(shown)

    def look(self, identifier: str) -> Entry:
        """One as it is.

        Raises:
            ApiError: 404, it is not there.
        """
        return dict(self._find(identifier).shown)

    def read(self, identifier: str) -> Entry:
        """One after its next change, if there is any.

        Raises:
            ApiError: 404, it is not there.
        """
        job = self._find(identifier)
        with self._lock:
            job.shown.update(next(job.life, _NOTHING))
            return dict(job.shown)

    def cancel(self, identifier: str, allowed: Collection[str], *changes: Entry) -> Entry:
        """One that is being stopped: the first of the changes is made at once, the others are still to come.

        Raises:
            ApiError: 404, it is not there; 400, its status is none of those allowed.
        """
        job = self._find(identifier)
        with self._lock:
            status = str(job.shown["status"])
            if status not in allowed:
                raise ApiError(400, f"The {self._kind} {identifier} is {status}: it cannot be cancelled any more.")
            job.shown.update(changes[0])
            job.life = iter(changes[1:])
            return dict(job.shown)

    def all(self) -> list[Entry]:
        """All of them, as they are."""
        with self._lock:
            return [dict(job.shown) for job in self._jobs.values()]

    def forget(self, identifier: str) -> None:
        """Keep one no more.

        Raises:
            ApiError: 404, it is not there.
        """
        self._find(identifier)
        with self._lock:
            self._jobs.pop(identifier, None)

    def _find(self, identifier: str) -> Job:
        job = self._jobs.get(identifier)
        if job is None:
            raise not_found(self._kind, identifier, f"GET {self._path} lists those there are.")
        return job


def moment(seconds: int) -> str:
    """The time so many seconds into the emulator's day."""
    return datetime.fromtimestamp(EPOCH + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def file_of(files: Files, parameters: Parameters, name: str) -> bytes:
    """The bytes of the file that a parameter names.

    Raises:
        ApiError: 400, it is missing or names no file.
    """
    identifier = parameters.text(name)
    try:
        return files.data_of(identifier)
    except ApiError as error:
        raise invalid(name, f"`{name}` is {identifier!r}: {error.message}") from None


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a JSONL file that say something."""
    return [line for line in data.splitlines() if line.strip()]
