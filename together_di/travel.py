"""What of a configuration is pickled: no key, password or other secret, but how the other side finds them there."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pickle import PicklingError
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from .errors import ConfigurationError
from .headers import is_secret_header
from .key_lookup import credential_of
from .network import hidden_password
from .options import OPTIONS
from .sources import DEFAULT, Finding, Found, look

if TYPE_CHECKING:
    from .config import TogetherClient


def by_name(function: Callable[..., object], source: str) -> tuple[str, str]:
    """How a function that gives the key travels: by its name, so that no key in or around it goes along.

    (cloudpickle would take what `pickle` refuses, a lambda for one, with everything it refers to.)

    Raises:
        PicklingError: There is no such function under that name.
    """
    module, name = str(getattr(function, "__module__", "")), getattr(function, "__qualname__", "")
    try:
        found = named(module, name)
    except ConfigurationError:
        found = None
    if found is not function:
        raise PicklingError(
            f"A client whose key comes from a function (here {source}) can be pickled only if the function travels by "
            "its name: define it with def at the top of a module that both sides import. Or pass a secret reference "
            "such as file:///run/secrets/together."
        )
    return module, name


def named(module: str, name: str) -> Callable[..., Any]:
    """The function of that name in a module of this process.

    Raises:
        ConfigurationError: There is none.
    """
    found: Any = sys.modules.get(module) or _imported(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if callable(found):
        return cast("Callable[..., Any]", found)
    raise ConfigurationError(
        f"The function {name} that gives the key is not in the module {module} of this process: define it at the top "
        "of a module that both sides import."
    )


def _imported(module: str) -> object:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def packed(config: TogetherClient) -> tuple[object, ...]:
    """What of a configuration travels: all but where it was found, and secrets, which are found anew on arrival.

    Raises:
        PicklingError: The program gave a secret, so that it cannot be found there.
    """
    state = {name: getattr(config, name) for name in config.__slots__ if name != "found"}
    headers = dict(config.default_headers)
    secret = [name for name in headers if is_secret_header(name)]
    state["default_headers"] = {name: value for name, value in headers.items() if name not in secret}
    state["default_query"] = dict(config.default_query)
    proxy = config.network.proxy
    if proxy is not None and hidden_password(proxy) != proxy:
        secret.append("proxy")
        state["network"] = config.network._replace(proxy=None)
    if not secret:
        return _unpacked, (state,)
    known = _secrets_of(config.found) if config.found else {}
    for name in secret:
        if known.get(name) != (proxy if name == "proxy" else headers[name]):
            raise _refused("client", name)
    return _unpacked, (state, secret, config.found.name if config.found else DEFAULT)


def _unpacked(state: dict[str, Any], secret: Sequence[str] = (), name: str = DEFAULT) -> TogetherClient:
    from .config import TogetherClient

    if secret:
        found = state["found"] = look(name=name)
        known = _secrets_of(found)
        missing = [name for name in secret if name not in known]
        if missing:
            raise ConfigurationError(f"The client that was pickled has secrets that this process has not: {missing}.")
        state["default_headers"] |= {name: known[name] for name in secret if name != "proxy"}
        if "proxy" in secret:
            state["network"] = state["network"]._replace(proxy=known["proxy"])
    for mapping in ("default_headers", "default_query"):
        state[mapping] = MappingProxyType(state[mapping])
    return TogetherClient(**state)


def _secrets_of(found: Found) -> dict[str, str]:
    """The values of headers and of the proxy, as another process would find them too."""
    places = tuple(
        place._replace(values={name: finding for name, finding in place.values.items() if not finding.was_given})
        for place in found.places
    )
    values, _ = replace(found, places=places).check()
    proxy = {"proxy": values["proxy"]} if "proxy" in values else {}
    return {**values.get("default_headers", {}), **proxy}


def _refused(what: str, name: str) -> PicklingError:
    """The error for a secret header, or for the proxy."""
    variable = "TOGETHER_PROXY" if name == "proxy" else "TOGETHER_CUSTOM_HEADERS"
    secret = "the password of a proxy" if name == "proxy" else f"the secret header {name}"
    return PicklingError(
        f"A {what} with {secret} cannot be pickled: the secret would travel with it. Leave it out there, and set "
        f"{variable} on both sides."
    )


def check_given(option: str, finding: Finding) -> None:
    """Refuse to have an option of a container travel that is a secret.

    Raises:
        PicklingError: It is.
    """
    value: Any = OPTIONS[option].check(finding.value, finding.source) if option in OPTIONS else None
    if option == "api_key":
        credential_of(value, finding.source).__reduce__()
    elif option == "default_headers" and (secret := [name for name in value if is_secret_header(name)]):
        raise _refused("container", secret[0])
    elif option == "proxy" and hidden_password(value) != value:
        raise _refused("container", "proxy")
