"""Every exception this package raises, under the names the official SDK uses.

All of them pickle, none of them holds a key: the request they keep has no `Authorization`, and the network
library's own traceback, whose frames hold the raw bytes that were sent, is left out.
"""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING, Any, ClassVar, cast

from .wire import Request, Response

if TYPE_CHECKING:
    from .file_check import FileProblem

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "BlockingCallError",
    "BlockingCallWarning",
    "ClientClosedError",
    "ConfigurationError",
    "ConflictError",
    "FileTypeError",
    "InsecureBaseURLWarning",
    "InternalServerError",
    "JobTimeoutError",
    "MissingAPIKeyError",
    "NotFoundError",
    "PermissionDeniedError",
    "PoolTimeoutError",
    "RateLimitError",
    "TogetherError",
    "UnprocessableEntityError",
]


class TogetherError(Exception):
    """Base of everything this package raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        # The default calls the class with `args`; these classes take more than that.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class ConfigurationError(TogetherError, ValueError):
    """A setting cannot be used; the message names the setting, where it came from and what to write."""


class ClientClosedError(TogetherError, RuntimeError):
    """A call was made on a client that has been closed, or ran when it was, and did not end in time."""


class FileTypeError(TogetherError, ValueError):
    """A file is not what the API takes for its purpose; nothing was sent.

    Attributes:
        problems: What is wrong, each with its line.
    """

    def __init__(self, message: str, problems: tuple[FileProblem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class BlockingCallError(TogetherError):
    """A blocking call in an event loop, where `blocking_calls` is `"raise"`."""


class BlockingCallWarning(UserWarning):
    """A blocking call in an event loop: nothing else can run there until it is answered."""


class InsecureBaseURLWarning(UserWarning):
    """The base URL sends the key over plain `http` to a host that is neither loopback nor private."""


class JobTimeoutError(TogetherError, TimeoutError):
    """A job had not ended when the time to wait for it was over. The job goes on.

    Attributes:
        id: The job's id.
        job: The job as it was last seen.
        status: Its status then.
    """

    def __init__(self, who: str, id: str, job: Any, timeout: float) -> None:
        super().__init__(f"{who}(): {id!r} is still {job.status!r} after {timeout:g} s. It goes on: wait for it again.")
        self.id = id
        self.job = job
        self.status = job.status
        self._made_of = (who, id, job, timeout)

    def __reduce__(self) -> tuple[object, ...]:
        # A built-in error of the system reads its message from the arguments it is made with.
        return type(self), self._made_of


class APIError(TogetherError):
    """Something went wrong with one request.

    Attributes:
        message: What happened.
        request: The request, without its key; `None` if none was built.
        body: The decoded JSON body of the response, its text if it is not JSON, or `None`.
        code: The API's `error.code`.
        param: The argument the API complains about.
        type: The API's `error.type`.
    """

    message: str
    request: Request | None
    body: object | None
    code: str | None
    param: str | None
    type: str | None

    def __init__(self, message: str, request: Request | None = None, *, body: object | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request = request.record() if request else None
        self.body = body
        details = error_details(body)
        self.code, self.param, self.type = (_text(details.get(name)) for name in ("code", "param", "type"))


class APIConnectionError(APIError):
    """No response: the connection could not be made, or it broke."""

    def __init__(self, message: str = "Connection error.", *, request: Request | None = None) -> None:
        super().__init__(message, request)
        #: Whether the connection ended before a single byte of an answer, as an idle one does: try again at once.
        self.unanswered = False
        #: Whether it will fail the same way each time (an unusable URL, an untrusted certificate).
        self.permanent = False


class APITimeoutError(APIConnectionError):
    """A time limit was reached; the message says which."""

    def __init__(self, request: Request | None = None, *, message: str = "Request timed out.") -> None:
        super().__init__(message, request=request)


class PoolTimeoutError(APITimeoutError):
    """No connection became free in time. Nothing was sent, and nothing is tried again: it would wait once more."""


class APIResponseValidationError(APIError):
    """The response does not have the documented shape (with `strict=True`), or is not JSON at all."""

    def __init__(self, response: Response, body: object | None = None, *, message: str | None = None) -> None:
        said = message or "The response does not fit its documented shape."
        super().__init__(blotted(said, response), response.request, body=body)
        self.response = without_key(response)
        self.body = blotted(body, response)
        self.status_code = response.status_code


class APIStatusError(APIError):
    """The API answered with a 4xx or 5xx status.

    Attributes:
        status_code: The HTTP status.
        response: The response; empty if the error was made without one.
        request_id: The API's `x-request-id`, to quote to support.
    """

    default_status: ClassVar[int] = 500

    def __init__(self, message: str, *, response: Response | None = None, body: object | None = None) -> None:
        self.response = response if response is not None else Response(self.default_status, [], content=b"")
        super().__init__(message, self.response.request, body=body)
        self.status_code = self.response.status_code

    @property
    def request_id(self) -> str | None:
        """The API's `x-request-id`, to quote to support."""
        return self.response.headers.get("x-request-id")


class BadRequestError(APIStatusError):
    """400: the request is malformed."""

    default_status = 400


class AuthenticationError(APIStatusError):
    """401: there is no key, or the API does not accept it."""

    default_status = 401


class MissingAPIKeyError(AuthenticationError):
    """No key was found anywhere; nothing was sent.

    Attributes:
        places: Every place that was looked at, in order.
    """

    def __init__(self, message: str, *, places: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.places = places


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this."""

    default_status = 403


class NotFoundError(APIStatusError):
    """404: no such model, file or path."""

    default_status = 404


class ConflictError(APIStatusError):
    """409: the resource is in another state, or exists already."""

    default_status = 409


class UnprocessableEntityError(APIStatusError):
    """422: the request is well-formed but makes no sense to the API."""

    default_status = 422


class RateLimitError(APIStatusError):
    """429: too many requests."""

    default_status = 429


class InternalServerError(APIStatusError):
    """5xx: the API failed."""

    default_status = 500


BY_STATUS: dict[int, type[APIStatusError]] = {
    kind.default_status: kind
    for kind in (
        BadRequestError,
        AuthenticationError,
        PermissionDeniedError,
        NotFoundError,
        ConflictError,
        UnprocessableEntityError,
        RateLimitError,
    )
}

#: What an error event inside a stream calls itself, where it gives no status.
STATUS_BY_TYPE = {
    "invalid_request": 400,
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "rate_limit": 429,
    "server": 500,
    "internal": 500,
    "service_unavailable": 503,
}


def error_details(body: object, *, within: str | None = None) -> dict[str, Any]:
    """The `error` object of a response body, or an empty one; without `within`, the body itself may be that object."""
    if not isinstance(body, dict):
        return {}
    fields = cast("dict[str, Any]", body)
    details: Any = fields.get(within) or {} if within else fields.get("error", fields)
    return cast("dict[str, Any]", details) if isinstance(details, dict) else {"message": details}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def parsed_body(response: Response) -> object:
    """The body of an error response: decoded if it is JSON, else its text, at most 2,000 characters of it."""
    from pydantic_core import from_json

    try:
        return from_json(response.content)  # which takes no more levels than a function can go down
    except ValueError:
        # Blotted before it is cut: a part of the key would not be found.
        return str(blotted(response.text, response)).strip()[:2000]


def status_error(response: Response) -> APIStatusError:
    """The typed error for a response that is not a success."""
    answer, response = response, without_key(response)
    body = blotted(parsed_body(response), answer)
    detail = error_details(body).get("message") or (body if isinstance(body, str) else "")
    message = f"{response.status_code} {response.reason_phrase}"
    if isinstance(body, str):
        message += f" from {response.url}"  # whoever that is, it is not the API
    if detail:
        message += f": {str(detail)[:500]}"
    if request_id := response.headers.get("x-request-id"):
        message += f" (request {request_id})"
    return _kind(response.status_code)(message, response=response, body=body)


def deadline_error(request: Request) -> APITimeoutError:
    """The error for a call whose time is over, however many attempts it had."""
    message = f"There was no answer within {request.deadline:g} s, all attempts together (deadline)."
    error = APITimeoutError(request, message=message)
    error.permanent = True
    return error


def without_key(response: Response) -> Response:
    """`response` for an error to keep: its request without key and body, and what has been read of its own.

    The key is blotted out where the server sent it back.
    """
    request = response.request.record() if response.request else None
    headers, content, key = response.raw_headers, response._content, response.key
    if key is not None:
        word = key.get_secret_value().encode()
        headers = [(name, value.replace(word, b"***")) for name, value in headers]
        content = None if content is None else content.replace(word, b"***")
    return Response(response.status_code, headers, request, content=content)


def blotted(value: Any, response: Response) -> Any:
    """A decoded body, with the key blotted out: JSON may have written it with escapes."""
    key = response.key
    if key is None:
        return value
    if isinstance(value, str):
        return value.replace(key.get_secret_value(), "***")
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {blotted(name, response): blotted(item, response) for name, item in fields.items()}
    if isinstance(value, list):
        return [blotted(item, response) for item in cast("list[object]", value)]
    return value


def stream_error(response: Response, body: object, received: int) -> APIError:
    """The typed error for an error event in a stream; `received` events had been delivered before it."""
    body = blotted(body, response)
    response = without_key(response)
    details = error_details(body)
    message = f"{details.get('message') or 'The stream reported an error'} (after {received} chunks)"
    status = _stream_status(details)
    if status is None:
        return APIError(message, response.request, body=body)
    error = _kind(status)(message, response=response, body=body)
    error.status_code = status
    return error


def _stream_status(details: dict[str, Any]) -> int | None:
    for candidate in (details.get("status"), details.get("status_code"), details.get("code")):
        text = str(candidate)
        if text.isascii() and text.isdecimal() and len(text) == 3 and 400 <= int(text) < 600:
            return int(text)
    kind = str(details.get("type") or "").lower()
    return next((status for prefix, status in STATUS_BY_TYPE.items() if kind.startswith(prefix)), None)


def _kind(status: int) -> type[APIStatusError]:
    return BY_STATUS.get(status, InternalServerError if status >= 500 else APIStatusError)
