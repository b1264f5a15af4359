"""`client.get`, `client.post` and so on: paths of the API that this package has no method for yet.

answer = client.post("/v1/new-thing", cast_to=dict[str, object], body={"model": "m"})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from .endpoint import Method
from .request import OPTION_NAMES, Call, RequestOptions, Template
from .resource import Async, Resource, Sync

if TYPE_CHECKING:
    from typing import Self, Unpack

    from .engine import Engine
    from .wire import Response

__all__ = ["AsyncCallVerb", "CallVerb", "Verb"]

T = TypeVar("T")


class CallVerb(Protocol):
    """What `client.post` takes."""

    def __call__(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: Mapping[str, object] | None = None,
        **options: Unpack[RequestOptions],
    ) -> T:
        """Send a request; retries, key and errors are those of every call.

        Args:
            path: With its version: `/v1/new-thing`.
            cast_to: What to make of the answer: a pydantic model, `dict[str, object]` or any other type that
                pydantic can check, `bytes` for the body as it is, or `httpx.Response`.
            body: Sent as JSON.
            **options: As of every method.
        """
        ...


class AsyncCallVerb(Protocol):
    """What `async_client.post` takes."""

    async def __call__(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: Mapping[str, object] | None = None,
        **options: Unpack[RequestOptions],
    ) -> T:
        """The same, awaited."""
        ...


class Verb:
    """One HTTP verb of a client."""

    def __init__(self, verb: str) -> None:
        self._verb = verb

    if TYPE_CHECKING:

        @overload
        def __get__(self, obj: None, owner: object = None) -> Self: ...
        @overload
        def __get__(self, obj: Resource[Sync], owner: object = None) -> CallVerb: ...
        @overload
        def __get__(self, obj: Resource[Async], owner: object = None) -> AsyncCallVerb: ...
        def __get__(self, obj: Any, owner: object = None) -> Any: ...

    else:

        def __get__(self, obj: Resource[Any] | None, owner: object = None) -> Any:
            if obj is None:
                return self
            verb, engine = self._verb, obj._engine

            def call(path: str, *, cast_to: Any, body: Mapping[str, object] | None = None, **options: Any) -> Any:
                method = _Plain(verb, _checked(path), cast_to, bodiless=body is None)
                return engine.call(method, method.call(engine, body or {}, options))

            call.__qualname__ = f"client.{verb.lower()}"  # for Python's own errors
            return call


class _Plain(Method):
    """A method that was not declared."""

    def __init__(self, verb: str, path: str, cast_to: Any, *, bodiless: bool) -> None:
        super().__init__(_Plain, Template(verb, path, bodiless=bodiless))
        self.name = f"client.{verb.lower()}"
        self._cast_to = cast_to
        # Of a declared method, `bytes` stands for a binary answer, and not for its content.
        result: Any = object if cast_to is bytes else cast_to
        self.result = result

    def call(self, engine: Engine[Any], body: Mapping[str, object], options: dict[str, Any]) -> Any:
        """The call with this body."""
        if unknown := options.keys() - OPTION_NAMES:
            raise TypeError(
                f"{self.name}() has no option {min(unknown)!r}; what goes into the body stands in body={{}}."
            )
        options["extra_body"] = {**body, **(options.get("extra_body") or {})}
        return Call(engine.builder.build(self.template, options, self.name))

    def parse(self, response: Response, *, strict: bool) -> Any:
        """The answer as the type that was asked for."""
        if self._cast_to is bytes:
            return response.content
        if getattr(self.result, "__module__", "").partition(".")[0] == "httpx":
            from .transport.httpx_client import as_httpx_response

            return as_httpx_response(response)
        return super().parse(response, strict=strict)


def _checked(path: str) -> str:
    if not path.startswith("/") or "{" in path:
        raise ValueError(f"path={path!r} must be a path of the API, such as '/v1/models', with no open places.")
    return path
