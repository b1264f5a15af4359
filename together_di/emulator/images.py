"""`POST /v1/images/generations` and the pictures that its URLs lead to."""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass
from hashlib import blake2b

from .exchange import Reply, Request, invalid, json_reply, not_found
from .parameters import Parameters

_LARGEST_SIDE = 4096
_DEFAULT_SIDE = 512
_BACKGROUND_SHADES = 192
_SHAPES = 4
_PNG_NAME = re.compile(r"(\d{1,4})x(\d{1,4})-([0-9a-f]{32})\.png")


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a picture depends on, so that its URL needs no memory."""

    width: int
    height: int
    digest: bytes

    @property
    def name(self) -> str:
        """The file name, from which the picture can be made again."""
        return f"{self.width}x{self.height}-{self.digest.hex()}.png"


def generate_images(request: Request) -> Reply:
    """Return pictures as base64 text or as URLs."""
    parameters = Parameters.parse(request.body)
    model, prompt = parameters.text("model"), parameters.text("prompt")
    _check_format(parameters)
    width = parameters.integer("width", minimum=1, maximum=_LARGEST_SIDE) or _DEFAULT_SIDE
    height = parameters.integer("height", minimum=1, maximum=_LARGEST_SIDE) or _DEFAULT_SIDE
    count = parameters.integer("n", minimum=1, maximum=16) or 1
    seed = parameters.integer("seed") or 0
    parameters.integer("steps", minimum=1)
    parameters.number("guidance_scale", minimum=0)
    encoded = parameters.choice("response_format", {"base64", "b64_json", "url"}, "url") != "url"
    pictures = [
        Picture(width, height, blake2b(f"{seed}\0{index}\0{prompt}".encode(), digest_size=16).digest())
        for index in range(count)
    ]
    data = [_data(index, picture, request, encoded=encoded) for index, picture in enumerate(pictures)]
    return json_reply(
        {"id": request.identifier("image"), "object": "list", "model": model, "data": data},
    )


def serve_image(request: Request) -> Reply:
    """Return the PNG that an image URL names."""
    name = request.path_values["name"]
    found = _PNG_NAME.fullmatch(name)
    if found is None or not _within(found[1]) or not _within(found[2]):
        raise not_found("image", name, "Take the URL from a reply of POST /v1/images/generations.")
    picture = Picture(int(found[1]), int(found[2]), bytes.fromhex(found[3]))
    return Reply(200, {"content-type": "image/png", "cache-control": "max-age=31536000"}, png(picture))


def png(picture: Picture) -> bytes:
    """Draw a picture: a slanted gradient between three colours, with a few discs on it."""
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 3, 0, 0, 0)
    pixels = zlib.compress(_rows(picture), 1)
    chunks = ((b"IHDR", header), (b"PLTE", _palette(picture.digest)), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _data(index: int, picture: Picture, request: Request, *, encoded: bool) -> dict[str, object]:
    if encoded:
        return {"index": index, "type": "b64_json", "b64_json": b64encode(png(picture)).decode()}
    return {"index": index, "type": "url", "url": f"{request.base_url}/emulator/images/{picture.name}"}


def _check_format(parameters: Parameters) -> None:
    if parameters.choice("output_format", {"png", "jpeg"}, "png") == "jpeg":
        message = "The emulator draws PNG pictures only: leave `output_format` out or set it to 'png'."
        raise invalid("output_format", message, code="not_emulated")


def _within(side: str) -> bool:
    return 1 <= int(side) <= _LARGEST_SIDE


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _palette(digest: bytes) -> bytes:
    """Return 256 colours: the gradient's shades, then the same shades lightened for the discs."""
    first, second, third = digest[0:3], digest[3:6], digest[6:9]
    half = _BACKGROUND_SHADES // 2
    ramp = [_mix(first, second, step / half) for step in range(half)]
    ramp += [_mix(second, third, step / half) for step in range(half)]
    discs = [_mix(ramp[step * 3], b"\xff\xff\xff", 0.45) for step in range(256 - _BACKGROUND_SHADES)]
    return b"".join(ramp + discs)


def _mix(first: bytes, second: bytes, share: float) -> bytes:
    return bytes(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def _rows(picture: Picture) -> bytes:
    """Return the filtered pixel rows; each row is a slice of one long ramp, so no pixel is computed twice."""
    width, height, digest = picture.width, picture.height, picture.digest
    slant = 1 + digest[9] % 3
    last = width + height * slant
    ramp = bytes(position * (_BACKGROUND_SHADES - 1) // last for position in range(last))
    lighter = bytes(_BACKGROUND_SHADES + shade // 3 for shade in range(256 - 64)) + bytes(range(192, 256))
    discs = [_disc(digest[10 + 1 * index :], width, height) for index in range(_SHAPES)]
    rows: list[bytes] = []
    for y in range(height):
        row = bytearray(ramp[y * slant : y * slant + width])
        for x, centre, radius in discs:
            reach = radius * radius - (y - centre) ** 2
            if reach > 0:
                half = int(reach**0.5)
                left, right = max(0, x - half), min(width, x + half)
                row[left:right] = row[left:right].translate(lighter)
        rows.append(b"\0" + row)
    return b"".join(rows)


def _disc(noise: bytes, width: int, height: int) -> tuple[int, int, int]:
    side = min(width, height)
    return noise[0] * width // 255, noise[1] * height // 255, side // 12 + noise[2] * side // 1024
