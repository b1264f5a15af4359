"""What becomes of clients, containers and answers that are pickled, and of those that arrive.

No connection goes along: what arrives in a process shares connections of that process with all that arrive there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, Self

from ._fork import ForkSafeLock
from .lending import SharedTransport
from .response import AsyncBinaryAPIResponse, BinaryAPIResponse
from .sources import DEFAULT, client_names, look
from .transport import open_async_transport, open_sync_transport
from .travel import check_given
from .wire import Response

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

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        # A deep copy of connections makes no sense.
        return self

    def __reduce__(self: Any) -> tuple[object, ...]:  # an engine
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
        return _arrive, (self.__class__, self.config)


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
            check_given(option, finding)
    return {"config": config, "source": source, "client_name": client_name, "defaults": defaults}


def _made(options: dict[str, Any]) -> TogetherContainer:
    from .container import TogetherContainer

    return TogetherContainer(**options)
