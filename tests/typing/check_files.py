"""What type checkers make of `client.files`: never run, checked by mypy and pyright."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from together_di import AsyncBinaryAPIResponse, AsyncTogether, BinaryAPIResponse, Together, check_file
from together_di.types import (
    FileDeleteResponse,
    FileDownloadProgress,
    FileList,
    FileReport,
    FileResponse,
    FileUploadProgress,
)


def sent(progress: FileUploadProgress) -> None:
    assert_type(progress.uploaded_bytes, int)
    assert_type(progress.total_bytes, int)


def received(progress: FileDownloadProgress) -> None:
    assert_type(progress.downloaded_bytes, int)
    assert_type(progress.total_bytes, int | None)


def sync_results(client: Together) -> None:
    assert_type(client.files.upload("a.jsonl"), FileResponse)
    assert_type(client.files.upload(Path("a.jsonl"), purpose="batch-api", check=False), FileResponse)
    assert_type(client.files.upload("a.jsonl", raise_if_already_exists=True, progress_callback=sent), FileResponse)
    assert_type(client.files.list(), FileList)
    assert_type(client.files.retrieve("id"), FileResponse)
    assert_type(client.files.delete("id"), FileDeleteResponse)
    content = client.files.content("id")
    assert_type(content, BinaryAPIResponse)
    assert_type(content.read(), bytes)
    content.write_to_file("a.jsonl")
    content.stream_to_file(Path("a.jsonl"), progress_callback=received)
    with client.files.with_streaming_response.content("id") as response:
        response.stream_to_file("a.jsonl")


async def async_results(client: AsyncTogether) -> None:
    assert_type(await client.files.upload("a.jsonl", check=False, progress_callback=sent), FileResponse)
    content = await client.files.content("id")
    assert_type(content, AsyncBinaryAPIResponse)
    assert_type(await content.read(), bytes)
    await content.write_to_file("a.jsonl", progress_callback=received)
    async with client.files.with_streaming_response.content("id") as response:
        await response.stream_to_file("a.jsonl")


def checks() -> None:
    report = check_file("a.jsonl", purpose="eval")
    assert_type(report, FileReport)
    assert_type(report.is_check_passed, bool)
    assert_type(report.problems[0].line, int | None)


def mistakes(client: Together) -> None:
    client.files.upload()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.files.upload(b"data")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.files.upload("a.jsonl", "eval")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.files.upload("a.jsonl", check="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.files.upload("a.jsonl", progress_callback=received)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.files.content(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
