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

    @binary("GET", "/v1/files/{id}/content", accept="application/binary")
    def content(self, id: str, **options: Unpack[RequestOptions]) -> BinaryAPIResponse:
        """What is in a file: `write_to_file(path)` or `read()`."""
        ...

    @flow
    def upload(
        self,
        file: str | os.PathLike[str],
        *,
        purpose: FilePurpose | str = "fine-tune",
        raise_if_already_exists: bool = False,
    ) -> Step[FileResponse]:
        """Send a file to Together: a `.jsonl`, `.parquet` or `.csv`.

        The file is read while it is sent, never as a whole.

        Args:
            file: The path of the file.
            purpose: What it is for: `"fine-tune"`, `"calibration"`, `"eval"` or `"batch-api"`.
            raise_if_already_exists: Raise `ConflictError` if the same file is there already, instead of giving that.

        Returns:
            The file as Together knows it.

        Raises:
            OSError: The file cannot be read; nothing was sent.
            ValueError: It is empty, of another kind, or the purpose is unknown; nothing was sent.
        """
        return upload_steps(self, Path(file), purpose, raise_if_already_exists=raise_if_already_exists)
