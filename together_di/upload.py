"""Sending a file: Together names an address, the bytes go there, and Together takes the file in."""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._text import near_miss
from .errors import APIError, ConflictError
from .multipart import FileSource
from .request import Call, Template
from .wire import Origin, Request, Response, parse_url

if TYPE_CHECKING:
    from .endpoint import Step
    from .resource import Resource
    from .types.files import FileResponse

PURPOSES = ("fine-tune", "calibration", "eval", "batch-api")
FILE_TYPES = ("jsonl", "parquet", "csv")
WHO = "files.upload"


def upload_steps(
    resource: Resource[Any], path: Path, purpose: str, *, raise_if_already_exists: bool
) -> Step[FileResponse]:
    """The steps of an upload."""
    kind, source = _checked(path, purpose)
    build = resource._engine.builder.build
    fields = {
        "purpose": purpose,
        "file_name": path.name,
        "file_type": kind,
        "checksum": (yield functools.partial(_checksum, source)),
    }
    form = Template("POST", "/v1/files", form=frozenset({"file"}))
    try:
        answer: Response = yield Call(build(form, fields, WHO), accept=frozenset({302}))
    except ConflictError as error:
        existing = error.response.json().get("file_id") if isinstance(error.body, dict) else None
        if raise_if_already_exists or not existing:
            raise
        found: Response = yield Call(build(Template("GET", "/v1/files/{id}"), {"id": existing}, WHO))
        return _parsed(resource, found)
    address, file_id = _destination(answer)
    timeout = resource._engine.builder.timeout
    # The address is signed, and at another host: it must not see the key.
    yield Call(Request("PUT", address[0], address[1], [], source, timeout), send_key=False)
    done: Response = yield Call(build(Template("POST", "/v1/files/{id}/preprocess"), {"id": file_id}, WHO))
    return _parsed(resource, done)


def _checked(path: Path, purpose: str) -> tuple[str, FileSource]:
    if purpose not in PURPOSES:
        raise ValueError(f"{WHO}(): purpose={purpose!r} is unknown{near_miss(purpose, PURPOSES)}; one of {PURPOSES}.")
    kind = path.suffix.removeprefix(".").lower()
    if kind not in FILE_TYPES:
        raise ValueError(f"{WHO}(): {path.name!r} must end in .jsonl, .parquet or .csv.")
    source = FileSource(path)
    if not source.size:
        raise ValueError(f"{WHO}(): {path.name!r} is empty.")
    return kind, source


def _checksum(source: FileSource) -> str:
    digest = hashlib.sha256()
    for chunk in source.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _destination(answer: Response) -> tuple[tuple[Origin, str], str]:
    """Where the bytes go, and the id the file will have."""
    location, file_id = answer.headers.get("location", ""), answer.headers.get("x-together-file-id", "")
    address = parse_url(location)
    if address is None or not re.fullmatch(r"[\w-][\w.-]*", file_id, re.ASCII):
        raise APIError(f"{WHO}(): the API named no usable address for the file.", answer.request)
    return address, file_id


def _parsed(resource: Resource[Any], response: Response) -> FileResponse:
    from .endpoint import reader
    from .types.files import FileResponse

    return reader(FileResponse, WHO, strict=resource.client.strict)(response, response.content)  # type: ignore[no-any-return]
