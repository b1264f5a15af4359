"""Writing a file: all of it or, if anything fails, nothing."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import secrets
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(target: Path) -> Generator[Callable[[bytes], int]]:
    """A function that writes to a temporary file beside `target`, which takes its place at the end.

    Raises:
        OSError: It cannot be written; what stood at `target` still does.
    """
    part = PartFile(target)
    part.open()
    try:
        yield part.write
        part.finish()
    except BaseException as error:
        part.give_up(error)
        raise


class PartFile:
    """A file that comes bit by bit: a temporary one beside its target, whose place it takes when it is whole.

    Args:
        target: Where the file belongs.
        identity: What tells its content from any other. With one, the bytes that have come are kept when the rest does
            not come, and the next attempt, in any process, goes on from there.
    """

    def __init__(self, target: Path, identity: str | None = None) -> None:
        self._target = target
        self._kept = False
        self._path = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        self._lasting = None if identity is None else target.with_name(_lasting_name(target, identity))
        self._file: IO[bytes] = io.BytesIO()

    def open(self) -> int:
        """Begin; gives how many bytes of the content are there already.

        Raises:
            OSError: There can be no file here.
        """
        claimed = None if self._lasting is None else _claimed(self._lasting)
        if self._lasting is None or claimed is None:
            self._file = self._path.open("xb")
            return 0
        self._path, self._kept, self._file = self._lasting, True, claimed
        return self._file.seek(0, os.SEEK_END)

    def restart(self) -> None:
        """Forget what is there."""
        self._file.seek(0)
        self._file.truncate()

    def write(self, data: bytes) -> int:
        """Append `data`."""
        return self._file.write(data)

    def finish(self) -> None:
        """Put the file where it belongs."""
        self._file.flush()
        if not self._kept:
            self._file.close()  # Windows does not rename an open file
        # One that others may claim stays locked until it has its new name: they would append to it.
        self._path.replace(self._target)
        self._file.close()
        for other in self._target.parent.glob(_lasting_name(self._target, None)):
            _discard(other)  # of content that was there before

    def give_up(self, error: BaseException) -> None:
        """Leave the target as it is. What has come is kept, unless this is the place where it cannot be kept."""
        keep = self._kept and not isinstance(error, OSError) and self._file.seek(0, os.SEEK_END) > 0
        with suppress(OSError):
            self._file.close()
        if not keep:
            self._path.unlink(missing_ok=True)


def _lasting_name(target: Path, identity: str | None) -> str:
    """The name of a part for the next attempt; without an identity, a pattern for all of them."""
    if identity is None:
        return f".{glob.escape(target.name)}.{'[0-9a-f]' * 16}.part"
    return f".{target.name}.{hashlib.sha256(identity.encode()).hexdigest()[:16]}.part"


def _discard(part: Path) -> None:
    with suppress(OSError):
        if (file := _claimed(part)) is not None:
            part.unlink()
            file.close()


if sys.platform == "win32":

    def _claimed(_path: Path) -> IO[bytes] | None:
        """Nothing: without locks nobody can tell whether another process is at that file."""
        return None

else:
    import fcntl

    def _claimed(path: Path) -> IO[bytes] | None:
        """The file, made if need be, open for appending; `None` if another process or thread is at it."""
        file = path.open("ab")
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # It may have got its final name, or have been removed, since it was opened.
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()
        return None
