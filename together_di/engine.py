"""Making a call: key, attempts, redirects and what becomes of the response.

Everything is decided in plain functions; the sync and the async engine are two thin shells that send, wait and read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._loops import check_not_in_loop
from .arrival import Travelling
from .attempts import Attempts
from .config import TogetherClient, set_log_level
from .download import AsyncDownload, SyncDownload
from .errors import (
    APIConnectionError,
    APIStatusError,
    ClientClosedError,
    ConfigurationError,
    deadline_error,
)
from .lending import CLOSED, Lease, SharedTransport, TransportT
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
from .steps import Driver, Pause
from .streaming import AsyncStream, Stream, is_event_stream, no_event_stream
from .transport import AsyncTransport, SyncTransport
from .wire import Response

if TYPE_CHECKING:
    from .endpoint import Method
    from .testing.script import Script

__all__ = ["AsyncEngine", "Engine", "SharedTransport", "SyncEngine"]

E = TypeVar("E", bound="Engine[Any]")

#: How many bytes of the body of an error are read: a proxy may send a page of any size.
MOST_OF_AN_ERROR = 2**20


class Engine(Travelling, Generic[TransportT]):
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
            raise ClientClosedError(CLOSED)

    def stop(self) -> None:
        """Let no more calls in."""
        self.is_closed = True
        if self.owner:
            self.shared.stop(self.config.drain_timeout)

    def close(self, thread: int | None = None) -> None:
        """Let no more calls in, wait for those that run, and close the transport, if it is this client's own.

        Args:
            thread: The thread that is kept waiting, if it is not this one.
        """
        self.stop()
        if self.owner:
            self.shared.close(thread)

    def close_now(self) -> None:
        """The same without waiting for anything."""
        if self.owner:
            self.shared.stop(0)
        self.close()

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
        self.check_open()
        lease = self.shared.lend()
        try:
            response = self._send(call, lease)
        except BaseException:
            lease.end()
            raise
        lease.hold(response)
        return SyncDownload(call, response, self.config, self.send).response if call.resumable else response

    def _send(self, call: Call, lease: Lease) -> Response:
        attempts = Attempts(call, self.config, self.shared.budget)
        while True:
            lease.check()
            attempts.request.key = self.config.credential.get() if attempts.may_carry_key else None
            try:
                response = self.shared.transport.send(attempts.request)
                if not response.is_success:
                    response.read(MOST_OF_AN_ERROR)
                elif not (call.stream or call.unread):
                    response.read()
                lease.check_whole(response.raw_headers)
                if attempts.accept(response):
                    response.hide_key()
                    return response
                continue
            except (APIConnectionError, APIStatusError) as error:
                problem = error
            lease.check()
            if attempts.may_renew(problem) and self.config.credential.renew(attempts.request.key):
                continue
            lease.pause(attempts.delay(problem))

    def call(self, method: Method, call: Call) -> Any:
        """Make the call and give the method's result."""
        return self.finish(method, call, self.send(call))

    def finish(self, method: Method, call: Call, response: Response) -> Any:
        """What the method gives for `response`."""
        if call.stream and is_event_stream(response):
            return Stream(response, method.chunk_reader(strict=self.config.strict))
        if method.result is bytes and not call.stream:
            return BinaryAPIResponse(response)
        response.read()
        if call.stream:
            raise no_event_stream(method.name, response)
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
            except BaseException as error:  # noqa: BLE001 - for the generator to handle, and to tidy up after
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

    async def aclose(self) -> None:
        """The same as `close`, in an event loop, which goes on meanwhile."""
        self.stop()
        if self.owner:
            await self.shared.aclose()

    async def send(self, call: Call) -> Response:
        """The response, read unless the call is a stream.

        Raises:
            APIStatusError: The API refused, and trying again did not help or makes no sense.
            APIConnectionError: There was no response, however often it was tried.
        """
        self.check_open()
        lease = self.shared.lend()
        try:
            response = await (self._send if call.request.deadline is None else self._send_in_time)(call, lease)
        except BaseException:
            lease.end()
            raise
        lease.hold(response)
        if response.lease is not None:
            lease.is_awaited_here()
        return AsyncDownload(call, response, self.config, self.send).response if call.resumable else response

    async def _send_in_time(self, call: Call, lease: Lease) -> Response:
        import anyio

        # The key, a free connection, the waits between the attempts: all of it is cancelled.
        with anyio.move_on_after(call.request.deadline):
            return await self._send(call, lease)
        raise deadline_error(call.request)

    async def _send(self, call: Call, lease: Lease) -> Response:
        attempts = Attempts(call, self.config, self.shared.budget)
        while True:
            lease.check()
            attempts.request.key = await self.config.credential.aget() if attempts.may_carry_key else None
            try:
                response = await self.shared.transport.send(attempts.request)
                if not response.is_success:
                    await response.aread(MOST_OF_AN_ERROR)
                elif not (call.stream or call.unread):
                    await response.aread()
                lease.check_whole(response.raw_headers)
                if attempts.accept(response):
                    response.hide_key()
                    return response
                continue
            except (APIConnectionError, APIStatusError) as error:
                problem = error
            lease.check()
            if attempts.may_renew(problem) and await self.config.credential.arenew(attempts.request.key):
                continue
            await lease.apause(attempts.delay(problem))

    async def call(self, method: Method, call: Call) -> Any:
        """Make the call and give the method's result."""
        return await self.finish(method, call, await self.send(call))

    async def finish(self, method: Method, call: Call, response: Response) -> Any:
        """What the method gives for `response`."""
        if call.stream and is_event_stream(response):
            return AsyncStream(response, method.chunk_reader(strict=self.config.strict))
        if method.result is bytes and not call.stream:
            return AsyncBinaryAPIResponse(response)
        await response.aread()
        if call.stream:
            raise no_event_stream(method.name, response)
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
        driver = Driver(steps)
        cancelled = False
        while (step := driver.step) is not None:
            try:
                result = await (self._do_anyway if cancelled else self._do)(step)
            except GeneratorExit:
                raise  # there is no event loop any more to take another step
            except BaseException as error:  # noqa: BLE001 - for the generator to handle, and to tidy up after
                cancelled = cancelled or not isinstance(error, Exception)
                driver.throw(error)
            else:
                driver.send(result)
        return driver.result

    async def _do_anyway(self, step: Call | Callable[[], Any]) -> Any:
        """What a cancelled method still does must not be cancelled once more."""
        import anyio

        with anyio.CancelScope(shield=True):
            return await self._do(step)

    async def _do(self, step: Call | Callable[[], Any]) -> Any:
        import anyio.to_thread

        if isinstance(step, Call):
            return await self.send(step)
        if isinstance(step, Pause):
            return await anyio.sleep(step.seconds)
        return await anyio.to_thread.run_sync(step)

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
