"""`/v1/files/multipart`: the upload of a large file in parts, each to a signed address of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from .exchange import Reply, invalid, json_reply, not_found
from .parameters import Parameters
from .routing import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .exchange import Request
    from .files import Files, StoredFile

_MOST_PARTS = 250
_ADVICE = "POST /v1/files/multipart/initiate begins an upload."


@dataclass(slots=True)
class _Upload:
    file: StoredFile
    size: int
    count: int
    parts: dict[int, bytes] = field(default_factory=dict[int, bytes])


class PartUploads:
    """The uploads that have begun, and have been neither completed nor aborted."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._uploads: dict[str, _Upload] = {}

    def routes(self) -> Sequence[Route]:
        """Return the endpoints of uploads in parts."""
        return [
            Route("POST", "/v1/files/multipart/initiate", self.initiate),
            Route("POST", "/v1/files/multipart/complete", self.complete),
            Route("POST", "/v1/files/multipart/abort", self.abort),
            Route("PUT", "/emulator/uploads/{id}/parts/{number}", self.put, public=True),
        ]

    def initiate(self, request: Request) -> Reply:
        """Begin an upload: answer with the URL of each part."""
        params = Parameters.parse(request.body)
        name, purpose = params.text("file_name"), params.text("purpose")
        stored = self._files.described(request, purpose, name, params.optional_text("file_type"))
        stored.checksum = params.optional_text("checksum").lower()
        size = _required(params, "file_size", None)
        count = _required(params, "num_parts", _MOST_PARTS)
        self._files.begin(stored)
        upload_id = request.identifier("upload")
        self._uploads[upload_id] = _Upload(stored, size, count)
        address = f"{request.base_url}/emulator/uploads/{upload_id}/parts"
        parts = [{"PartNumber": number, "URL": f"{address}/{number}"} for number in range(1, count + 1)]
        return json_reply({"upload_id": upload_id, "file_id": stored.identifier, "parts": parts})

    def put(self, request: Request) -> Reply:
        """Take one part, or take it once more; this stands for the storage behind a signed URL."""
        upload, number = self._find(request.path_values["id"]), request.path_values["number"]
        if number not in map(str, range(1, upload.count + 1)):
            raise not_found("part", number, f"The upload was announced with {upload.count} parts.")
        upload.parts[int(number)] = request.body
        return Reply(200, {"content-type": "text/plain", "etag": f'"{_tag(request.body)}"'}, b"")

    def complete(self, request: Request) -> Reply:
        """End an upload: put its parts together."""
        params = Parameters.parse(request.body)
        upload = self._find(params.text("upload_id"))
        self._check_file(upload, params)
        expected = [{"part_number": number, "etag": _tag(part)} for number, part in sorted(upload.parts.items())]
        if params.items("parts") != expected or len(expected) != upload.count:
            message = f"`parts` does not name all {upload.count} parts in order, each with the ETag of its bytes."
            raise invalid("parts", message)
        data = b"".join(part for _, part in sorted(upload.parts.items()))
        if len(data) != upload.size:
            raise invalid("parts", f"The parts have {len(data)} bytes; the upload was announced with {upload.size}.")
        upload.file.receive(data)
        del self._uploads[params.text("upload_id")]
        return json_reply({"file": upload.file.as_json()})

    def abort(self, request: Request) -> Reply:
        """Forget an upload, and its file."""
        params = Parameters.parse(request.body)
        upload = self._find(params.text("upload_id"))
        self._check_file(upload, params)
        del self._uploads[params.text("upload_id")]
        self._files.forget(upload.file.identifier)
        return json_reply({})

    def _find(self, identifier: str) -> _Upload:
        upload = self._uploads.get(identifier)
        if upload is None:
            raise not_found("upload", identifier, _ADVICE)
        return upload

    @staticmethod
    def _check_file(upload: _Upload, params: Parameters) -> None:
        if params.text("file_id") != upload.file.identifier:
            raise invalid("file_id", f"The file of this upload is {upload.file.identifier}.")


def _required(params: Parameters, name: str, maximum: int | None) -> int:
    params.required(name)
    return params.integer(name, minimum=1, maximum=maximum) or 0


def _tag(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]
