"""Together AI for Django, Flask and FastAPI: one configuration, one client, injected everywhere.

>>> from together_di import Together
>>> client = Together(transport="embedded")  # Together() for the real API, with the key from TOGETHER_API_KEY
>>> answer = client.chat.completions.create(
...     model="meta-llama/Llama-3.3-70B-Instruct-Turbo",
...     messages=[
...         {"role": "system", "content": "Llamas live in the Andes. Cats live everywhere."},
...         {"role": "user", "content": "Where do llamas live?"},
...     ],
... )
>>> answer.choices[0].message.content
'Llamas live in the Andes.'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._sentinels import NotGiven, not_given
from ._version import __version__
from .client import AsyncTogether, Together
from .config import TogetherClient
from .errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    BlockingCallError,
    BlockingCallWarning,
    ClientClosedError,
    ConfigurationError,
    ConflictError,
    FileTypeError,
    InsecureBaseURLWarning,
    InternalServerError,
    JobTimeoutError,
    MissingAPIKeyError,
    NotFoundError,
    PermissionDeniedError,
    PoolTimeoutError,
    RateLimitError,
    TogetherError,
    UnprocessableEntityError,
)
from .response import APIResponse, AsyncAPIResponse, AsyncBinaryAPIResponse, BinaryAPIResponse
from .streaming import AsyncStream, Stream
from .timeout import Timeout

if TYPE_CHECKING:
    from . import types as types
    from .answers import AnswerFile as AnswerFile
    from .container import TogetherContainer as TogetherContainer
    from .file_check import check_file as check_file
    from .settings import TogetherSettings as TogetherSettings
    from .testing.fake import FakeTogether as FakeTogether
    from .transport.httpx_client import DefaultAsyncHttpxClient as DefaultAsyncHttpxClient
    from .transport.httpx_client import DefaultHttpxClient as DefaultHttpxClient
    from .types import BaseModel as BaseModel

Client = Together
AsyncClient = AsyncTogether
NOT_GIVEN = not_given
Omit = NotGiven
omit = not_given

__all__ = [
    "NOT_GIVEN",
    "APIConnectionError",
    "APIError",
    "APIResponse",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AnswerFile",
    "AsyncAPIResponse",
    "AsyncBinaryAPIResponse",
    "AsyncClient",
    "AsyncStream",
    "AsyncTogether",
    "AuthenticationError",
    "BadRequestError",
    "BaseModel",
    "BinaryAPIResponse",
    "BlockingCallError",
    "BlockingCallWarning",
    "Client",
    "ClientClosedError",
    "ConfigurationError",
    "ConflictError",
    "DefaultAsyncHttpxClient",
    "DefaultHttpxClient",
    "FakeTogether",
    "FileTypeError",
    "InsecureBaseURLWarning",
    "InternalServerError",
    "JobTimeoutError",
    "MissingAPIKeyError",
    "NotFoundError",
    "NotGiven",
    "Omit",
    "PermissionDeniedError",
    "PoolTimeoutError",
    "RateLimitError",
    "Stream",
    "Timeout",
    "Together",
    "TogetherClient",
    "TogetherContainer",
    "TogetherError",
    "TogetherSettings",
    "UnprocessableEntityError",
    "__version__",
    "check_file",
    "not_given",
    "omit",
    "types",
]

#: Imported when first asked for, because they bring heavy libraries.
_LAZY = {
    "AnswerFile": ".answers",
    "BaseModel": ".types",
    "DefaultAsyncHttpxClient": ".transport.httpx_client",
    "DefaultHttpxClient": ".transport.httpx_client",
    "FakeTogether": ".testing.fake",
    "TogetherContainer": ".container",
    "TogetherSettings": ".settings",
    "check_file": ".file_check",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name == "types":
        return importlib.import_module(".types", __name__)
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
