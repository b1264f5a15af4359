"""Large bodies: 128 vectors to read, a long history and an image to send."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import openai
import together

from together_di import Together
from together_di.types.embeddings import Embedding

from .measure import OURS, Case, Contender, timed
from .peers import CHAT, KEY, OFFICIAL, TRANSPORT, Peer, bare_sender

EMBED: dict[str, Any] = {"model": "intfloat/multilingual-e5-large-instruct", "input": ["a text"] * 128}
ARRAY = "ours, numpy"

HISTORY = CHAT | {
    "messages": [{"role": ("user", "assistant")[number % 2], "content": "word " * 400} for number in range(200)]
}
IMAGE = CHAT | {
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 5_000_000}},
            ],
        }
    ]
}


def cases(address: str, everyone: list[Peer]) -> list[Case]:
    """All three; the floor is the bare transport, of the vectors with what reads JSON fastest."""
    return [
        _vectors(address),
        Case("history-200x2kB", "s", [_sent(peer, HISTORY, 5) for peer in everyone], floor=TRANSPORT),
        Case("image-5MB", "s", [_sent(peer, IMAGE, 2) for peer in everyone], floor=TRANSPORT),
    ]


def _sent(peer: Peer, body: dict[str, Any], repeat: int) -> Contender:
    return Contender(peer.name, timed(lambda: peer.chat("call", body), repeat))


def fastest_reader() -> tuple[str, Callable[[bytes], object]]:
    """orjson where it is installed, else pydantic-core, and its name."""
    if importlib.util.find_spec("orjson"):
        return "orjson", importlib.import_module("orjson").loads
    return "pydantic-core", Embedding.__pydantic_validator__.validate_json


def _vectors(address: str) -> Case:
    url = f"{address}/vectors"
    send = bare_sender()
    floor, read = fastest_reader()
    ours = Together(api_key=KEY, base_url=url).embeddings
    official = together.Together(api_key=KEY, base_url=f"{url}/v1").embeddings
    # Without an encoding this SDK asks for base64, which the prepared answer is not.
    other = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1").embeddings
    contenders: dict[str, Callable[[], object]] = {
        floor: lambda: read(send(f"{url}/v1/embeddings", EMBED).read()),
        TRANSPORT: lambda: Embedding.__pydantic_validator__.validate_json(send(f"{url}/v1/embeddings", EMBED).read()),
        OURS: lambda: ours.create(**EMBED),
        ARRAY: lambda: ours.create_array(**EMBED),
        OFFICIAL: lambda: official.create(**EMBED),
        "openai": lambda: other.create(**EMBED, encoding_format="float"),
    }
    return Case(
        "embeddings-128x1024", "s", [Contender(name, timed(what)) for name, what in contenders.items()], floor=floor
    )
