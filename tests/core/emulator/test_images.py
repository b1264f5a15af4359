from __future__ import annotations

import struct
import zlib
from base64 import b64decode

import pytest

from tests.core.emulator.conftest import BASE_URL, Api, body_of

IMAGES = "/v1/images/generations"


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Read a PNG by its specification: check each chunk's checksum, return width, height and rows."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    position, data, header = 8, b"", b""
    while position < len(png):
        (size,) = struct.unpack(">I", png[position : position + 4])
        chunk = png[position + 4 : position + 8 + size]
        assert zlib.crc32(chunk) == int.from_bytes(png[position + 8 + size : position + 12 + size])
        header = chunk[4:] if chunk[:4] == b"IHDR" else header
        data += chunk[4:] if chunk[:4] == b"IDAT" else b""
        position += size + 12
    width, height = struct.unpack(">II", header[:8])
    return width, height, zlib.decompress(data)


def picture(api: Api, **params: object) -> bytes:
    reply = api.post(IMAGES, model="m", response_format="base64", **params)
    return b64decode(reply["data"][0]["b64_json"])


def test_a_picture_is_a_png_of_the_wanted_size(api: Api) -> None:
    width, height, rows = pixels(picture(api, prompt="a cat", width=40, height=24))
    assert (width, height, len(rows)) == (40, 24, 24 * 41)
    assert len(set(rows)) > 10


def test_a_picture_measures_512_by_512_by_default(api: Api) -> None:
    assert pixels(picture(api, prompt="a cat"))[:2] == (512, 512)


def test_prompt_and_seed_decide_the_picture(api: Api) -> None:
    cat = picture(api, prompt="a cat", width=32, height=32)
    assert cat == picture(Api(), prompt="a cat", width=32, height=32)
    assert cat != picture(api, prompt="a dog", width=32, height=32)
    assert cat != picture(api, prompt="a cat", width=32, height=32, seed=1)


def test_a_url_leads_to_the_same_picture_without_a_key(api: Api) -> None:
    url = api.post(IMAGES, model="m", prompt="a cat", width=32, height=16)["data"][0]["url"]
    assert url.startswith(BASE_URL)
    reply = Api().emulator.handle("GET", url.removeprefix(BASE_URL), {}, b"", base_url=BASE_URL)
    assert reply.headers["content-type"] == "image/png"
    assert body_of(reply) == picture(api, prompt="a cat", width=32, height=16)


def test_n_gives_different_pictures(api: Api) -> None:
    data = api.post(IMAGES, model="m", prompt="a cat", n=3)["data"]
    assert [item["index"] for item in data] == [0, 1, 2]
    assert len({item["url"] for item in data}) == 3


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"output_format": "jpeg"}, "output_format"),
        ({"width": 0}, "width"),
        ({"height": 5000}, "height"),
        ({"n": 0}, "n"),
        ({"response_format": "svg"}, "response_format"),
        ({"prompt": None}, "prompt"),
    ],
)
def test_refuses_a_value_and_names_the_parameter(api: Api, params: dict[str, object], param: str) -> None:
    assert api.refused(IMAGES, **{"model": "m", "prompt": "a cat", **params})["param"] == param


@pytest.mark.parametrize("name", ["x.png", "0x5-" + "0" * 32 + ".png", "9999x5-" + "0" * 32 + ".png"])
def test_an_unknown_picture_is_not_found(api: Api, name: str) -> None:
    assert api.send("GET", f"/emulator/images/{name}").status == 404
