"""`aws-sm://prod/together#api_key`: a secret of AWS Secrets Manager, by its name or ARN.

`?region=eu-west-1` after the name reads in another region than boto3's, `?stage=AWSPREVIOUS` or `?version=...` another
version than the current one. boto3 finds the credentials, as for any program. Needs `pip install "together-di[aws]"`.
"""

from __future__ import annotations

from typing import Any

from . import Reference, SecretError, field_of
from ._aws import NO_ANSWER, address, ask

_VERSIONS = {"stage": "VersionStage", "version": "VersionId"}


def read(reference: Reference, client: Any = None) -> str:
    """The secret, or one field of it; `client` is a boto3 client of your own for Secrets Manager.

    Raises:
        SecretNotFoundError: There is no such secret, version or field.
        SecretError: It cannot be read.
    """
    name, options = address(reference, "region", *_VERSIONS)
    request = {"SecretId": name, **{_VERSIONS[option]: options[option] for option in _VERSIONS if option in options}}
    answer = ask("secretsmanager", "get_secret_value", request, options.get("region"), client)
    return field_of(_text(answer), reference.field, "the secret")


def _text(answer: dict[str, Any]) -> str:
    if "SecretString" in answer:
        return str(answer["SecretString"])
    try:
        return bytes(answer["SecretBinary"]).decode()
    except KeyError:
        problem = NO_ANSWER
    except UnicodeDecodeError:
        problem = "the secret is not text in UTF-8"
    raise SecretError(problem)
