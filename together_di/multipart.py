"""`multipart/form-data` bodies (RFC 7578), read from disk while they are sent."""

from __future__ import annotations

import io
import mimetypes
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import IO, TypeAlias, cast
from urllib.parse import quote

from .errors import APIConnectionError

FileContent: TypeAlias = "bytes | IO[bytes] | os.PathLike[str]"
#: What a file argument may be: content, or (name, content), or (name, content, content type).
FileTypes: TypeAlias = "FileContent | tuple[str | None, FileContent] | tuple[str | None, FileContent, str | None]"

CHUNK = 2**18
"""Bytes read from a file at a time."""


class FileSource:
    """A file's bytes, counted beforehand and read when needed; a path is opened anew for each attempt.

    Raises:
        OSError: The file cannot be read. Checked at once, so before anything is sent.
        TypeError: It is a text file.
    """

    def __init__(self, content: FileContent) -> None:
        self._content = content
        self._start = 0
        if isinstance(content, bytes):
            self.size = len(content)
        elif isinstance(content, os.PathLike):
            with Path(content).open("rb") as file:
                self.size = os.fstat(file.fileno()).st_size
        else:
            self._measure(content)

    def _measure(self, file: IO[bytes]) -> None:
        if not isinstance(file.read(0), bytes):
            raise TypeError("A file must be opened in binary mode: open(path, 'rb').")
        if not file.seekable():
            # A pipe has no length, and the request needs one; nor can it be sent a second time.
            self._content = file.read()
            self.size = len(self._content)
            return
        self._start = file.tell()
        self.size = file.seek(0, io.SEEK_END) - self._start
        file.seek(self._start)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, from the beginning.

        Raises:
            APIConnectionError: There are more or fewer of them than were counted, and announced to the API.
        """
        sent = 0
        for chunk in self._read():
            sent += len(chunk)
            if sent > self.size:
                break
            yield chunk
        if sent != self.size:
            error = APIConnectionError(f"A file changed its size while it was sent; it had {self.size} bytes before.")
            error.permanent = True
            raise error

    def _read(self) -> Iterator[bytes]:
        content = self._content
        if isinstance(content, bytes):
            yield content
        elif isinstance(content, os.PathLike):
            with Path(content).open("rb") as file:
                yield from iter(lambda: file.read(CHUNK), b"")
        else:
            content.seek(self._start)
            yield from iter(lambda: content.read(CHUNK), b"")


class Multipart:
    """A form with text fields and files, as a request body of known size."""

    def __init__(self, fields: Mapping[str, object], files: Mapping[str, FileTypes]) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._parts: list[bytes | FileSource] = []
        for name, value in _flat(fields):
            self._parts.append(_head(boundary, name) + b"\r\n" + value.encode() + b"\r\n")
        for name, file in files.items():
            filename, source, content_type = _described(file)
            head = _head(boundary, name, filename) + f"Content-Type: {content_type}\r\n\r\n".encode()
            self._parts += [head, source, b"\r\n"]
        self._parts.append(f"--{boundary}--\r\n".encode())
        self.size = sum(len(part) if isinstance(part, bytes) else part.size for part in self._parts)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, from the beginning."""
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
            else:
                yield from part.chunks()


def _head(boundary: str, name: str, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{_quoted(name)}"'
    if filename is not None:
        disposition += f'; filename="{_quoted(filename)}"'
    return f"--{boundary}\r\nContent-Disposition: {disposition}\r\n".encode()


def _quoted(text: str) -> str:
    """Escaped as browsers do it (WHATWG HTML, multipart form data)."""
    return text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")


def _flat(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, list | tuple):
            for item in cast("list[object]", value):
                yield f"{name}[]", form_text(item)
        else:
            yield name, form_text(value)


def form_text(value: object) -> str:
    """A value as a form or a query writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _described(file: FileTypes) -> tuple[str, FileSource, str]:
    """File name, content and content type; what is not given is taken from the content or its name."""
    name: str | None = None
    content_type: str | None = None
    if isinstance(file, tuple):
        name, content = file[0], file[1]
        content_type = file[2] if len(file) > 2 else None
    else:
        content = file
    if name is None:
        path: object = os.fspath(content) if isinstance(content, os.PathLike) else getattr(content, "name", None)
        name = Path(path).name if isinstance(path, str) else "upload"
    kind = content_type or mimetypes.guess_type(quote(name))[0] or "application/octet-stream"
    return name, FileSource(content), kind
