"""Making a call: key, attempts, redirects and what becomes of the response.

Everything is decided in plain functions; the sync and the async engine are two thin shells that send, wait and read.
"""

from __future__ import annotations

import functools
import time
import warnings
import weakref
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._text import callers_level
from .attempts import Attempts
from .config import TogetherClient, set_log_level
from .errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    BlockingCallError,
    BlockingCallWarning,
    ClientClosedError,
    ConfigurationError,
    parsed_body,
)
from .pagination import AsyncPage, AsyncPaginator, Page
from .request import Call, RequestBuilder
from .response import (
    APIResponse,
    AsyncAPIResponse,
    AsyncBinaryAPIResponse,
    AsyncResponseContextManager,
    BinaryAPIResponse,
    ResponseContextManager,
)
from .streaming import AsyncStream, Stream
from .transport import AsyncTransport, SyncTransport
from .wire import Response

if TYPE_CHECKING:
    from .endpoint import Method
    from .testing.script import Script

TransportT = TypeVar("TransportT", bound=SyncTransport | AsyncTransport)
E = TypeVar("E", bound="Engine[Any]")


class SharedTransport(Generic[TransportT]):
    """A transport used by a client and its copies; closed by its owner, or when nobody refers to it any more."""

    def __init__(self, transport: TransportT) -> None:
        self.transport = transport
        self.is_closed = False
        # Also runs when the interpreter exits.
        self._finalizer = weakref.finalize(self, transport.close)

    def close(self) -> None:
        """Close the transport; doing it twice does no harm."""
        self.is_closed = True
        self._finalizer()


class Engine(Generic[TransportT]):
    """What the namespaces of one client share."""

    #: Whether its methods return coroutines.
    gives_coroutines = False
    #: What makes the methods of a fake scriptable.
    script: Script | None = None

    def __init__(self, config: TogetherClient, shared: SharedTransport[TransportT], *, owner: bool = True) -> None:
        set_log_level(config.log_level)
        self.config = config
        self.shared = shared
        self.owner = owner
        self.builder = RequestBuilder(config)
        self.is_closed = False

    def check_open(self) -> None:
        """Refuse to call once the client, or the client whose connections it borrows, has been closed.

        Raises:
            ClientClosedError: It has.
        """
        if self.is_closed or self.shared.is_closed:
            raise ClientClosedError("This client has been closed, and takes no more calls: build a new one.")

    def viewed_as(self, kind: type[E]) -> E:
        """The same engine, which calls in another way: all state is shared."""
        view = kind.__new__(kind)
        view.__dict__ = self.__dict__
        return view

    @property
    def raw(self) -> Engine[TransportT]:
        """The same engine for `with_raw_response`."""
        raise NotImplementedError

    @property
    def streamed(self) -> Engine[TransportT]:
        """The same engine for `with_streaming_response`."""
        raise NotImplementedError

    def call(self, method: Method, call: Call) -> Any:
        """Make the call and give the method's result."""
        raise NotImplementedError

    def pages(self, method: Method, call: Call) -> Any:
        """The first page of a list."""
        raise NotImplementedError

    def run(self, steps: Generator[Any, Any, Any]) -> Any:
        """Run a method that takes several requests."""
        raise NotImplementedError


def check_not_in_loop(policy: str) -> None:
    """Complain of a blocking call if an event loop runs on this thread.

    Raises:
        BlockingCallError: One does, and `policy` is `"raise"`.
    """
    from asyncio import get_running_loop

    try:
        get_running_loop()
    except RuntimeError:
        return
    text = (
        "A blocking call of Together in an event loop stops everything else in that loop until it is answered. Use "
        "AsyncTogether (in a web framework, get_async_together), or asyncio.to_thread."
    )
    if policy == "raise":
        raise BlockingCallError(text)
    warnings.warn(text, BlockingCallWarning, stacklevel=callers_level())


class SyncEngine(Engine[SyncTransport]):
    """Calls that block."""

    def __init__(self, config: TogetherClient, shared: SharedTransport[SyncTransport], *, owner: bool = True) -> None:
        if config.credential.is_async:
            raise ConfigurationError("api_key is an async function, and Together is not: use AsyncTogether.")
        super().__init__(config, shared, owner=owner)

    def send(self, call: Call) -> Response:
        """The response, read unless the call is a stream.

        Raises:
            APIStatusError: The API refused, and trying again did not help or makes no sense.
            APIConnectionError: There was no response, however often it was tried.
        """
        if self.config.blocking_calls != "allow":
            check_not_in_loop(self.config.blocking_calls)
        attempts = Attempts(call, self.config.max_retries, self.config.retry)
        while True:
            self.check_open()  # each time: it may be closed while a call waits
            attempts.request.key = self.config.credential.get() if attempts.may_carry_key else None
            try:
                response = self.shared.transport.send(attempts.request)
                if not (call.stream or call.unread) or not response.is_success:
                    response.read()
                if attempts.accept(response):
                    return response
                continue
            except APIConnectionError as error:
                problem: APIError = error
            except APIStatusError as error:
                problem = error
            if attempts.may_renew(problem) and self.config.credential.renew(attempts.request.key):
                continue
            time.sleep(attempts.delay(problem))

    def call(self, method: Method, call: Call) -> Any:
        """Make the call and give the method's result."""
        return self.finish(method, call, self.send(call))

    def finish(self, method: Method, call: Call, response: Response) -> Any:
        """What the method gives for `response`."""
        if call.stream and is_event_stream(response):
            return Stream(response, method.chunk_parser(strict=self.config.strict))
        if method.result is bytes and not call.stream:
            return BinaryAPIResponse(response)
        response.read()
        if call.stream:
            raise no_event_stream(method, response)
        result = method.parse(response, strict=self.config.strict)
        return Page(result, call, functools.partial(self.body, method)) if method.is_paged else result

    def body(self, method: Method, call: Call) -> Any:
        """The parsed body of the response."""
        return method.parse(self.send(call), strict=self.config.strict)

    pages = call

    def run(self, steps: Generator[Any, Any, Any]) -> Any:
        """Run the steps one after the other."""
        driver = Driver(steps)
        while (step := driver.step) is not None:
            try:
                result = self.send(step) if isinstance(step, Call) else step()
            except Exception as error:  # noqa: BLE001 - for the generator to handle
                driver.throw(error)
            else:
                driver.send(result)
        return driver.result

    @property
    def raw(self) -> RawSyncEngine:
        """For `with_raw_response`."""
        return self.viewed_as(RawSyncEngine)

    @property
    def streamed(self) -> StreamedSyncEngine:
        """For `with_streaming_response`."""
        return self.viewed_as(StreamedSyncEngine)


class RawSyncEngine(SyncEngine):
    """Calls that give the response with its headers."""

    def call(self, method: Method, call: Call) -> APIResponse[Any]:
        """Make the call and give the response."""
        return APIResponse(self.send(call), functools.partial(self.finish, method, call))

    pages = call


class StreamedSyncEngine(RawSyncEngine):
    """Calls that give a context manager around a response that has not been read."""

    def call(self, method: Method, call: Call) -> Any:
        """Prepare the call; it is sent when the result is entered."""
        unread = replace(call, unread=True)
        finish = functools.partial(self.finish, method, call)
        return ResponseContextManager(lambda: APIResponse(self.send(unread), finish))

    pages = call


class AsyncEngine(Engine[AsyncTransport]):
    """Calls that are awaited, in any event loop."""

    gives_coroutines = True

    async def send(self, call: Call) -> Response:
        """The response, read unless the call is a stream.

        Raises:
            APIStatusError: The API refused, and trying again did not help or makes no sense.
            APIConnectionError: There was no response, however often it was tried.
        """
        attempts = Attempts(call, self.config.max_retries, self.config.retry)
        while True:
            self.check_open()
            attempts.request.key = await self.config.credential.aget() if attempts.may_carry_key else None
            try:
                response = await self.shared.transport.send(attempts.request)
                if not (call.stream or call.unread) or not response.is_success:
                    await response.aread()
                if attempts.accept(response):
                    return response
                continue
            except APIConnectionError as error:
                problem: APIError = error
            except APIStatusError as error:
                problem = error
            if attempts.may_renew(problem) and await self.config.credential.arenew(attempts.request.key):
                continue
            await _sleep(attempts.delay(problem))

    async def call(self, method: Method, call: Call) -> Any:
        """Make the call and give the method's result."""
        return await self.finish(method, call, await self.send(call))

    async def finish(self, method: Method, call: Call, response: Response) -> Any:
        """What the method gives for `response`."""
        if call.stream and is_event_stream(response):
            return AsyncStream(response, method.chunk_parser(strict=self.config.strict))
        if method.result is bytes and not call.stream:
            return AsyncBinaryAPIResponse(response)
        await response.aread()
        if call.stream:
            raise no_event_stream(method, response)
        result = method.parse(response, strict=self.config.strict)
        return AsyncPage(result, call, functools.partial(self.body, method)) if method.is_paged else result

    async def body(self, method: Method, call: Call) -> Any:
        """The parsed body of the response."""
        return method.parse(await self.send(call), strict=self.config.strict)

    def pages(self, method: Method, call: Call) -> Any:
        """The first page of a list, to be awaited or iterated over."""
        return AsyncPaginator(call, functools.partial(self.call, method))

    async def run(self, steps: Generator[Any, Any, Any]) -> Any:
        """Run the steps one after the other; what may block, in a worker thread."""
        import anyio.to_thread

        driver = Driver(steps)
        while (step := driver.step) is not None:
            try:
                result = await self.send(step) if isinstance(step, Call) else await anyio.to_thread.run_sync(step)
            except Exception as error:  # noqa: BLE001 - for the generator to handle
                driver.throw(error)
            else:
                driver.send(result)
        return driver.result

    @property
    def raw(self) -> RawAsyncEngine:
        """For `with_raw_response`."""
        return self.viewed_as(RawAsyncEngine)

    @property
    def streamed(self) -> StreamedAsyncEngine:
        """For `with_streaming_response`."""
        return self.viewed_as(StreamedAsyncEngine)


class RawAsyncEngine(AsyncEngine):
    """Calls that give the response with its headers."""

    async def call(self, method: Method, call: Call) -> Any:
        """Make the call and give the response."""
        return AsyncAPIResponse(await self.send(call), functools.partial(self.finish, method, call))

    pages = call


class StreamedAsyncEngine(RawAsyncEngine):
    """Calls that give a context manager around a response that has not been read."""

    gives_coroutines = False

    def call(self, method: Method, call: Call) -> Any:
        """Prepare the call; it is sent when the result is entered."""
        unread = replace(call, unread=True)
        finish = functools.partial(self.finish, method, call)

        async def send() -> AsyncAPIResponse[Any]:
            return AsyncAPIResponse(await self.send(unread), finish)

        return AsyncResponseContextManager(send)

    pages = call


def is_event_stream(response: Response) -> bool:
    """Whether the body is a stream of events, as far as the server says."""
    return response.headers.get("content-type", "text/event-stream").lower().startswith("text/event-stream")


def no_event_stream(method: Method, response: Response) -> APIResponseValidationError:
    """The error for an answer that is not streamed though a stream was asked for."""
    kind = response.headers.get("content-type")
    message = f"{method.name}(stream=True): the answer is {kind}, not a stream of events (text/event-stream)."
    return APIResponseValidationError(response, parsed_body(response), message=message)


async def _sleep(seconds: float) -> None:
    # anyio, so that it waits in trio as well.
    import anyio

    await anyio.sleep(seconds)


class Driver:
    """Runs a generator of steps: holds the step to do, takes its result or its error, and then the next step.

    Attributes:
        step: What is to be done; `None` at the end.
        result: What the generator returned.
    """

    def __init__(self, steps: Generator[Any, Any, Any]) -> None:
        self.step: Any = None
        self.result: Any = None
        self._steps = steps
        self.send(None)

    def send(self, result: Any) -> None:
        """The step has been done, with this result."""
        self._resume(self._steps.send, result)

    def throw(self, error: Exception) -> None:
        """The step has failed."""
        self._resume(self._steps.throw, error)

    def _resume(self, resume: Callable[[Any], Any], outcome: object) -> None:
        try:
            self.step = resume(outcome)
        except StopIteration as end:
            self.step, self.result = None, end.value
