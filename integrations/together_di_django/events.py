"""A streamed answer as a response."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, cast

from asgiref.sync import async_to_sync, sync_to_async
from django.http import StreamingHttpResponse

from together_di import AsyncStream
from together_di.relay import CONTENT_TYPE, HEADERS, aserver_sent_events, server_sent_events

if TYPE_CHECKING:
    from together_di import Stream


def sse[T](stream: Stream[T] | AsyncStream[T]) -> StreamingHttpResponse:
    pass
