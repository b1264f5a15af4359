"""Sending a file: Together names an address, the bytes go there, and Together takes the file in.

A large file goes in parts, each to an address of its own, so that a connection that breaks costs one part and not the
file. What fails for good, or is cancelled, is taken back: no half of a file stays at Together.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .address import Origin, parse_url
from .errors import APIConnectionError, APIError, ConflictError, FileTypeError, TogetherError
from .file_check import STEP, FileCheck
from .headers import RawHeaders
from .multipart import CHUNK
from .progress import UploadProgress, UploadProgressCallback
from .request import Call, Template, raw_headers
from .timeout import Timeout
from .wire import Request, Response

if TYPE_CHECKING:
    from .endpoint import Step
    from .resource import Resource
    from .types.files import FileResponse

#: A larger file is sent in parts.
MULTIPART_THRESHOLD = 5 * 2**30
PART_SIZE = 250 * 2**20
MOST_PARTS = 250
#: The store answers when it has a part, which may take longer than an answer of the API.
PART_TIMEOUT = Timeout(300.0)
WHO = "files.upload"

_ANNOUNCE = Template("POST", "/v1/files", form=frozenset({"file"}))
_TAKE_IN = Template("POST", "/v1/files/{id}/preprocess", bodiless=True)
_INITIATE = Template("POST", "/v1/files/multipart/initiate")
_COMPLETE = Template("POST", "/v1/files/multipart/complete")
_ABORT = Template("POST", "/v1/files/multipart/abort")


def upload_steps(
    resource: Resource[Any],
    path: Path,
    purpose: str,
    *,
    check: bool,
    raise_if_already_exists: bool,
    progress_callback: UploadProgressCallback | None,
) -> Step[FileResponse]:
    """The steps of an upload."""
    looked_at: FileCheck = yield functools.partial(_looked_at, path, purpose)
    if check:
        yield from _bit_by_bit(looked_at.run())
    if not looked_at.report.is_check_passed:
        advice = " Nothing was sent; check=False leaves the check of its lines to the API." if check else ""
        raise FileTypeError(f"{WHO}(): {looked_at.report.message}{advice}", looked_at.report.problems)
    digest = hashlib.sha256()
    yield from _bit_by_bit(_digested(path, digest))
    upload = _Upload(resource, looked_at, digest.hexdigest(), UploadProgress(progress_callback, looked_at.size))
    try:
        return (yield from (upload.in_parts() if looked_at.size > MULTIPART_THRESHOLD else upload.whole()))
    except ConflictError as error:
        existing = error.response.json().get("file_id") if isinstance(error.body, dict) else None
        if raise_if_already_exists or not existing:
            raise
    found: Response = yield upload.call(Template("GET", "/v1/files/{id}"), id=existing)
    return upload.parsed(found)


def _looked_at(path: Path, purpose: str) -> FileCheck:
    try:
        return FileCheck(path, purpose)
    except ValueError as error:
        raise ValueError(f"{WHO}(): {error}") from None


def _bit_by_bit(work: Iterator[None]) -> Step[None]:
    """Work that blocks, in steps: an upload that is cancelled need not wait for all of it."""
    while (yield functools.partial(next, work, work)) is not work:
        pass


def _digested(path: Path, digest: Any) -> Iterator[None]:
    with path.open("rb") as file:
        while chunk := file.read(STEP):
            digest.update(chunk)
            yield


class _Piece:
    """Some bytes of a file, or all of them, as a request's body; the file is opened anew for each attempt."""

    def __init__(self, path: Path, total: int, start: int, size: int, progress: UploadProgress) -> None:
        self._path = path
        self._total = total
        self._start = start
        self._progress = progress
        self.size = size

    def chunks(self) -> Iterator[bytes]:
        """The bytes, from the beginning of the piece.

        Raises:
            APIConnectionError: The file is no longer as long as was announced to the API.
        """
        sent = 0
        with self._path.open("rb") as file:
            file.seek(self._start)
            while sent < self.size:
                chunk = file.read(min(CHUNK, self.size - sent))
                if not chunk or os.fstat(file.fileno()).st_size != self._total:
                    raise self._changed()
                yield chunk
                sent += len(chunk)
                self._progress.reached(self._start + sent)

    def _changed(self) -> APIConnectionError:
        error = APIConnectionError(
            f"{self._path.name!r} changed its size while it was sent; it had {self._total} bytes before."
        )
        error.permanent = True
        return error


class _Upload:
    """One file on its way, looked at before."""

    def __init__(self, resource: Resource[Any], file: FileCheck, checksum: str, progress: UploadProgress) -> None:
        self._resource = resource
        self._path = file.path
        self._size = file.size
        self._fields = {
            "purpose": file.purpose,
            "file_name": file.path.name,
            "file_type": file.kind,
            "checksum": checksum,
        }
        self._progress = progress

    def call(self, template: Template, **values: object) -> Call:
        """A call of the API."""
        return Call(self._resource._engine.builder.build(template, values, WHO))

    def parsed(self, response: Response, content: bytes | None = None) -> FileResponse:
        """What the API says of the file."""
        from .decoding import Reader
        from .types.files import FileResponse

        read = Reader(FileResponse, WHO, strict=self._resource.client.strict)
        return read(response, response.content if content is None else content)

    def whole(self) -> Step[FileResponse]:
        """Send the file in one piece."""
        announce = self.call(_ANNOUNCE, **self._fields)
        announce.accept = frozenset({302})
        answer: Response = yield announce
        file_id = _file_id(answer, answer.headers.get("x-together-file-id", ""))
        address = _address(answer, answer.headers.get("location"))
        self._progress.reached(0)
        try:
            yield self._put(address, 0, self._size, [], self._resource._engine.builder.timeout)
            done: Response = yield self.call(_TAKE_IN, id=file_id)
        except GeneratorExit:
            raise  # nobody is there any more to take another step
        except BaseException:
            yield from _anyway(self.call(Template("DELETE", "/v1/files/{id}"), id=file_id))
            raise
        return self.parsed(done)

    def in_parts(self) -> Step[FileResponse]:
        """Send the file in parts, one after the other."""
        part_size, count = part_sizes(self._size)
        answer: Response = yield self.call(_INITIATE, **self._fields, file_size=self._size, num_parts=count)
        started = _object(answer)
        upload_id, file_id = started.get("upload_id"), _file_id(answer, str(started.get("file_id") or ""))
        if not isinstance(upload_id, str):
            raise _unusable(answer)
        names = {"upload_id": upload_id, "file_id": file_id}
        self._progress.reached(0)
        try:
            tags = yield from self._parts(answer, started, part_size, count)
            done: Response = yield self.call(_COMPLETE, **names, parts=tags)
        except GeneratorExit:
            raise  # nobody is there any more to take another step
        except BaseException:
            yield from _anyway(self.call(_ABORT, **names))
            raise
        return self._completed(done)

    def _parts(
        self, answer: Response, started: dict[str, Any], part_size: int, count: int
    ) -> Step[list[dict[str, object]]]:
        addresses = _part_addresses(answer, started, count)
        tags: list[dict[str, object]] = []
        for number in range(1, count + 1):
            address, headers = addresses[number]
            start = (number - 1) * part_size
            size = min(part_size, self._size - start)
            stored: Response = yield self._put(address, start, size, headers, PART_TIMEOUT)
            tag = stored.headers.get("etag", "").strip('"')
            if not tag:
                raise APIError(f"{WHO}(): the store gave no ETag for part {number}.", stored.request)
            tags.append({"part_number": number, "etag": tag})
        return tags

    def _put(self, address: tuple[Origin, str], start: int, size: int, headers: RawHeaders, timeout: Timeout) -> Call:
        # The address is signed, and at another host: it must not see the key.
        piece = _Piece(self._path, self._size, start, size, self._progress)
        return Call(Request("PUT", *address, headers, piece, timeout), send_key=False)

    def _completed(self, done: Response) -> FileResponse:
        from pydantic_core import to_json

        fields = _object(done)
        file: Any = fields.get("file", fields)
        return self.parsed(done, to_json({**file, "object": "file"} if isinstance(file, dict) else file))


def part_sizes(size: int) -> tuple[int, int]:
    """How large the parts of a file are, the last one excepted, and how many there are."""
    count = max(1, min(MOST_PARTS, math.ceil(size / PART_SIZE)))
    return math.ceil(size / count), count


def _anyway(call: Call) -> Step[None]:
    """Take back what was begun; that it failed is what matters, not that this may fail, too."""
    call.request.timeout = Timeout(10.0)
    with suppress(TogetherError):
        yield call


def _object(answer: Response) -> dict[str, Any]:
    with suppress(ValueError):
        body: object = answer.json()
        if isinstance(body, dict):
            return cast("dict[str, Any]", body)
    raise _unusable(answer)


def _unusable(answer: Response) -> APIError:
    return APIError(f"{WHO}(): the API named no usable address for the file.", answer.request)


def _file_id(answer: Response, text: str) -> str:
    """The id that the file will have; it goes into paths."""
    if not re.fullmatch(r"[\w-][\w.-]*", text, re.ASCII):
        raise _unusable(answer)
    return text


def _address(answer: Response, text: object) -> tuple[Origin, str]:
    address = parse_url(text) if isinstance(text, str) else None
    if address is None:
        raise _unusable(answer)
    return address


def _part_addresses(
    answer: Response, started: dict[str, Any], count: int
) -> dict[int, tuple[tuple[Origin, str], RawHeaders]]:
    """Where each part goes, and with which header fields. The API has two spellings of the names."""
    found: dict[int, tuple[tuple[Origin, str], RawHeaders]] = {}
    try:
        for part in started["parts"]:
            fields: dict[str, str] = part.get("Headers") or {}
            address = _address(answer, part.get("URL", part.get("UploadURL")))
            found[part.get("PartNumber", part.get("part_number", 1))] = address, raw_headers(fields)
    except (AttributeError, KeyError, TypeError, UnicodeEncodeError):
        found = {}
    if found.keys() != set(range(1, count + 1)):
        raise _unusable(answer)
    return found
