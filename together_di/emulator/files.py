"""`/v1/files`: files in memory, with the signed-URL upload and the direct one."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from .exchange import ApiError, Reply, Request, invalid, json_reply, not_found
from .generation import EPOCH
from .multipart import read_form

if TYPE_CHECKING:
    from threading import Lock

    from .multipart import Form

_PURPOSES = frozenset(
    {
        "batch-api",
        "batch-generated",
        "calibration",
        "eval",
        "eval-output",
        "eval-sample",
        "eval-summary",
        "fine-tune",
    }
)
_TYPES = frozenset({"csv", "jsonl", "parquet"})
_ADVICE = "GET /v1/files lists those there are."


@dataclass(slots=True)
class _StoredFile:
    identifier: str
    name: str
    purpose: str
    file_type: str
    checksum: str
    created_at: int
    data: bytes | None = None

    def as_json(self) -> dict[str, object]:
        arrived = self.data is not None
        return {
            "id": self.identifier,
            "object": "file",
            "created_at": self.created_at,
            "filename": self.name,
            "bytes": len(self.data or b""),
            "purpose": self.purpose,
            "FileType": self.file_type,
            "Processed": arrived,
            "processing_status": "COMPLETED" if arrived else "PENDING",
        }


class Files:
    """The file store and its endpoints."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._stored: dict[str, _StoredFile] = {}

    def list(self, _request: Request) -> Reply:
        """Return the metadata of all files."""
        with self._lock:
            return json_reply({"data": [stored.as_json() for stored in self._stored.values()]})

    def retrieve(self, request: Request) -> Reply:
        """Return the metadata of one file."""
        return json_reply(self._find(request).as_json())

    def delete(self, request: Request) -> Reply:
        """Forget one file."""
        identifier = self._find(request).identifier
        with self._lock:
            self._stored.pop(identifier, None)
        return json_reply({"id": identifier, "deleted": True})

    def content(self, request: Request) -> Reply:
        """Return the bytes of one file."""
        stored = self._find(request)
        return Reply(200, {"content-type": "application/octet-stream"}, self._arrived(stored))

    def announce(self, request: Request) -> Reply:
        """Begin an upload: answer with the URL that takes the bytes."""
        form = read_form(request)
        stored = self._described(request, form, form.required_text("file_name"))
        stored.checksum = form.text("checksum")
        with self._lock:
            self._refuse_second(stored)
            self._stored[stored.identifier] = stored
        headers = {
            "content-type": "text/plain",
            "location": f"{request.base_url}/emulator/uploads/{stored.identifier}",
            "x-together-file-id": stored.identifier,
        }
        return Reply(302, headers, b"")

    def put(self, request: Request) -> Reply:
        """Take the bytes of an announced upload; this stands for the storage behind a signed URL."""
        stored = self._find(request)
        digest = sha256(request.body).hexdigest()
        if stored.checksum and stored.checksum.lower() != digest:
            message = f"The bytes have the SHA-256 {digest}; the upload was announced with {stored.checksum}."
            raise invalid("checksum", message)
        stored.data = request.body
        return Reply(200, {"content-type": "text/plain", "etag": f'"{digest}"'}, b"")

    def preprocess(self, request: Request) -> Reply:
        """End an upload."""
        stored = self._find(request)
        self._arrived(stored)
        return json_reply(stored.as_json())

    def upload(self, request: Request) -> Reply:
        """Store a file that came whole in the form."""
        form = read_form(request)
        part = form.files.get("file")
        if part is None:
            raise invalid("file", "`file` is required: add a part with a file name.", code="missing_required")
        stored = self._described(request, form, form.text("file_name") or part.name)
        stored.data, stored.checksum = part.data, sha256(part.data).hexdigest()
        with self._lock:
            self._refuse_second(stored)
            self._stored[stored.identifier] = stored
        return json_reply(stored.as_json())

    def _described(self, request: Request, form: Form, name: str) -> _StoredFile:
        purpose = form.required_text("purpose")
        if purpose not in _PURPOSES:
            raise invalid("purpose", f"`purpose` is {purpose!r}: use one of {', '.join(sorted(_PURPOSES))}.")
        ending = name.rpartition(".")[2].lower()
        file_type = form.text("file_type") or (ending if ending in _TYPES else "jsonl")
        if file_type not in _TYPES:
            raise invalid("file_type", f"`file_type` is {file_type!r}: use one of {', '.join(sorted(_TYPES))}.")
        return _StoredFile(
            request.identifier("file"),
            name,
            purpose,
            file_type,
            checksum="",
            created_at=EPOCH + request.number,
        )

    def _refuse_second(self, new: _StoredFile) -> None:
        for stored in self._stored.values():
            same = stored.checksum == new.checksum and stored.purpose == new.purpose
            if new.checksum and same and stored.data is not None:
                message = f"The same bytes are already stored for this purpose as {stored.identifier}."
                raise ApiError(409, message, code="file_exists", extra={"file_id": stored.identifier})

    def _find(self, request: Request) -> _StoredFile:
        identifier = request.path_values["id"]
        stored = self._stored.get(identifier)
        if stored is None:
            raise not_found("file", identifier, _ADVICE)
        return stored

    @staticmethod
    def _arrived(stored: _StoredFile) -> bytes:
        if stored.data is None:
            message = f"The bytes of {stored.identifier} have not arrived: PUT them to its upload URL first."
            raise ApiError(400, message, param="id", code="upload_incomplete")
        return stored.data
