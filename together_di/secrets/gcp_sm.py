"""`gcp-sm://project/secret`: a secret of Google Cloud Secret Manager.

`?version=5` reads another version than the latest; the whole name does too, as Google writes it:
`gcp-sm://projects/p/secrets/s/versions/5`. Credentials are the application default ones, as for any program. Needs
`pip install "together-di[gcp]"`.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Any

from .. import secrets
from . import Reference, SecretError, SecretNotFoundError, field_of, library
from ._address import address_of
from ._bounded import bounded

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_BUSY = "Google does not answer now, or is asked too often, also after a while"
#: What the exceptions mean: the first that has one of these names, or whose base class has.
_EXCEPTIONS = {
    "BadRequest": "the version is disabled or destroyed: enable it, or name another with ?version=",
    "Forbidden": "denied: the account of the credentials needs the role Secret Manager Secret Accessor for the secret, "
    "and the project the Secret Manager API",
    "Unauthorized": "sign in: Google does not accept the credentials",
    "GatewayTimeout": "no answer within {limit:g} s",
    "RetryError": _BUSY,
    "ServiceUnavailable": _BUSY,
    "TooManyRequests": _BUSY,
    "DefaultCredentialsError": "sign in: there are no application default credentials: run gcloud auth "
    "application-default login, set GOOGLE_APPLICATION_CREDENTIALS, or give the machine a service account",
    "RefreshError": "sign in: Google refuses the credentials: renew them, with gcloud auth application-default login",
    "TransportError": "sign in: cannot connect to the host that gives tokens",
    "SSLError": "cannot connect to Google: its certificate is not trusted",
    "Timeout": "no answer within {limit:g} s",
    "ConnectionError": "cannot connect to Google",
}
_TRANSPORTS = "google.cloud.secretmanager_v1.services.secret_manager_service.transports"
#: Two log answers, with the secret in them; one warns that there is no project in the credentials: the name has it.
_LOGGERS = (f"{_TRANSPORTS}.rest", f"{_TRANSPORTS}.grpc", "google.auth._default")


def read(reference: Reference, client: Any = None) -> str:
    """The secret, or one field of it; `client` is a `SecretManagerServiceClient` of your own.

    Raises:
        SecretNotFoundError: There is no such secret, version or field.
        SecretError: It cannot be read.
    """
    name, options = address_of(reference, "version")
    found = re.fullmatch(r"projects/([\w.:-]+)/secrets/([\w-]+)(?:/versions/([\w-]+))?", name)
    found = found or re.fullmatch(r"([\w.:-]+)/([\w-]+)()", name)
    version = options.get("version") or (found and found[3]) or "latest"
    if not found or not re.fullmatch(r"[\w-]+", version):
        raise SecretError("write gcp-sm://PROJECT/SECRET, and another version than the latest as ?version=5")
    library("google.cloud.secretmanager_v1", "gcp")
    full = f"projects/{found[1]}/secrets/{found[2]}/versions/{version}"
    data = bounded(lambda: _asked(full, client), silent=_LOGGERS)
    return field_of(_text(data), reference.field, "the secret")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    raise SecretError("the secret is not text in UTF-8")


def _asked(name: str, client: Any) -> bytes:
    exceptions = library("google.api_core.exceptions", "gcp")
    failures = exceptions.GoogleAPIError, library("google.auth.exceptions", "gcp").GoogleAuthError, OSError
    retries = library("google.api_core.retry", "gcp")
    busy = retries.if_exception_type(exceptions.ServiceUnavailable, exceptions.TooManyRequests)
    limit = secrets.PATIENCE
    try:
        with _client() if client is None else nullcontext(client) as used:
            answer = used.access_secret_version(
                name=name, timeout=limit, retry=retries.Retry(busy, initial=0.1, maximum=1, timeout=limit / 2)
            )
            return bytes(answer.payload.data)
    except exceptions.NotFound:
        problem: SecretError = SecretNotFoundError("there is no such secret, or no such version of it")
    except failures as error:
        names = [kind.__name__ for kind in type(error).__mro__]
        meaning = next((_EXCEPTIONS[name] for name in names if name in _EXCEPTIONS), f"failed: {names[0]}")
        problem = SecretError(meaning.format(limit=limit))
    raise problem


def _client() -> Any:
    request = library("google.auth.transport.requests", "gcp").Request()

    def hurried(*arguments: Any, **options: Any) -> Any:
        # Where there is no metadata server, asking for one would else take more time than there is.
        return request(*arguments, **{**options, "timeout": secrets.PATIENCE / 10})

    credentials, _ = library("google.auth", "gcp").default([_SCOPE], request=hurried)
    # Not over gRPC: a process that has used it may hang when it forks, also after its channels are closed.
    return library("google.cloud.secretmanager_v1", "gcp").SecretManagerServiceClient(
        credentials=credentials, transport="rest"
    )
