"""`vault://secret/together#api_key`: a field of a secret in a key-value store of HashiCorp Vault or OpenBao.

The first part is where that store is mounted, the rest is the path, as for `vault kv get`. A mount that has slashes in
it stands behind: `vault://together?mount=kv/prod#api_key`. `?version=3` reads another version than the current one,
`?kv=1` a store of version 1, `?namespace=team` in another namespace than the one in `VAULT_NAMESPACE`.

The address is in `VAULT_ADDR`, a CA of one's own in `VAULT_CACERT`. What Vault is signed in to with is the first there
is of: a token, in `VAULT_TOKEN` or left by `vault login`; an AppRole, in `VAULT_ROLE_ID` and `VAULT_SECRET_ID`; the
service account of a Kubernetes pod, with the role in `VAULT_K8S_ROLE`. Needs `pip install "together-di[vault]"`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from .. import secrets
from .._text import near_miss
from . import Reference, SecretError, SecretNotFoundError, library
from ._address import address_of
from ._bounded import bounded

T = TypeVar("T")

#: Where Kubernetes mounts the token of a pod's service account.
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")

_NO_ADDRESS = "VAULT_ADDR {}: set it to the address of Vault, such as https://vault.example.com:8200"
_NO_ANSWER = "what came back is not an answer of Vault: is a proxy in between?"
#: What the exceptions of hvac and requests mean: the first that has one of these names, or whose base class has.
_EXCEPTIONS = {
    "Forbidden": "denied (403): no policy allows it, or the token has ended",
    "RateLimitExceeded": "Vault is asked more often than its quota allows (429)",
    "VaultDown": "Vault is sealed, or none of its servers is active (503)",
    "VaultError": "Vault does not accept the request, or fails ({kind})",
    "SSLError": "cannot connect to Vault: its certificate is not trusted; name its CA in VAULT_CACERT",
    "Timeout": "no answer within {limit:g} s",
    "ConnectionError": "cannot connect to the address in VAULT_ADDR",
    "InvalidHeader": "VAULT_TOKEN or VAULT_NAMESPACE has a character that cannot be sent, such as a line break",
    "InvalidSchema": _NO_ADDRESS.format("is not an address"),
    "InvalidURL": _NO_ADDRESS.format("is not an address"),
    "MissingSchema": _NO_ADDRESS.format("is not an address"),
    "OSError": "cannot connect to Vault ({kind})",
    "KeyError": _NO_ANSWER,
    "TypeError": _NO_ANSWER,
}


def read(reference: Reference, client: Any = None) -> str:
    """One field of the secret, or the only one; `client` is a client of your own from hvac, signed in.

    Raises:
        SecretNotFoundError: There is no such secret, version or field.
        SecretError: It cannot be read.
    """
    namespace = ("namespace",) if client is None else ()
    path, options = address_of(reference, "version", "mount", "kv", *namespace)
    if "mount" not in options:
        options["mount"], _, path = path.strip("/").partition("/")
    if not path or not options.get("version", "1").isdecimal() or options.get("kv", "2") not in {"1", "2"}:
        raise SecretError("write vault://MOUNT/PATH#FIELD, and a version as ?version=NUMBER, ?kv=1 or ?kv=2")
    library("hvac", "vault")
    return _field(bounded(lambda: _fields(path, options, client)), reference.field)


def _field(fields: dict[str, object], name: str | None) -> str:
    names = ", ".join(sorted(fields)) or "none"
    if name is None and len(fields) != 1:
        raise SecretError(f"name one of the secret's fields after a #; they are: {names}")
    name = next(iter(fields)) if name is None else name
    if name not in fields:
        raise SecretNotFoundError(f"the secret has no field {name!r}{near_miss(name, fields)}; its fields are: {names}")
    value = fields[name]
    if not isinstance(value, str):
        raise SecretError(f"the field {name!r} is not text")
    return value


def _fields(path: str, options: dict[str, str], client: Any) -> dict[str, object]:
    with _signed_in(options.get("namespace")) if client is None else nullcontext(client) as used:
        return _told("read", lambda: _asked(used, path, options))


def _asked(client: Any, path: str, options: dict[str, str]) -> dict[str, object]:
    mount = options["mount"]
    try:
        if options.get("kv") == "1":
            return dict(client.secrets.kv.v1.read_secret(path, mount_point=mount)["data"])
        answer = client.secrets.kv.v2.read_secret_version(
            path, version=options.get("version"), mount_point=mount, raise_on_deleted_version=True
        )
        return dict(answer["data"]["data"])
    except library("hvac.exceptions", "vault").InvalidPath as error:
        details: Any = error.json
    # About a version that was deleted, something is still known.
    if details and details.get("data"):
        raise SecretNotFoundError("this version of the secret was deleted")
    raise SecretNotFoundError(
        f"there is no such secret, or no such version of it, in the store at {mount!r}: write the path as for "
        "`vault kv get`, without data/; a store of version 1 takes ?kv=1"
    )


@contextmanager
def _signed_in(namespace: str | None) -> Generator[Any]:
    address = os.environ.get("VAULT_ADDR")
    if not address:
        raise SecretError(_NO_ADDRESS.format("is not set"))
    client = library("hvac", "vault").Client(
        address,
        namespace=namespace or os.environ.get("VAULT_NAMESPACE"),
        verify=os.environ.get("VAULT_CACERT") or None,
        timeout=secrets.PATIENCE,
    )
    with closing(client.adapter):
        if client.token:
            yield client
            return
        _told("sign in", lambda: _log_in(client.auth))
        try:
            yield client
        finally:
            # Vault would keep the token of each read until it ends. One that cannot be given back ends by itself.
            with suppress(Exception):
                client.auth.token.revoke_self()


def _log_in(auth: Any) -> None:
    app_role, kubernetes_role = os.environ.get("VAULT_ROLE_ID"), os.environ.get("VAULT_K8S_ROLE")
    if app_role:
        auth.approle.login(app_role, os.environ.get("VAULT_SECRET_ID"))
    elif not kubernetes_role:
        raise SecretError(
            "nothing to sign in with: set VAULT_TOKEN (or run vault login), or VAULT_ROLE_ID and VAULT_SECRET_ID, or "
            "VAULT_K8S_ROLE"
        )
    elif not SERVICE_ACCOUNT.exists():
        raise SecretError(f"sign in: VAULT_K8S_ROLE is set, and there is no token of a pod at {SERVICE_ACCOUNT}")
    else:
        auth.kubernetes.login(kubernetes_role, SERVICE_ACCOUNT.read_text().strip())


def _told(step: str, ask: Callable[[], T]) -> T:
    """What `ask` gives; if it cannot, the error names the step."""
    try:
        return ask()
    except (library("hvac.exceptions", "vault").VaultError, OSError, KeyError, TypeError) as error:
        names = [kind.__name__ for kind in type(error).__mro__]
    meaning = next(_EXCEPTIONS[name] for name in names if name in _EXCEPTIONS)
    raise SecretError(f"{step}: {meaning.format(kind=names[0], limit=secrets.PATIENCE)}")
