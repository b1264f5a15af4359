"""`client.files`: https://docs.together.ai/reference/get-files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..endpoint import binary, delete, flow, get
from ..resource import M, Raw, Resource, Streamed
from ..upload import upload_steps

if TYPE_CHECKING:
    from typing import Unpack

    from ..endpoint import Step
    from ..progress import UploadProgressCallback
    from ..request import RequestOptions
    from ..response import BinaryAPIResponse
    from ..types.files import FileDeleteResponse, FileList, FilePurpose, FileResponse


class Files(Resource[M]):
    """Files at Together, for fine-tuning, batches and evaluations."""

    name = "files"
    with_raw_response: Files[Raw[M]]
    with_streaming_response: Files[Streamed[M]]

    @get("/v1/files")
    def list(self, **options: Unpack[RequestOptions]) -> FileList:
        """All files."""
        ...

    @get("/v1/files/{id}")
    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> FileResponse:
        """What is known of a file."""
        ...

    @delete("/v1/files/{id}")
    def delete(self, id: str, **options: Unpack[RequestOptions]) -> FileDeleteResponse:
        """Delete a file."""
        ...

    @binary("GET", "/v1/files/{id}/content", accept="application/binary", resumable=True)
    def content(self, id: str, **options: Unpack[RequestOptions]) -> BinaryAPIResponse:
        """What is in a file: `write_to_file(path)` or `read()`, which fetch it and go on after a broken connection."""
        ...

    @flow
    def upload(
        self,
        file: str | os.PathLike[str],
        *,
        purpose: FilePurpose | str = "fine-tune",
        check: bool = True,
        raise_if_already_exists: bool = False,
        progress_callback: UploadProgressCallback | None = None,
    ) -> Step[FileResponse]:
        """Send a file to Together: a `.jsonl`, `.parquet` or `.csv`.

        The file is read while it is sent, never as a whole; one of more than 5 GiB goes in parts. When a connection
        breaks, the part is sent again. An upload that fails, or is cancelled, is taken back.

        Args:
            file: The path of the file.
            purpose: What it is for: `"fine-tune"`, `"calibration"`, `"eval"` or `"batch-api"`.
            check: Look at every line before anything is sent, as `together_di.check_file` does.
            raise_if_already_exists: Raise `ConflictError` if the same file is there already, instead of giving that.
            progress_callback: Called with a `FileUploadProgress` again and again: how many bytes have been sent. By an
                async client it is called in the event loop, which it must not block.

        Returns:
            The file as Together knows it.

        Raises:
            OSError: The file cannot be read; nothing was sent.
            FileTypeError: It is empty, too large, of another kind, or has lines the API does not take: each is named.
                Nothing was sent.
            ValueError: The purpose is unknown; nothing was sent.
        """
        return upload_steps(
            self,
            Path(file),
            purpose,
            check=check,
            raise_if_already_exists=raise_if_already_exists,
            progress_callback=progress_callback,
        )
