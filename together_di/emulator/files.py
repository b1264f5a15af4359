"""`/v1/files`: files in memory, with the signed-URL upload and the direct one; `parts.py` has the one in parts."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from .exchange import ApiError, Reply, Request, invalid, json_reply, not_found
from .generation import EPOCH
from .multipart import read_form
from .parts import PartUploads
from .ranges import partial_reply
from .routing import Route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Lock

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
#: What OpenAI calls the same.
_OPENAI_PURPOSES = {"batch": "batch-api"}
_TYPES = frozenset({"csv", "jsonl", "parquet"})
_ADVICE = "GET /v1/files lists those there are."


@dataclass(slots=True)
class StoredFile:
    """A file; without data as long as its bytes have not arrived."""

    identifier: str
    name: str
    purpose: str
    file_type: str
    checksum: str
    created_at: int
    data: bytes | None = None

    def receive(self, data: bytes) -> None:
        """Take the bytes.

        Raises:
            ApiError: they are others than those that were announced.
        """
        digest = sha256(data).hexdigest()
        if self.checksum not in ("", digest):
            message = f"The bytes have the SHA-256 {digest}; the upload was announced with {self.checksum}."
            raise invalid("checksum", message)
        self.data, self.checksum = data, digest

    def as_json(self) -> dict[str, object]:
        """Return it as the API shows it."""
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
        self._stored: dict[str, StoredFile] = {}
        self._made = 0

    def add(self, name: str, purpose: str, data: bytes) -> str:
        """Store a file that the emulator itself has made, such as a batch's output; return its id."""
        with self._lock:
            self._made += 1
            identifier = f"file-made-{self._made:08d}"
            file_type = _type_by_name(name)
            stored = StoredFile(identifier, name, purpose, file_type, sha256(data).hexdigest(), EPOCH, data)
            self._stored[identifier] = stored
        return identifier

    def data_of(self, identifier: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            ApiError: 404 if there is no such file, 400 if its bytes have not arrived.
        """
        return self._arrived(self._stored_as(identifier))

    def routes(self) -> Sequence[Route]:
        """Return the endpoints of files."""
        return [
            Route("GET", "/v1/files", self.list),
            Route("POST", "/v1/files", self.announce),
            Route("POST", "/v1/files/upload", self.upload),
            Route("GET", "/v1/files/{id}", self.retrieve),
            Route("DELETE", "/v1/files/{id}", self.delete),
            Route("GET", "/v1/files/{id}/content", self.content),
            Route("POST", "/v1/files/{id}/preprocess", self.preprocess),
            Route("PUT", "/emulator/uploads/{id}", self.put, public=True),
            *PartUploads(self).routes(),
        ]

    def list(self, _request: Request) -> Reply:
        """Return the metadata of all files; `has_more` tells OpenAI's client that there is no other page."""
        with self._lock:
            return json_reply({"data": [stored.as_json() for stored in self._stored.values()], "has_more": False})

    def retrieve(self, request: Request) -> Reply:
        """Return the metadata of one file."""
        return json_reply(self._find(request).as_json())

    def delete(self, request: Request) -> Reply:
        """Forget one file."""
        identifier = self._find(request).identifier
        self.forget(identifier)
        return json_reply({"id": identifier, "deleted": True})

    def content(self, request: Request) -> Reply:
        """Return the bytes of one file."""
        stored = self._find(request)
        return partial_reply(request, self._arrived(stored), f'"{stored.checksum[:32]}"')

    def announce(self, request: Request) -> Reply:
        """Begin an upload: answer with the URL that takes the bytes; OpenAI's client sends them at once."""
        form = read_form(request)
        if "file" in form.files:
            return self.upload(request)
        purpose, name = form.required_text("purpose"), form.required_text("file_name")
        stored = self.described(request, purpose, name, form.text("file_type"))
        stored.checksum = form.text("checksum").lower()
        self.begin(stored)
        headers = {
            "content-type": "text/plain",
            "location": f"{request.base_url}/emulator/uploads/{stored.identifier}",
            "x-together-file-id": stored.identifier,
        }
        return Reply(302, headers, b"")

    def put(self, request: Request) -> Reply:
        """Take the bytes of an announced upload; this stands for the storage behind a signed URL."""
        stored = self._find(request)
        stored.receive(request.body)
        return Reply(200, {"content-type": "text/plain", "etag": f'"{stored.checksum[:32]}"'}, b"")

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
        name = form.text("file_name") or part.name
        stored = self.described(request, form.required_text("purpose"), name, form.text("file_type"))
        stored.checksum = sha256(part.data).hexdigest()
        self.begin(stored)
        stored.receive(part.data)
        return json_reply(stored.as_json())

    @staticmethod
    def described(request: Request, purpose: str, name: str, file_type: str) -> StoredFile:
        """Return a file that has no bytes yet.

        Raises:
            ApiError: its purpose or type is unknown.
        """
        purpose = _OPENAI_PURPOSES.get(purpose, purpose)
        if purpose not in _PURPOSES:
            raise invalid("purpose", f"`purpose` is {purpose!r}: use one of {', '.join(sorted(_PURPOSES))}.")
        file_type = file_type or _type_by_name(name)
        if file_type not in _TYPES:
            raise invalid("file_type", f"`file_type` is {file_type!r}: use one of {', '.join(sorted(_TYPES))}.")
        return StoredFile(request.identifier("file"), name, purpose, file_type, "", EPOCH + request.number)

    def begin(self, new: StoredFile) -> None:
        """Take in a file whose bytes are still to come.

        Raises:
            ApiError: 409, its bytes are there already.
        """
        with self._lock:
            for stored in self._stored.values():
                same = stored.checksum == new.checksum and stored.purpose == new.purpose
                if new.checksum and same and stored.data is not None:
                    message = f"The same bytes are already stored for this purpose as {stored.identifier}."
                    raise ApiError(409, message, code="file_exists", extra={"file_id": stored.identifier})
            self._stored[new.identifier] = new

    def forget(self, identifier: str) -> None:
        """Delete a file, if it is there."""
        with self._lock:
            self._stored.pop(identifier, None)

    def _find(self, request: Request) -> StoredFile:
        return self._stored_as(request.path_values["id"])

    def _stored_as(self, identifier: str) -> StoredFile:
        stored = self._stored.get(identifier)
        if stored is None:
            raise not_found("file", identifier, _ADVICE)
        return stored

    @staticmethod
    def _arrived(stored: StoredFile) -> bytes:
        if stored.data is None:
            message = f"The bytes of {stored.identifier} have not arrived: PUT them to its upload URL first."
            raise ApiError(400, message, param="id", code="upload_incomplete")
        return stored.data


def _type_by_name(name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    return ending if ending in _TYPES else "jsonl"
