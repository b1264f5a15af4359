"""What both AWS stores share: the form of their references, the client, and what AWS's errors mean."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import Any

from .. import secrets
from . import Reference, SecretError, SecretNotFoundError, library
from ._address import address_of
from ._bounded import bounded

NO_ANSWER = "failed: what came back is not an answer of AWS: is a proxy in between?"

_ATTEMPTS = 2
#: Of `PATIENCE`, for each connection and for each answer: all attempts and the wait between them fit in.
_SHARE = 0.2

_NOT_FOUND = {"ResourceNotFound", "ParameterNotFound", "ParameterVersionNotFound"}
_REFUSED = "sign in: AWS does not accept the credentials"
_NO_KEY = "read: the KMS key that encrypts the secret cannot be used"
#: What the codes in AWS's answers mean, without `Exception` at their end.
_CODES = {
    "AccessDenied": "denied: the role or user of the credentials must be allowed this, and kms:Decrypt with the key",
    "InvalidRequest": "read: the secret is marked for deletion: restore it, or name another",
    "DecryptionFailure": _NO_KEY,
    "InvalidKeyId": _NO_KEY,
    "ExpiredToken": _REFUSED,
    "InvalidClientTokenId": _REFUSED,
    "InvalidSignature": _REFUSED,
    "UnrecognizedClient": _REFUSED,
}
_NO_SESSION = "sign in: the session has ended: run aws sso login"
#: What botocore's exceptions mean: the first that has one of these names, or whose base class has.
_EXCEPTIONS = {
    "NoCredentialsError": "sign in: there are no AWS credentials: give the machine a role, or set AWS_PROFILE, or "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "PartialCredentialsError": "sign in: the AWS credentials are incomplete",
    "CredentialRetrievalError": "sign in: the place that should give the AWS credentials fails",
    "ProfileNotFound": "sign in: the AWS configuration has no profile of the name in AWS_PROFILE",
    "NoRegionError": "no region: write ?region=eu-west-1 after the name, or set AWS_DEFAULT_REGION",
    "SSOError": _NO_SESSION,
    "TokenRetrievalError": _NO_SESSION,
    "SSLError": "cannot connect to AWS: its certificate is not trusted",
    "ConnectionError": "cannot connect to AWS",
    "HTTPClientError": "cannot connect to AWS",
}


def address(reference: Reference, *parameters: str) -> tuple[str, dict[str, str]]:
    """The name in a reference, and the parameters that follow it; an ARN names its region.

    Raises:
        SecretError: There is no name, or a parameter that is not one of `parameters`.
    """
    name, options = address_of(reference, *parameters)
    if not name.strip("/"):
        raise SecretError(f"the name is missing: write {reference.scheme}://NAME, or {reference.scheme}://NAME#FIELD")
    if name.startswith("arn:"):
        options = {"region": "".join(name.split(":")[3:4]), **options}
    return name, options


def ask(service: str, method: str, request: dict[str, Any], region: str | None, client: Any) -> dict[str, Any]:
    """AWS's answer to `request`, through `client` or a new one.

    Raises:
        SecretError: AWS refuses, cannot be reached, or does not answer in time.
    """
    library("boto3", "aws")
    # botocore logs each answer with the secret in it.
    return bounded(lambda: _asked(service, method, request, region, client), silent=("botocore.parsers",))


def _asked(service: str, method: str, request: dict[str, Any], region: str | None, client: Any) -> dict[str, Any]:
    exceptions = library("botocore.exceptions", "aws")
    try:
        with closing(_client(service, region)) if client is None else nullcontext(client) as used:
            region = used.meta.region_name
            return dict(getattr(used, method)(**request))
    except exceptions.ClientError as error:
        problem = _meaning_of_answer(error, region)
    except exceptions.BotoCoreError as error:
        problem = _meaning_of_exception(error)
    raise problem


def _client(service: str, region: str | None) -> Any:
    limit = _SHARE * secrets.PATIENCE
    config = library("botocore.config", "aws").Config(
        connect_timeout=limit, read_timeout=limit, retries={"mode": "standard", "total_max_attempts": _ATTEMPTS}
    )
    session = library("botocore.session", "aws").get_session()
    # Not only for this client: signing in may need others, of STS or SSO.
    session.set_default_client_config(config)
    return library("boto3", "aws").session.Session(botocore_session=session, region_name=region).client(service)


def _meaning_of_answer(error: Any, region: str | None) -> SecretError:
    code = str(error.response["Error"]["Code"])
    if code.removesuffix("Exception") in _NOT_FOUND:
        return SecretNotFoundError(f"there is no such secret, or no such version of it, in the region {region}")
    return SecretError(f"{_CODES.get(code.removesuffix('Exception'), 'failed')} ({error.operation_name}: {code})")


def _meaning_of_exception(error: Exception) -> SecretError:
    names = [kind.__name__ for kind in type(error).__mro__]
    if "Timeout" in names:
        return SecretError(f"no answer within {_SHARE * secrets.PATIENCE:g} s, {_ATTEMPTS} times")
    return SecretError(next((_EXCEPTIONS[name] for name in names if name in _EXCEPTIONS), f"failed: {names[0]}"))
