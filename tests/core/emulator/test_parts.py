from __future__ import annotations

import json
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.emulator.conftest import BASE_URL, Api, body_of
from together_di.emulator.files import Files

if TYPE_CHECKING:
    from together_di.emulator import Reply

PARTS = [b'{"text": "a"}\n' * 10, b'{"text": "b"}\n' * 10, b'{"text": "c"}\n']
DATA = b"".join(PARTS)


def initiate(api: Api, **fields: object) -> Any:
    announced = {
        "file_name": "train.jsonl",
        "purpose": "fine-tune",
        "file_type": "jsonl",
        "file_size": len(DATA),
        "num_parts": len(PARTS),
        "checksum": sha256(DATA).hexdigest(),
    }
    return api.post("/v1/files/multipart/initiate", **{**announced, **fields})


def put(api: Api, part: dict[str, str], data: bytes) -> Reply:
    return api.emulator.handle("PUT", part["URL"].removeprefix(BASE_URL), {}, data, base_url=BASE_URL)


def names(started: Any) -> dict[str, str]:
    return {"upload_id": started["upload_id"], "file_id": started["file_id"]}


def put_all(api: Api, started: Any, parts: list[bytes]) -> list[dict[str, object]]:
    replies = [put(api, part, data) for part, data in zip(started["parts"], parts, strict=True)]
    return [{"part_number": n, "etag": reply.headers["etag"].strip('"')} for n, reply in enumerate(replies, 1)]


def test_a_file_comes_in_parts(api: Api) -> None:
    started = initiate(api)
    assert [part["PartNumber"] for part in started["parts"]] == [1, 2, 3]
    done = api.post("/v1/files/multipart/complete", **names(started), parts=put_all(api, started, PARTS))
    assert done["file"] == api.get(f"/v1/files/{started['file_id']}")
    assert body_of(api.send("GET", f"/v1/files/{started['file_id']}/content")) == DATA


def test_a_part_that_comes_again_replaces_the_first(api: Api) -> None:
    started = initiate(api)
    put(api, started["parts"][0], b"half")
    done = api.post("/v1/files/multipart/complete", **names(started), parts=put_all(api, started, PARTS))
    assert done["file"]["bytes"] == len(DATA)


def test_an_aborted_upload_leaves_nothing(api: Api) -> None:
    started = initiate(api)
    api.post("/v1/files/multipart/abort", **names(started))
    assert api.get("/v1/files")["data"] == []
    assert put(api, started["parts"][0], b"x").status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_parts", 0),
        ("num_parts", 251),
        ("file_size", None),
        ("file_name", ""),
        ("purpose", "x"),
        ("file_type", "x"),
    ],
)
def test_a_bad_announcement_is_refused(api: Api, field: str, value: object) -> None:
    assert initiate(api, **{field: value})["error"]["param"] == field


def test_the_same_bytes_for_the_same_purpose_conflict(api: Api) -> None:
    started = initiate(api)
    api.post("/v1/files/multipart/complete", **names(started), parts=put_all(api, started, PARTS))
    assert initiate(api)["file_id"] == started["file_id"]


@pytest.mark.parametrize("kept", [slice(0, 2), slice(2, None, -1), slice(1, 3)])
def test_an_upload_is_completed_with_all_parts_in_order(api: Api, kept: slice) -> None:
    started = initiate(api)
    tags = put_all(api, started, PARTS)[kept]
    refused = api.refused("/v1/files/multipart/complete", **names(started), parts=tags)
    assert refused["param"] == "parts"


@pytest.mark.parametrize(("parts", "param"), [([b"", b"", b""], "parts"), ([*PARTS[:2], b"X" * 14], "checksum")])
def test_parts_that_make_another_file_are_refused(api: Api, parts: list[bytes], param: str) -> None:
    started = initiate(api)
    tags = put_all(api, started, parts)
    assert api.refused("/v1/files/multipart/complete", **names(started), parts=tags)["param"] == param


def test_an_upload_belongs_to_its_file(api: Api) -> None:
    upload_id = initiate(api)["upload_id"]
    for end in ("complete", "abort"):
        refused = api.refused(f"/v1/files/multipart/{end}", upload_id=upload_id, file_id="file-1", parts=[])
        assert refused["param"] == "file_id"


@pytest.mark.parametrize("number", ["0", "4", "x"])
def test_a_part_that_was_not_announced_is_refused(api: Api, number: str) -> None:
    address = initiate(api)["parts"][0]["URL"].removesuffix("1") + number
    assert put(api, {"URL": address}, b"x").status == 404


# Ranges of the content


@pytest.fixture
def content(api: Api) -> str:
    stored = api.json(api.form("/v1/files/upload", {"purpose": "fine-tune"}, ("train.jsonl", DATA)))
    return f"/v1/files/{stored['id']}/content"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=100-", 100, len(DATA) - 1), ("bytes=-5", len(DATA) - 5, len(DATA) - 1)],
)
def test_a_range_is_given(api: Api, content: str, asked: str, first: int, last: int) -> None:
    reply = api.send("GET", content, headers={"range": asked})
    assert (reply.status, body_of(reply)) == (206, DATA[first : last + 1])
    assert reply.headers["content-range"] == f"bytes {first}-{last}/{len(DATA)}"


def test_a_range_of_what_has_changed_is_the_whole(api: Api, content: str) -> None:
    tag = api.send("GET", content).headers["etag"]
    assert api.send("GET", content, headers={"range": "bytes=1-", "if-range": tag}).status == 206
    assert api.send("GET", content, headers={"range": "bytes=1-", "if-range": '"other"'}).status == 200


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b"])
def test_a_range_that_is_none_is_ignored(api: Api, content: str, asked: str) -> None:
    assert api.send("GET", content, headers={"range": asked}).status == 200


def test_a_range_after_the_end_is_refused(api: Api, content: str) -> None:
    reply = api.send("GET", content, headers={"range": f"bytes={len(DATA)}-"})
    assert (reply.status, reply.headers["content-range"]) == (416, f"bytes */{len(DATA)}")
    assert json.loads(body_of(reply))["error"]["code"] == "invalid_range"


# For other parts of the emulator


def test_a_file_that_the_emulator_made_is_one_like_any_other(api: Api) -> None:
    files = Files(Lock())
    identifier = files.add("output.jsonl", "batch-generated", DATA)
    assert files.data_of(identifier) == DATA
