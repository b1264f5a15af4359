"""What fuzzing begins with: inputs that are in order, and words that mean something to what reads them.

An input is a body. What follows a byte 0xFF, which UTF-8 does not have, are the sizes of the pieces it is cut into.
The inputs of `error` begin like an HTTP message: the status, header fields, an empty line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core.support.events import DONE, chunk
from ..core.support.sides import KEY, completion

BYTE_BY_BYTE = b"\xff\x01"


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _choice(**more: Any) -> dict[str, Any]:
    """A choice with all that a completion may have."""
    logprobs = {"tokens": ["Hi"], "token_logprobs": [-0.5, None], "top_logprobs": {"Hi": -0.5}}
    return {"index": 0, "finish_reason": "stop", "logprobs": logprobs, "seed": 7, **more}


USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
FUNCTION = {"index": 0, "id": "call-1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
MESSAGE = {"role": "assistant", "content": "né 🦙", "tool_calls": [FUNCTION]}
FAILURE = {"error": {"message": "Overloaded", "type": "server_error", "code": 503, "param": None}}

EVENTS = (
    b"data: 1\n\ndata: 2\n\n",
    b"event: a\ndata: 1\ndata:2\n\n: comment\nid: 1\nretry: 5\n\n" + BYTE_BY_BYTE,
    b"\xef\xbb\xbfdata: 1\r\ndata: 2\r\n\r\n\xff\x02",
    b"data\rdata:\r\r\xff\x00\x03",
)

STREAMS = (
    chunk("né 🦙") + chunk("") + DONE,
    chunk("a", usage=USAGE, choices=[_choice(delta=MESSAGE)]) + DONE + BYTE_BY_BYTE,
    chunk("a") + b"data: " + _written(FAILURE) + b"\n\n\xff\x07",
    chunk("a") + b"event: error\r\ndata: " + _written(FAILURE["error"]) + b"\r\n\r\n",
    b": ping\n\n" + chunk("a").replace(b"data: ", b"data:") + DONE,
    b'data: {"choices": []}\n\n' + DONE,
)

ANSWERS = (
    _written(completion()),
    _written({**completion(), "usage": USAGE, "choices": [_choice(message=MESSAGE)], "warnings": [{"message": "w"}]}),
    _written({**completion(), "created": "soon", "new_field": [None, True, 1.5e-3, {"a": {}}]}),
    b'{"choices": [{"message": {}}]}',
)

ERRORS = (
    b"429\nretry-after: 20\ncontent-type: application/json\nx-request-id: r-1\n\n" + _written(FAILURE),
    b"503\nretry-after: Wed, 21 Oct 2015 07:28:00 GMT\ncontent-type: text/html\n\n<html>Unavailable</html>",
    b'500\nretry-after-ms: 1500.5\nx-should-retry: true\n\n{"error": "broken"}\xff\x03',
    b'400\n\n{"message": "m", "code": "c", "type": "t", "param": "p"}',
    b"401\n\n",
)


def _vectors(*vectors: list[float]) -> dict[str, Any]:
    entries = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(vectors)]
    return {"object": "list", "model": "m", "data": entries}


ARRAYS = (
    _written(_vectors([1, 0.5], [-2.25, 1e-3])),
    _written(_vectors([0.1])),
    b'{"data": []}',
    b'{"data": [{"embedding": [-1e-7, 0]}, {"embedding": [3, 4.0]}]}',
)

_PLAIN = b"""null true false 0 -1 0.5 1e3 1e40 9223372036854775808 18446744073709551616 [] {} "" "1" "a"
    "\\u00e9\\ud83e\\udd99" {"message":"m","code":429} {"a":-0.5} [{"a":null}] [0,1.5]"""

#: Values that may stand anywhere in JSON.
SCRAPS = (*_PLAIN.split(), '"né 🦙"'.encode(), b'"%b"' % KEY.encode(), b'{"%b": 1}' % KEY.encode())

_SIGNS = b"""{ } [ ] : , " \\ \\" \\u00e9 \\ud83e\\udd99 null true false -1 0 0.5 1e3 NaN {} [] "" [[[[[[[[ {"":{"":
    18446744073709551615 1e-320"""
_FIELDS = b"""id object created model choices index message delta role content tool_calls function name arguments
    logprobs tokens token_logprobs top_logprobs finish_reason usage prompt_tokens warnings error code type status
    param"""

JSON_WORDS = (*_SIGNS.split(), *(b'"%b"' % name for name in _FIELDS.split()), b"\xc3\xa9", KEY.encode())
EVENT_WORDS = (
    *(b"data", b"data:", b"data: ", b"event", b"event: ", b"event: error", b"id: ", b"retry: ", b": ", b":", b" "),
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x00"),
    *(b"[DONE]", b"data: [DONE]\n\n", b"data: {", b"\xff\x01", b"\xff\x02\x00"),
)
HEADER_WORDS = (
    *(b"retry-after: ", b"retry-after-ms: ", b"x-should-retry: ", b"content-type: ", b"x-request-id: ", b"location: "),
    *(b"true", b"false", b"inf", b"nan", b"-1", b"1e9", b"0x1", b"Wed, ", b" Oct ", b" GMT", b" +2400", b"00:00:60"),
    *(b"400", b"403", b"404", b"408", b"422", b"451", b"500", b"599", b"; charset=", b"utf-16", b"\n\n", b"\n"),
)
ARRAY_WORDS = (*_SIGNS.split(), b'"data"', b'"index"', b'"embedding"')


def write(folder: Path, seeds: tuple[bytes, ...], words: tuple[bytes, ...]) -> list[str]:
    """Put all of it into files for libFuzzer.

    Args:
        folder: Where to.
        seeds: The inputs.
        words: The words.

    Returns:
        The arguments that name them.
    """
    corpus, dictionary = folder / "seeds", folder / "words"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    lines = ("".join(f"\\x{byte:02x}" for byte in word) for word in words)
    dictionary.write_text("".join(f'"{line}"\n' for line in lines))
    return [f"-dict={dictionary}", str(corpus)]
