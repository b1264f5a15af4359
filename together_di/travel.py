"""What becomes of clients, answers and containers when they are pickled: no key, password or connection goes along.

What arrives in another process finds its key there, and shares that process's connections with all that arrive.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pickle import PicklingError
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, cast

from ._fork import ForkSafeLock
from .errors import ConfigurationError
from .key_lookup import credential_of
from .lending import SharedTransport
from .network import hidden_password
from .options import OPTIONS
from .response import AsyncBinaryAPIResponse, BinaryAPIResponse
from .sources import DEFAULT, Finding, Found, client_names, look
from .transport import open_async_transport, open_sync_transport
from .wire import Response, is_secret_header

if TYPE_CHECKING:
    from .config import TogetherClient
    from .container import TogetherContainer
    from .endpoint import Method
    from .engine import Engine

_lock = ForkSafeLock()
#: The connections of this process for what arrived here. Kept to its end: a task that is sent a client is followed by
#: others, and each would have to connect anew.
_shared: dict[tuple[object, ...], SharedTransport[Any]] = {}


class Travelling:
    """How an engine is pickled, and with it the client, its namespaces and their methods."""

    config: TogetherClient
    shared: SharedTransport[Any]
    script: object

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        # A deep copy of connections makes no sense.
        return self

    def __reduce__(self) -> tuple[object, ...]:
        if self.script is not None:
            raise PicklingError(
                "A fake cannot be pickled: its script and what it records stay in this process. Build one on the other "
                'side, or pass Together(transport="embedded").'
            )
        if getattr(self.shared.transport, "belongs_to_caller", False):
            raise PicklingError(
                "A client with the caller's own http_client cannot be pickled: its connections stay in this process. "
                "Use the options of Together instead (proxy, ca_bundle and so on), or build it on the other side."
            )
        return _arrive, (type(self), self.config)


def _arrive(kind: type[Engine[Any]], config: TogetherClient) -> Engine[Any]:
    """An engine on the connections of this process; closing it leaves them open for the others."""
    is_sync = _is_sync(kind)
    open_transport: Callable[..., Any] = open_sync_transport if is_sync else open_async_transport
    place = (is_sync, config.transport, config.network, config.base_url)
    with _lock:
        if place not in _shared:
            _shared[place] = SharedTransport(open_transport(config.transport, config.network))
        return kind(config, _shared[place], owner=False)


def _is_sync(kind: type[Any]) -> bool:
    from .engine import SyncEngine

    return issubclass(kind, SyncEngine)


def without_engine(parse: Any) -> Any:
    """What parses a response, made independent of the client where it can be: its key need not be found elsewhere.

    Args:
        parse: `engine.finish` for one method and call, or what this function has made of it before.
    """
    engine: Any = getattr(parse.func, "__self__", None)
    if engine is None:
        return parse
    method, call = parse.args
    if call.stream or method.is_paged:
        return parse
    return functools.partial(_finish if _is_sync(engine.__class__) else _afinish, method, engine.config.strict)


def _finish(method: Method, strict: bool, response: Response) -> Any:
    return BinaryAPIResponse(response) if method.result is bytes else method.parse(response, strict=strict)


async def _afinish(method: Method, strict: bool, response: Response) -> Any:
    return AsyncBinaryAPIResponse(response) if method.result is bytes else method.parse(response, strict=strict)


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


def packed_container(container: Any) -> tuple[object, ...]:
    """What of a container travels: what it was made with.

    Raises:
        PicklingError: It was given a secret, or something stands in for one of its providers.
    """
    made_with = ("config", "source", "client_name", "defaults")
    replaced = [name for name, provider in container.providers.items() if provider.overridden and name not in made_with]
    if replaced:
        raise PicklingError(
            f"A container whose {replaced[0]} is overridden cannot be pickled: what stands in for it would stay here."
        )
    try:
        return _made, (_checked(*(getattr(container, name)() for name in made_with)),)
    except PicklingError as error:
        problem = error
    # Without the frames that have the options.
    raise problem.with_traceback(None)


def _checked(
    config: dict[str, Any] | None, source: str, client_name: str, defaults: dict[str, Any] | None
) -> dict[str, Any]:
    given = config or {}
    for name in client_names(given) or [DEFAULT]:
        for option, finding in look(given, source, name).places[0].values.items():
            _check_given(option, finding)
    return {"config": config, "source": source, "client_name": client_name, "defaults": defaults}


def _check_given(option: str, finding: Finding) -> None:
    value: Any = OPTIONS[option].check(finding.value, finding.source) if option in OPTIONS else None
    if option == "api_key":
        credential_of(value, finding.source).__reduce__()
    elif option == "default_headers" and (secret := [name for name in value if is_secret_header(name)]):
        raise _refused("container", secret[0])
    elif option == "proxy" and hidden_password(value) != value:
        raise _refused("container", "proxy")


def _made(options: dict[str, Any]) -> TogetherContainer:
    from .container import TogetherContainer

    return TogetherContainer(**options)
