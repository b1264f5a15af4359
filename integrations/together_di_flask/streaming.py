"""A streamed answer passed on to the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Response

from together_di import AsyncStream, Stream
from together_di.relay import CONTENT_TYPE, HEADERS, First, no_stream, server_sent_events

T = TypeVar("T")


def sse(stream: Stream[T], first: First = (), each: Callable[[T], object] | None = None) -> Response:
    """A response that relays `stream` as server-sent events, and closes it at the end or when the browser goes.

        >>> from flask import Flask, Response
        >>> from together_di_flask import FlaskTogether, sse
        >>> app = Flask("shop")
        >>> app.config["TOGETHER"] = {"transport": "embedded"}
        >>> together = FlaskTogether(app)
        >>> @app.get("/chat")
        ... def chat() -> Response:
        ...     messages = [{"role": "user", "content": "Hi"}]
        ...     return sse(together.client.chat.completions.create(model="m", messages=messages, stream=True))
        >>> app.test_client().get("/chat").text.splitlines()[-2]
        'data: [DONE]'

    Args:
        stream: What a method gives with `stream=True`, called in a `def` view.
        first: Events to send before it, by name: `[("sources", ["returns.md"])]`; their data becomes JSON.
        each: Called with each chunk before it is sent, for example to collect the text.

    Raises:
        TypeError: It is not a `Stream`; the message says what to do.
    """
    if not isinstance(stream, Stream):
        raise _refusal(stream)
    response = Response(server_sent_events(stream, first, each), content_type=CONTENT_TYPE, headers=HEADERS)
    # A relay that was never begun, as after HEAD, closes nothing.
    response.call_on_close(stream.close)
    return response


def _refusal(given: object) -> TypeError:
    if isinstance(given, AsyncStream):
        return TypeError(
            "sse() got an AsyncStream. Flask ends the event loop of an `async def` view, and the stream with it, "
            "before it sends the answer: write a `def` view, and call create(..., stream=True) of get_together() there."
        )
    return no_stream(given, "Call create(..., stream=True) of get_together().")
