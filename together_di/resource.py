"""A namespace of a client, such as `client.chat.completions`, and the way its methods are called.

One class serves every way: `Embeddings[Sync]` is the namespace of `Together`, `Embeddings[Async]` that of
`AsyncTogether`, and `Raw` and `Streamed` stand for `with_raw_response` and `with_streaming_response`. The type
parameter exists for type checkers only; at run time the engine knows how to call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from ._text import near_miss

if TYPE_CHECKING:
    from .config import TogetherClient
    from .engine import Engine

#: Covariant, so that a fake's namespace stands wherever a real one is asked for.
M = TypeVar("M", covariant=True)  # noqa: PLC0105 - named in every namespace


class Sync:
    """Methods return their result."""


class Async:
    """Methods return a coroutine."""


class Fake(Sync):
    """Methods return their result, and can be told which."""


class AsyncFake(Async):
    """Methods return a coroutine, and can be told of what."""


class Raw(Generic[M]):
    """Methods return the response with its headers, body read."""


class Streamed(Generic[M]):
    """Methods return a context manager around the response, body not read."""


class Resource(Generic[M]):
    """Base of every namespace."""

    name: ClassVar[str]

    def __init__(self, engine: Engine[Any]) -> None:
        self._engine = engine

    @property
    def client(self) -> TogetherClient:
        """The configuration, shared by all namespaces of the client."""
        return self._engine.config

    if not TYPE_CHECKING:
        # Each namespace declares the type of these two, which names the namespace itself.

        @property
        def with_raw_response(self) -> Self:
            """The same methods; each returns the response with its headers."""
            return type(self)(self._engine.raw)

        @property
        def with_streaming_response(self) -> Self:
            """The same methods; each returns a context manager around a response that has not been read."""
            return type(self)(self._engine.streamed)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                return super().__getattribute__(name)
            own = [known for known in vars(type(self)) if not known.startswith("_") and known != "name"]
            hint = near_miss(name, own)
            if self._engine.script is not None and own and not hint:
                hint = f": a fake is told what each method gives, as in .{own[0]}.returns(...)"
            raise AttributeError(f"{self.name} has no {name!r}{hint}.")

    def __repr__(self) -> str:
        return f"<together_di {self.name}>"
