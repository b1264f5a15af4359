from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.emulator.conftest import BASE_URL, Api, body_of

if TYPE_CHECKING:
    from together_di.emulator import Reply

DATA = b'{"text": "hi"}\r\n\r\n--frontie\r\n'


def announce(api: Api, **fields: str) -> Reply:
    texts = {"purpose": "fine-tune", "file_name": "train.jsonl", "file_type": "jsonl", **fields}
    return api.form("/v1/files", {"checksum": sha256(DATA).hexdigest(), **texts})


def put(api: Api, announced: Reply, data: bytes = DATA) -> Reply:
    target = announced.headers["location"].removeprefix(BASE_URL)
    return api.emulator.handle("PUT", target, {}, data, base_url=BASE_URL)


def upload(api: Api, **fields: str) -> Any:
    return api.json(api.form("/v1/files/upload", {"purpose": "fine-tune", **fields}, ("train.jsonl", DATA)))


def test_an_announced_upload_is_redirected_to_where_the_bytes_go(api: Api) -> None:
    announced = announce(api)
    assert announced.status == 302
    identifier = announced.headers["x-together-file-id"]
    assert announced.headers["location"] == f"{BASE_URL}/emulator/uploads/{identifier}"


def test_the_three_steps_store_a_file(api: Api) -> None:
    announced = announce(api)
    identifier = announced.headers["x-together-file-id"]
    assert put(api, announced).status == 200
    stored = api.post(f"/v1/files/{identifier}/preprocess")
    assert stored["bytes"] == len(DATA)
    assert (stored["filename"], stored["FileType"], stored["purpose"]) == (
        "train.jsonl",
        "jsonl",
        "fine-tune",
    )
    assert stored == api.get(f"/v1/files/{identifier}")
    assert body_of(api.send("GET", f"/v1/files/{identifier}/content")) == DATA


def test_bytes_that_do_not_match_the_checksum_are_refused(api: Api) -> None:
    assert put(api, announce(api), b"other").status == 400


def test_preprocessing_before_the_bytes_arrived_is_refused(api: Api) -> None:
    identifier = announce(api).headers["x-together-file-id"]
    reply = api.send("POST", f"/v1/files/{identifier}/preprocess")
    assert (reply.status, api.json(reply)["error"]["code"]) == (400, "upload_incomplete")


def test_the_same_bytes_for_the_same_purpose_conflict(api: Api) -> None:
    announced = announce(api)
    put(api, announced)
    again = announce(api)
    assert again.status == 409
    assert api.json(again)["file_id"] == announced.headers["x-together-file-id"]
    assert announce(api, purpose="eval").status == 302


def test_an_upload_that_was_given_up_can_be_started_anew(api: Api) -> None:
    announce(api)
    assert announce(api).status == 302


def test_a_file_can_come_whole(api: Api) -> None:
    stored = upload(api, file_name="renamed.csv")
    assert (stored["filename"], stored["FileType"], stored["bytes"]) == ("renamed.csv", "csv", len(DATA))
    assert body_of(api.send("GET", f"/v1/files/{stored['id']}/content")) == DATA


def test_files_are_listed_until_they_are_deleted(api: Api) -> None:
    first, second = upload(api), upload(api, purpose="eval")
    assert [stored["id"] for stored in api.get("/v1/files")["data"]] == [first["id"], second["id"]]
    deleted = api.json(api.send("DELETE", f"/v1/files/{first['id']}"))
    assert deleted == {"id": first["id"], "deleted": True}
    assert [stored["id"] for stored in api.get("/v1/files")["data"]] == [second["id"]]
    assert api.send("GET", f"/v1/files/{first['id']}").status == 404


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"purpose": "fun"}, "purpose"), ({"file_type": "exe"}, "file_type"), ({"file_name": ""}, "file_name")],
)
def test_announcing_refuses_a_value(api: Api, fields: dict[str, str], param: str) -> None:
    reply = announce(api, **fields)
    assert (reply.status, api.json(reply)["error"]["param"]) == (400, param)


def test_a_urlencoded_form_announces_too(api: Api) -> None:
    reply = api.send(
        "POST",
        "/v1/files",
        b"purpose=eval&file_name=a.csv",
        {"content-type": "application/x-www-form-urlencoded"},
    )
    assert reply.status == 302


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nno blank line\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut off',
        ),
        ("application/json", b"{}"),
        ("", b""),
    ],
)
def test_a_malformed_form_is_refused(api: Api, content_type: str, body: bytes) -> None:
    assert api.send("POST", "/v1/files/upload", body, {"content-type": content_type}).status == 400
