"""A loopback server that answers with prepared bytes, in a process of its own: `python server.py` prints its port.

It ends when its standard input does, so it cannot outlive the program that started it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import sys
import threading

#: Limits, in bytes and connections: what no benchmark reaches.
MAX_REQUEST = 2**25
MAX_CONNECTIONS = 16_384

#: In a streamed answer: so many that what the request costs does not count.
CHUNKS = 4000
VECTORS = 128
DIMENSIONS = 1024

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED_END = b"0\r\n\r\n"
_TEXT = "A mixture of experts routes each token to a few of its feed-forward networks, chosen by a small gate. " * 4


def answer(content: str = _TEXT) -> bytes:
    """A chat completion, of usual size unless told otherwise."""
    return _json(
        {
            "id": "oC3KZ5n-2kFHot-98a1b2c3d4e5f6a7",
            "object": "chat.completion",
            "created": 1790000000,
            "model": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "prompt": [],
            "choices": [
                {
                    "finish_reason": "stop",
                    "seed": 1234567890,
                    "index": 0,
                    "logprobs": None,
                    "message": {"role": "assistant", "content": content, "tool_calls": []},
                }
            ],
            "usage": {"prompt_tokens": 34, "completion_tokens": 92, "total_tokens": 126},
        }
    )


def events(count: int = CHUNKS) -> list[bytes]:
    """A streamed answer, an item for each event."""
    words = itertools.cycle(_TEXT.split(" "))
    chunks = [
        {
            "id": "oC3KZ5n-2kFHot-98a1b2c3d4e5f6a7",
            "object": "chat.completion.chunk",
            "created": 1790000000,
            "model": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "choices": [
                {
                    "index": 0,
                    "text": word,
                    "logprobs": None,
                    "seed": None,
                    "delta": {"token_id": 279 + number, "role": "assistant", "content": word, "tool_calls": None},
                    "finish_reason": None,
                }
            ],
            "usage": None,
        }
        for number, word in zip(range(count), words, strict=False)
    ]
    return [*(b"data: " + _json(chunk) + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n"]


def vectors() -> bytes:
    """An answer with 128 embeddings of 1024 numbers."""
    numbers = random.Random(1)
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": [numbers.uniform(-0.1, 0.1) for _ in range(DIMENSIONS)],
        }
        for index in range(VECTORS)
    ]
    return _json({"object": "list", "model": "intfloat/multilingual-e5-large-instruct", "data": data})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _sized(content_type: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _chunked(content_type: str, parts: list[bytes]) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + _CHUNKED_END


class Responses(dict[bytes, bytes]):
    """From the first segment of a path to everything that is sent for it, made when it is first asked for.

    A number in the segment is that of chunks, or of bytes.
    """

    def __missing__(self, segment: bytes) -> bytes:
        name, _, number = segment.decode().partition("-")
        count = int(number or CHUNKS)
        response = self[segment] = {
            "call": lambda: _sized("application/json", answer()),
            "answer": lambda: _sized("application/json", answer("x" * count)),
            "large": lambda: _sized("text/event-stream", b"".join(events(count))),
            "chunked": lambda: _chunked("text/event-stream", events(count)),
            "vectors": lambda: _sized("application/json", vectors()),
        }[name]()
        return response


class Connection(asyncio.Protocol):
    """Reads requests just far enough to know where each ends and which answer it wants; bodies are only counted."""

    open_connections = 0

    def __init__(self, prepared: Responses) -> None:
        self._prepared = prepared
        self._head = b""
        self._segment = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        Connection.open_connections += 1
        if Connection.open_connections > MAX_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        Connection.open_connections -= 1

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        elif not self._starts(data):
            return
        if not self._missing:
            self._transport.write(self._prepared[self._segment])

    def _starts(self, data: bytes) -> bool:
        """Whether the head of a request has come; nobody sends a second one before the answer to the first."""
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return False
        length = _LENGTH.search(self._head, 0, end)
        self._missing = end + 4 + (int(length[1]) if length else 0) - len(self._head)
        if not 0 <= self._missing <= MAX_REQUEST:
            self._transport.abort()
        self._segment = self._head.split(b"/", 2)[1]
        self._head = b""
        return True


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    prepared = Responses()
    server = await loop.create_server(lambda: Connection(prepared), "127.0.0.1", 0, backlog=1024)
    stopped = asyncio.Event()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
