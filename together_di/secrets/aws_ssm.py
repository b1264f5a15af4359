"""`aws-ssm:///prod/together`: a parameter of AWS Systems Manager's Parameter Store, decrypted, by name or ARN.

With three slashes, because the name of a parameter in a hierarchy begins with one. `?region=eu-west-1` reads in another
region than the usual one; a version or a label is part of the name: `aws-ssm:///prod/together:3`. Credentials are found
in boto3's usual way. Needs `pip install "together-di[aws]"`.
"""

from __future__ import annotations

from typing import Any

from . import Reference, SecretError, field_of
from ._aws import NO_ANSWER, address, ask


def read(reference: Reference, client: Any = None) -> str:
    """The parameter, or one field of it; `client` is a boto3 client of your own for SSM.

    Raises:
        SecretNotFoundError: There is no such parameter, version or field.
        SecretError: It cannot be read.
    """
    name, options = address(reference, "region")
    if "/" in name and not name.startswith(("/", "arn:")):
        raise SecretError(f"write aws-ssm:///{name}, with three slashes: a name in a hierarchy begins with one")
    answer = ask("ssm", "get_parameter", {"Name": name, "WithDecryption": True}, options.get("region"), client)
    if "Parameter" not in answer:
        raise SecretError(NO_ANSWER)
    return field_of(str(answer["Parameter"]["Value"]), reference.field, "the parameter")
