from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from together_di.emulator import Emulator, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE_URL = "http://emulator.test"
BOUNDARY = "frontier"


class Api:
    """Calls an emulator and reads what it says."""

    def __init__(self) -> None:
        self.emulator = Emulator()
        self.headers = {"authorization": "Bearer test-key"}

    def send(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        return self.emulator.handle(method, target, {**self.headers, **(headers or {})}, body, base_url=BASE_URL)

    def get(self, target: str) -> Any:
        return self.json(self.send("GET", target))

    def post(self, target: str, **params: object) -> Any:
        return self.json(self.send("POST", target, json.dumps(params).encode()))

    def refused(self, target: str, **params: object) -> Any:
        reply = self.send("POST", target, json.dumps(params).encode())
        assert reply.status == 400, reply
        return self.json(reply)["error"]

    def form(self, target: str, texts: Mapping[str, str], file: tuple[str, bytes] | None = None) -> Reply:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
            for name, text in texts.items()
        ]
        if file is not None:
            disposition = f'Content-Disposition: form-data; name="file"; filename="{file[0]}"'
            head = f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n"
            parts.append(head.encode() + file[1] + b"\r\n")
        body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
        return self.send("POST", target, body, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"})

    def stream(self, target: str, **params: object) -> list[Any]:
        """Return the events of a streamed reply, without the end mark, after checking that it is there."""
        reply = self.send("POST", target, json.dumps({**params, "stream": True}).encode())
        assert reply.headers["content-type"].startswith("text/event-stream")
        *events, last = events_of(reply)
        assert last == b"data: [DONE]\n\n"
        return [json.loads(event.removeprefix(b"data: ")) for event in events]

    @staticmethod
    def json(reply: Reply) -> Any:
        return json.loads(body_of(reply))


def body_of(reply: Reply) -> bytes:
    assert isinstance(reply.body, bytes)
    return reply.body


def events_of(reply: Reply) -> Iterator[bytes]:
    assert not isinstance(reply.body, bytes)
    return reply.body


@pytest.fixture
def api() -> Api:
    return Api()
