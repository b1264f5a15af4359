"""How an API method is declared once and bound for sync and async.

A namespace declares a method by its verb, path, signature and return type:

    class Embeddings(Resource[M]):
        name = "embeddings"

        @post("/v1/embeddings")
        def create(self, *, input: str | Sequence[str], model: str, **options: Unpack[RequestOptions]) -> Embedding:
            \"\"\"Turn texts into vectors.\"\"\"

`create` is a descriptor. Type checkers see `Callable[P, Embedding]` on `Together` and
`Callable[P, Coroutine[Any, Any, Embedding]]` on `AsyncTogether`, the signature carried by a `ParamSpec`. The function's
body is never run. Response types are named as in the module of the same name under `types/`, which is imported when
the method is first called.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable, Coroutine, Generator
from types import MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from ._lazy import lazy
from .request import Call, RequestBuilder, Template
from .resource import Async, AsyncFake, Fake, Raw, Resource, Streamed, Sync
from .signature import Signature
from .wire import Response

if TYPE_CHECKING:
    from .decoding import Reader
    from .pagination import AsyncPage, AsyncPaginator, Page
    from .response import (
        APIResponse,
        AsyncAPIResponse,
        AsyncBinaryAPIResponse,
        AsyncResponseContextManager,
        BinaryAPIResponse,
        ResponseContextManager,
    )
    from .streaming import AsyncStream, Stream
    from .testing.script import FakeMethod, FakeStreaming, Listed

P = ParamSpec("P")
Q = ParamSpec("Q")
S = TypeVar("S")
A = TypeVar("A")
C = TypeVar("C")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)
C_co = TypeVar("C_co", covariant=True)
Declared = Callable[Concatenate[Any, P], S]


class Method:
    """A declared method, as it is at run time; the subclasses tell type checkers what calling it gives."""

    #: Whether calling it on an async client gives a coroutine.
    awaited = True
    #: Whether it gives a page of a list.
    is_paged = False

    def __init__(self, function: Callable[..., object], template: Template, chunk: str | None = None) -> None:
        self.function = function
        self.template = template
        self.chunk = chunk
        self.name = function.__name__
        self._readers: dict[tuple[Any, bool], Reader[Any]] = {}
        self.is_loaded = False
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type[Resource[Any]], name: str) -> None:
        self.name = f"{owner.name}.{name}"
        self._place = owner, name

    def __reduce__(self) -> tuple[object, ...]:
        return getattr, self._place

    def __get__(self, obj: Any, owner: object = None) -> Any:
        if obj is None:
            return self
        engine = obj._engine
        coroutine = self.awaited and engine.gives_coroutines
        bound = MethodType(self._coroutine_function if coroutine else self._function, obj)
        return bound if engine.script is None else engine.script.bound(self, bound)

    @lazy
    def _function(self) -> Callable[..., Any]:
        def call(resource: Resource[Any], /, *args: object, **values: object) -> object:
            return self.invoke(resource, args, values)

        return self._dressed(call)

    @lazy
    def _coroutine_function(self) -> Callable[..., Any]:
        async def call(resource: Resource[Any], /, *args: object, **values: object) -> object:
            # What would stop the event loop is left to a worker thread: the first call imports the namespace's models,
            # and a form looks at its files.
            if not self.is_loaded:
                await _off_loop(self.load)
            if not self.template.form:
                return await self.invoke(resource, args, values)
            engine = resource._engine
            return await engine.call(self, await _off_loop(self.prepare, engine.builder, args, values))

        return self._dressed(call)

    def load(self) -> None:
        """Do what is done once, when the method is first called."""
        self._reader(self.result, strict=False)
        if self.chunk is not None:
            self._reader(self.chunk_type, strict=False)
        self.is_loaded = bool(self.signature)

    def _dressed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call` with the name, documentation and signature of the declaration."""
        functools.update_wrapper(call, self.function)
        call.__name__ = self.name.rpartition(".")[2]
        call.__qualname__ = self.name
        return call

    def invoke(self, resource: Resource[Any], args: tuple[object, ...], values: dict[str, Any]) -> Any:
        """Make the call in the way of the resource's engine."""
        engine = resource._engine
        return engine.call(self, self.prepare(engine.builder, args, values))

    def prepare(self, builder: RequestBuilder, args: tuple[object, ...], values: dict[str, Any]) -> Call:
        """The call for these arguments; every mistake that can be seen here is raised here."""
        values = self.signature.bind(args, values, self.name)
        stream = bool(values.get("stream")) and self.chunk is not None
        resumable = self.template.resumable
        request = builder.build(self.template, values, self.name)
        return Call(request, stream=stream, unread=resumable, resumable=resumable)

    @lazy
    def types(self) -> ModuleType:
        """The module of the namespace's types: `types/chat.py` for `resources/chat.py`."""
        return importlib.import_module(self.function.__module__.replace(".resources.", ".types."))

    @lazy
    def signature(self) -> Signature:
        """The arguments the method takes."""
        return Signature(self.function, self.template.in_path, self.types)

    @lazy
    def result(self) -> Any:
        """The annotated return type; `bytes` stands for a binary answer."""
        return self._resolve(inspect.signature(self.function).return_annotation)

    def _resolve(self, annotation: str) -> Any:
        if annotation == "BinaryAPIResponse":
            return bytes
        return eval(annotation, vars(self.types))  # noqa: S307 - our own annotation

    def parse(self, response: Response, *, strict: bool) -> Any:
        """A read response as the method's return type."""
        content = b"{}" if response.status_code == 204 else response.content
        return self._reader(self.result, strict=strict)(response, content)

    def chunk_reader(self, *, strict: bool) -> Reader[Any]:
        """What turns the data of events of a stream into the method's chunk type."""
        return self._reader(self.chunk_type, strict=strict)

    @lazy
    def chunk_type(self) -> Any:
        """The type of a chunk of a stream."""
        assert self.chunk is not None
        return self._resolve(self.chunk)

    def _reader(self, kind: Any, *, strict: bool) -> Reader[Any]:
        key = (kind, strict)
        if key not in self._readers:
            # Imported here because it brings pydantic's validators, which a program that makes no call does not need.
            from .decoding import Reader

            self._readers[key] = Reader(kind, self.name, strict=strict)
        return self._readers[key]

    def __repr__(self) -> str:
        return f"<method {self.name}: {self.template.method} {self.template.path}>"


async def _off_loop(function: Callable[..., T], *args: object) -> T:
    import anyio.to_thread

    return await anyio.to_thread.run_sync(function, *args)


class Endpoint(Method, Generic[P, S, A]):
    """A method that gives `S` on a sync client and `A` on an async one."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, obj: None, owner: object = None) -> Self: ...
        @overload
        def __get__(self, obj: Resource[Fake], owner: object = None) -> FakeMethod[P, S, S]: ...
        @overload
        def __get__(
            self, obj: Resource[AsyncFake], owner: object = None
        ) -> FakeMethod[P, Coroutine[Any, Any, A], A]: ...
        @overload
        def __get__(self, obj: Resource[Sync], owner: object = None) -> Callable[P, S]: ...
        @overload
        def __get__(self, obj: Resource[Async], owner: object = None) -> Callable[P, Coroutine[Any, Any, A]]: ...
        @overload
        def __get__(self, obj: Resource[Raw[Sync]], owner: object = None) -> Callable[P, APIResponse[S]]: ...
        @overload
        def __get__(
            self, obj: Resource[Raw[Async]], owner: object = None
        ) -> Callable[P, Coroutine[Any, Any, AsyncAPIResponse[A]]]: ...
        @overload
        def __get__(
            self, obj: Resource[Streamed[Sync]], owner: object = None
        ) -> Callable[P, ResponseContextManager[S]]: ...
        @overload
        def __get__(
            self, obj: Resource[Streamed[Async]], owner: object = None
        ) -> Callable[P, AsyncResponseContextManager[A]]: ...
        def __get__(self, obj: Any, owner: object = None) -> Any: ...

    def streaming(self, function: Declared[Q, C]) -> StreamingEndpoint[P, Q, S, A, C]:
        """The same method with its second form, `stream=True`; `function` is annotated with the type of a chunk."""
        chunk = inspect.signature(function).return_annotation
        return StreamingEndpoint(self.function, self.template, chunk)


class StreamingCall(Protocol[P, Q, R_co, C_co]):
    """A bound method that gives a whole answer, or with `stream=True` a stream of chunks."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> C_co: ...


class StreamingEndpoint(Method, Generic[P, Q, S, A, C]):
    """A method that gives a whole answer, or with `stream=True` a stream of `C`."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, obj: None, owner: object = None) -> Self: ...
        @overload
        def __get__(self, obj: Resource[Fake], owner: object = None) -> FakeStreaming[P, Q, S, Stream[C], S]: ...
        @overload
        def __get__(
            self, obj: Resource[AsyncFake], owner: object = None
        ) -> FakeStreaming[P, Q, Coroutine[Any, Any, A], Coroutine[Any, Any, AsyncStream[C]], A]: ...
        @overload
        def __get__(self, obj: Resource[Sync], owner: object = None) -> StreamingCall[P, Q, S, Stream[C]]: ...
        @overload
        def __get__(
            self, obj: Resource[Async], owner: object = None
        ) -> StreamingCall[P, Q, Coroutine[Any, Any, A], Coroutine[Any, Any, AsyncStream[C]]]: ...
        @overload
        def __get__(
            self, obj: Resource[Raw[Sync]], owner: object = None
        ) -> StreamingCall[P, Q, APIResponse[S], APIResponse[Stream[C]]]: ...
        @overload
        def __get__(
            self, obj: Resource[Raw[Async]], owner: object = None
        ) -> StreamingCall[
            P, Q, Coroutine[Any, Any, AsyncAPIResponse[A]], Coroutine[Any, Any, AsyncAPIResponse[AsyncStream[C]]]
        ]: ...
        @overload
        def __get__(
            self, obj: Resource[Streamed[Sync]], owner: object = None
        ) -> StreamingCall[P, Q, ResponseContextManager[S], ResponseContextManager[Stream[C]]]: ...
        @overload
        def __get__(
            self, obj: Resource[Streamed[Async]], owner: object = None
        ) -> StreamingCall[P, Q, AsyncResponseContextManager[A], AsyncResponseContextManager[AsyncStream[C]]]: ...
        def __get__(self, obj: Any, owner: object = None) -> Any: ...


class PagedEndpoint(Method, Generic[P, T]):
    """A method that gives a list in pages, which is iterated over as if it were one."""

    awaited = False
    is_paged = True

    if TYPE_CHECKING:

        @overload
        def __get__(self, obj: None, owner: object = None) -> Self: ...
        @overload
        def __get__(self, obj: Resource[Fake], owner: object = None) -> FakeMethod[P, Page[T], Listed[T]]: ...
        @overload
        def __get__(
            self, obj: Resource[AsyncFake], owner: object = None
        ) -> FakeMethod[P, AsyncPaginator[T], Listed[T]]: ...
        @overload
        def __get__(self, obj: Resource[Sync], owner: object = None) -> Callable[P, Page[T]]: ...
        @overload
        def __get__(self, obj: Resource[Async], owner: object = None) -> Callable[P, AsyncPaginator[T]]: ...
        @overload
        def __get__(self, obj: Resource[Raw[Sync]], owner: object = None) -> Callable[P, APIResponse[Page[T]]]: ...
        @overload
        def __get__(
            self, obj: Resource[Raw[Async]], owner: object = None
        ) -> Callable[P, Coroutine[Any, Any, AsyncAPIResponse[AsyncPage[T]]]]: ...
        @overload
        def __get__(
            self, obj: Resource[Streamed[Sync]], owner: object = None
        ) -> Callable[P, ResponseContextManager[Page[T]]]: ...
        @overload
        def __get__(
            self, obj: Resource[Streamed[Async]], owner: object = None
        ) -> Callable[P, AsyncResponseContextManager[AsyncPage[T]]]: ...
        def __get__(self, obj: Any, owner: object = None) -> Any: ...

    def invoke(self, resource: Resource[Any], args: tuple[object, ...], values: dict[str, Any]) -> Any:
        """The first page, which fetches the others as they are needed."""
        engine = resource._engine
        return engine.pages(self, self.prepare(engine.builder, args, values))

    @lazy
    def result(self) -> Any:
        """The type of the body of one page."""
        from .types._base import PageBody

        item = re.fullmatch(r"Page\[(.+)\]", inspect.signature(self.function).return_annotation)
        assert item, f"{self.name} must be annotated with Page[...]"
        return PageBody[self._resolve(item[1])]  # type: ignore[misc]  # a type found at run time


Step = Generator["Call | Callable[[], Any]", Any, T]


class Flow(Endpoint[P, S, A]):
    """A method that takes several requests: a generator that yields calls, and functions that may block.

    It is sent the response of each call and the result of each function, so that it is written once: the engine runs
    it with plain calls, or with awaited ones and the functions in a worker thread.
    """

    def load(self) -> None:
        """Do what is done once, when the method is first called."""
        self.is_loaded = bool(self.signature)

    @lazy
    def result(self) -> Any:
        """The type of what it gives in the end."""
        annotation = inspect.signature(self.function).return_annotation
        return self._resolve(annotation.removeprefix("Step[").removesuffix("]"))

    def invoke(self, resource: Resource[Any], args: tuple[object, ...], values: dict[str, Any]) -> Any:
        """Run the steps."""
        values = self.signature.bind(args, values, self.name)
        steps: Any = self.function(resource, **values)
        return resource._engine.run(steps)


def _declare(template: Template) -> Callable[[Declared[P, S]], Endpoint[P, S, S]]:
    return lambda function: Endpoint(function, template)


def get(path: str, **details: Any) -> Callable[[Declared[P, S]], Endpoint[P, S, S]]:
    """Declare a method that sends `GET path`; its arguments go into the URL."""
    return _declare(Template("GET", path, **details))


def post(path: str, **details: Any) -> Callable[[Declared[P, S]], Endpoint[P, S, S]]:
    """Declare a method that sends `POST path`; its arguments go into the body."""
    return _declare(Template("POST", path, **details))


def put(path: str, **details: Any) -> Callable[[Declared[P, S]], Endpoint[P, S, S]]:
    """Declare a method that sends `PUT path`; its arguments go into the body."""
    return _declare(Template("PUT", path, **details))


def patch(path: str, **details: Any) -> Callable[[Declared[P, S]], Endpoint[P, S, S]]:
    """Declare a method that sends `PATCH path`; its arguments go into the body."""
    return _declare(Template("PATCH", path, **details))


def delete(path: str, **details: Any) -> Callable[[Declared[P, S]], Endpoint[P, S, S]]:
    """Declare a method that sends `DELETE path`; its arguments go into the URL."""
    return _declare(Template("DELETE", path, **details))


def binary(
    method: str, path: str, *, accept: str, resumable: bool = False
) -> Callable[[Declared[P, BinaryAPIResponse]], Endpoint[P, BinaryAPIResponse, AsyncBinaryAPIResponse]]:
    """Declare a method whose answer is not JSON; one that is `resumable` is a file, read when it is wanted."""
    return lambda function: Endpoint(function, Template(method, path, accept=accept, resumable=resumable))


def paged(path: str, **details: Any) -> Callable[[Declared[P, Page[T]]], PagedEndpoint[P, T]]:
    """Declare a method that sends `GET path` and gives a list in pages."""
    return lambda function: PagedEndpoint(function, Template("GET", path, **details))


def flow(function: Declared[P, Step[S]]) -> Flow[P, S, S]:
    """Declare a method that takes several requests."""
    return Flow(function, Template("", ""))


def flow_to(method: str, path: str) -> Callable[[Declared[P, Step[S]]], Flow[P, S, S]]:
    """Declare a method that takes several requests, the last of which is `method path`, and what it is known by."""
    return lambda function: Flow(function, Template(method, path))
