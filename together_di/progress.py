"""How far a transfer is: what progress callbacks are given. The names are those of the official SDK."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class FileUploadProgress:
    """How much of a file has been sent, in bytes."""

    uploaded_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class FileDownloadProgress:
    """How much of a file is there, in bytes; `total_bytes` is `None` if the server does not say."""

    downloaded_bytes: int
    total_bytes: int | None


UploadProgressCallback: TypeAlias = Callable[[FileUploadProgress], None]
DownloadProgressCallback: TypeAlias = Callable[[FileDownloadProgress], None]


class UploadProgress:
    """Tells a callback how far an upload is: never less than before, and in the thread that began it.

    For an async client that is the event loop's, though worker threads read the file.
    """

    def __init__(self, callback: UploadProgressCallback | None, total: int) -> None:
        self._callback = callback
        self._total = total
        self._most = -1
        self._home = threading.get_ident()

    def reached(self, position: int) -> None:
        """All bytes before `position` have been sent."""
        callback = self._callback
        if callback is None or position <= self._most:
            return  # what is sent again has been told before
        self._most = position
        event = FileUploadProgress(position, self._total)
        if threading.get_ident() == self._home:
            callback(event)
            return
        import anyio.from_thread

        anyio.from_thread.run_sync(callback, event)
