"""`azure-kv://vault-name/secret`: a secret in an Azure Key Vault.

A name with a dot in it is a host, as in the clouds of other countries: `azure-kv://web.vault.azure.cn/secret`.
`?version=...` reads another version than the current one. Azure's `DefaultAzureCredential` signs in, as for any
program. Needs `pip install "together-di[azure]"`.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from typing import Any

from .. import secrets
from . import Reference, SecretError, SecretNotFoundError, field_of, library
from ._address import address_of
from ._bounded import bounded

_DENIED = "denied: its identity needs the role Key Vault Secrets User, and the vault's firewall must let it in"
_MEANINGS = {403: _DENIED, 429: "the vault is asked too often, also after a while"}
_SIGN_IN = (
    "sign in: cannot connect to Azure's sign-in, or there are no credentials that it accepts: give the machine a "
    "managed identity, run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; the logger "
    "azure.identity says what was tried"
)


def read(reference: Reference, client: Any = None) -> str:
    """The secret, or one field of it; `client` is a `SecretClient` of your own for that vault.

    Raises:
        SecretNotFoundError: There is no such secret, version or field.
        SecretError: It cannot be read.
    """
    address, options = address_of(reference, "version")
    vault, _, name = address.partition("/")
    if not re.fullmatch(r"[\w.:-]+", vault) or not name:
        raise SecretError("write azure-kv://VAULT/SECRET, and another version than the current one as ?version=...")
    if not re.fullmatch(r"[0-9A-Za-z-]+", name):
        raise SecretError(f"{name!r} is not the name of a secret: a Key Vault allows letters, digits and hyphens only")
    library("azure.keyvault.secrets", "azure")
    host = vault if "." in vault or ":" in vault else f"{vault}.vault.azure.net"
    text = bounded(lambda: _asked(host, name, options.get("version"), client))
    return field_of(text, reference.field, "the secret")


def _asked(host: str, name: str, version: str | None, client: Any) -> str:
    exceptions = library("azure.core.exceptions", "azure")
    try:
        with _client(host) if client is None else nullcontext(client) as used:
            return str(used.get_secret(name, version).value or "")
    except exceptions.ResourceNotFoundError:
        problem: SecretError = SecretNotFoundError("there is no such secret, or no such version of it, in the vault")
    except exceptions.ClientAuthenticationError:
        problem = SecretError(_SIGN_IN)
    except exceptions.HttpResponseError as error:
        problem = _meaning(error)
    except exceptions.ServiceRequestError:
        problem = SecretError("cannot connect to the vault: is there one of that name?")
    except exceptions.ServiceResponseError:
        problem = SecretError(f"no answer within {secrets.PATIENCE:g} s, or not a whole one")
    raise problem


@contextmanager
def _client(host: str) -> Generator[Any]:
    limits = {
        "connection_timeout": secrets.PATIENCE,
        "read_timeout": secrets.PATIENCE,
        "retry_total": 2,
        "retry_backoff_factor": 0.2,
    }
    with (
        library("azure.identity", "azure").DefaultAzureCredential(**limits) as credential,
        library("azure.keyvault.secrets", "azure").SecretClient(f"https://{host}", credential, **limits) as client,
    ):
        yield client


def _meaning(error: Any) -> SecretError:
    code: Any = getattr(error.error, "code", None)
    inner: Any = getattr(error.error, "innererror", None) or {}
    code = inner.get("code", code)
    if code == "SecretDisabled":
        return SecretError("the version is disabled: enable it, or name another with ?version=")
    return SecretError(f"{_MEANINGS.get(error.status_code, 'failed')} ({error.status_code}: {code})")
