"""What users of an application are told when a call to the API fails. The whole story is for the log."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketState

from together_di import APIError, APIStatusError, APITimeoutError
from together_di.retry import retry_after

if TYPE_CHECKING:
    from starlette.types import HTTPExceptionHandler

__all__ = ["add_error_handlers"]

logger = logging.getLogger("together_di")

#: Seconds after which to try again, if the API does not say.
_RETRY_AFTER = 10

_DETAILS = {
    429: "The AI service is busy. Try again later.",
    500: "The AI service is not set up correctly.",
    502: "The AI service could not answer.",
    504: "The AI service took too long to answer.",
}
#: What the API's statuses become. A key that is missing, refused, short of rights or unpaid is the operator's to mend.
_STATUSES = {401: 500, 402: 500, 403: 500, 408: 504, 429: 429, 504: 504}

_TRY_AGAIN_LATER = 1013
_INTERNAL_ERROR = 1011


def add_error_handlers(app: Starlette) -> None:
    """Answer a request during which a call to the API failed, and was not handled, as a gateway would.

    - 429 with `Retry-After` where the API is asked too often;
    - 504 where it takes too long;
    - 500 where it does not take our key, or there is none;
    - 502 in every other case.

    The body is `{"detail": "..."}`; it says nothing of the API's answer, which is logged. A WebSocket is closed with
    1013 (try again later) or 1011. Handlers of your own for a more special error, such as `BadRequestError`, come
    first. A mounted application needs its own.
    """
    app.add_exception_handler(APIError, cast("HTTPExceptionHandler", _handle))


async def _handle(connection: Request | WebSocket, error: Exception) -> Response | None:
    status = _status(error)
    log = logger.error if status == 500 else logger.warning
    log("%s is answered with %d: %s", connection.url.path, status, error)
    if isinstance(connection, WebSocket):
        await _close(connection, status)
        return None
    headers = {"Retry-After": _wait(error)} if status == 429 else None
    return JSONResponse({"detail": _DETAILS[status]}, status, headers)


def _status(error: Exception) -> int:
    if isinstance(error, APITimeoutError):
        return 504
    return _STATUSES.get(error.status_code, 502) if isinstance(error, APIStatusError) else 502


def _wait(error: Exception) -> str:
    asked = retry_after(error.response.headers) if isinstance(error, APIStatusError) else None
    return str(_RETRY_AFTER if asked is None else max(1, math.ceil(asked)))


async def _close(websocket: WebSocket, status: int) -> None:
    if WebSocketState.DISCONNECTED not in {websocket.client_state, websocket.application_state}:
        await websocket.close(_TRY_AGAIN_LATER if status == 429 else _INTERNAL_ERROR, _DETAILS[status])
