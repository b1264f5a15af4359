"""`FakeTogether`: the real client on a scripted transport."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any, cast

from .._lazy import lazy
from ..client import AsyncTogether, Together
from ..config import TogetherClient
from ..emulator import Emulator
from ..engine import AsyncEngine, SharedTransport, SyncEngine
from ..transport.embedded import answer
from ..wire import Body, Request, Response
from .recorder import Call, Calls
from .replies import Reply
from .routes import recognised
from .script import Script

if TYPE_CHECKING:
    from typing import Unpack

    from ..options import ClientOptions
    from ..resource import AsyncFake, Fake
    from ..resources.audio import Audio
    from ..resources.chat import Chat
    from ..resources.completions import Completions
    from ..resources.embeddings import Embeddings
    from ..resources.files import Files
    from ..resources.images import Images
    from ..resources.models import Models
    from ..resources.rerank import Rerank


class ScriptedTransport:
    """Answers from a script, or from an emulator of its own, and remembers what it was asked; sync and async."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._emulator = Emulator()

    def send(self, request: Request) -> Response:
        """The scripted answer to `request`."""
        call, reply = self._begin(request)
        body = Body(chunks=_pieces(reply, request, call))
        return Response(reply.status, _raw(reply), request, body=body)

    def close(self) -> None:
        """Nothing: there is no connection."""

    def _begin(self, request: Request) -> tuple[Call, Reply]:
        started = time.perf_counter()
        name, params = recognised(request)
        call = Call(name, params, _shown_headers(request))
        self.script.calls.add(call)
        try:
            reply = self.script.reply_to(call) or _emulated(self._emulator, request)
            if reply.error is not None and not reply.chunks:
                raise reply.error
        except BaseException as error:
            call.error = error
            raise
        finally:
            call.duration = time.perf_counter() - started
        call.status = reply.status
        return call, reply


class AsyncScriptedTransport:
    """The same script for `AsyncTogether`."""

    def __init__(self, transport: ScriptedTransport) -> None:
        self._transport = transport

    async def send(self, request: Request) -> Response:
        """The scripted answer to `request`."""
        call, reply = self._transport._begin(request)
        body = Body(achunks=_apieces(reply, request, call))
        return Response(reply.status, _raw(reply), request, body=body)

    async def aclose(self) -> None:
        """Nothing: there is no connection."""

    def close(self) -> None:
        """Nothing: there is no connection."""


def _shown_headers(request: Request) -> dict[str, str]:
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in request.raw_headers}
    return headers | ({} if request.key is None else {"authorization": "Bearer ****"})


def _emulated(emulator: Emulator, request: Request) -> Reply:
    status, headers, chunks = answer(emulator, request)
    return Reply(status, {name.decode(): value.decode("latin-1") for name, value in headers}, tuple(chunks))


def _raw(reply: Reply) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in (reply.headers or {}).items()]


def _pieces(reply: Reply, request: Request, call: Call) -> Iterator[bytes]:
    _remember(reply, call)
    for chunk in reply.chunks:
        if reply.delay:
            time.sleep(reply.delay)
        yield chunk
    if reply.error is not None:
        raise reply.error


async def _apieces(reply: Reply, request: Request, call: Call) -> AsyncGenerator[bytes]:
    import anyio

    _remember(reply, call)
    for chunk in reply.chunks:
        if reply.delay:
            await anyio.sleep(reply.delay)
        yield chunk
    if reply.error is not None:
        raise reply.error


def _remember(reply: Reply, call: Call) -> None:
    kind = (reply.headers or {}).get("content-type", "")
    if "event-stream" in kind:
        return
    body = b"".join(reply.chunks)
    try:
        import json

        call.response = json.loads(body) if "json" in kind else body
    except ValueError:
        call.response = body


class FakeTogether(Together):
    """A `Together` for tests: a real client whose API is a script.

        >>> fake = FakeTogether()
        >>> fake.chat.completions.create.when(model="small").returns("Hi")
        <script of chat.completions.create: 1 answer>
        >>> fake.embeddings.create.returns([[0.1, 0.2]])
        <script of embeddings.create: 1 answer>
        >>> fake.embeddings.create(model="m", input="a").data[0].embedding
        [0.1, 0.2]
        >>> fake.embeddings.create.assert_called_once_with(input="a")

    Whatever is not scripted is answered by the emulator, or refused. Everything above the network is the real thing:
    arguments are checked, errors are raised, answers are parsed and streams are read as in production.

    Args:
        refuse_unscripted: Raise `UnscriptedCallError` for a call that is not scripted.
        **options: Those of `Together`.

    Attributes:
        script: The script, which the async client shares.
    """

    if TYPE_CHECKING:
        chat: Chat[Fake]  # type: ignore[assignment]  # a `Chat[Sync]` whose methods can be scripted, too
        completions: Completions[Fake]  # type: ignore[assignment]
        embeddings: Embeddings[Fake]  # type: ignore[assignment]
        images: Images[Fake]  # type: ignore[assignment]
        audio: Audio[Fake]  # type: ignore[assignment]
        rerank: Rerank[Fake]  # type: ignore[assignment]
        files: Files[Fake]  # type: ignore[assignment]
        models: Models[Fake]  # type: ignore[assignment]

    def __init__(self, *, refuse_unscripted: bool = False, **options: Unpack[ClientOptions]) -> None:
        # Retries are those of the real client, but nobody waits for them.
        chosen: dict[str, Any] = {"transport": "embedded", "retry_initial_delay": 0.001, **options}
        config = TogetherClient.resolve(**chosen)
        self.script = Script(refuse_unscripted=refuse_unscripted)
        self._scripted = ScriptedTransport(self.script)
        engine = SyncEngine(config, SharedTransport(self._scripted))
        engine.script = self.script
        self._attach(engine)

    @lazy
    def async_client(self) -> FakeAsyncTogether:
        """An `AsyncTogether` on the same script."""
        client = FakeAsyncTogether.__new__(FakeAsyncTogether)
        engine = AsyncEngine(self.client, SharedTransport(AsyncScriptedTransport(self._scripted)))
        engine.script = self.script
        client._attach(engine)
        return client

    @property
    def calls(self) -> Calls:
        """All requests that were made, in their order."""
        return self.script.calls

    def reset(self) -> None:
        """Forget the script and the calls."""
        self.script.reset()

    def copy(self, **options: Any) -> FakeTogether:
        """A fake with other options on the same script."""
        copy = cast("FakeTogether", super().copy(**options))
        copy.script, copy._scripted = self.script, self._scripted
        copy._engine.script = self.script
        return copy

    with_options = copy


class FakeAsyncTogether(AsyncTogether):
    """What `FakeTogether.async_client` is."""

    if TYPE_CHECKING:
        chat: Chat[AsyncFake]  # type: ignore[assignment]  # a `Chat[Async]` whose methods can be scripted, too
        completions: Completions[AsyncFake]  # type: ignore[assignment]
        embeddings: Embeddings[AsyncFake]  # type: ignore[assignment]
        images: Images[AsyncFake]  # type: ignore[assignment]
        audio: Audio[AsyncFake]  # type: ignore[assignment]
        rerank: Rerank[AsyncFake]  # type: ignore[assignment]
        files: Files[AsyncFake]  # type: ignore[assignment]
        models: Models[AsyncFake]  # type: ignore[assignment]
