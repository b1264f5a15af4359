"""FastAPI for the contract suite."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Self

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.testclient import TestClient

from together_di import AsyncTogether, ConfigurationError, Together
from together_di_fastapi import (
    AsyncTogetherDep,
    NotStartedError,
    TogetherDep,
    get_async_together,
    get_container,
    get_together,
    sse,
    together_lifespan,
)

from ..fastapi.support import Served
from .rig import CHAT, Answer


def with_routes(app: FastAPI) -> FastAPI:
    """`app` with the three routes."""

    @app.get("/sync", response_class=PlainTextResponse)
    def sync(together: TogetherDep) -> str:
        return together.chat.completions.create(**CHAT).choices[0].message.content or ""

    @app.get("/async", response_class=PlainTextResponse)
    async def asynchronous(together: AsyncTogetherDep) -> str:
        return (await together.chat.completions.create(**CHAT)).choices[0].message.content or ""

    @app.get("/stream")
    async def stream(together: AsyncTogetherDep) -> StreamingResponse:
        return sse(await together.chat.completions.create(stream=True, **CHAT))

    return app


class FastAPIApp:
    """An app, served in a thread."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._app = with_routes(FastAPI(lifespan=together_lifespan(**options)))
        self._served = Served(self._app)

    @property
    def client(self) -> Together:
        return get_container(self._app).client()

    @property
    def async_client(self) -> AsyncTogether:
        return get_container(self._app).async_client()

    def __enter__(self) -> Self:
        self._served.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._served.stop()

    def get(self, path: str) -> Answer:
        response = self._served.client.get(path)
        return Answer(response.status_code, response.text)

    def read_one_event(self, path: str) -> bytes:
        return self._served.read_one_event(path)

    def override(self, fake: Together | AsyncTogether) -> AbstractContextManager[object]:
        return self._overridden(get_together if isinstance(fake, Together) else get_async_together, fake)

    @contextmanager
    def _overridden(self, dependency: Any, fake: object) -> Generator[None]:
        self._app.dependency_overrides[dependency] = lambda: fake
        yield
        del self._app.dependency_overrides[dependency]

    def set_up_again(self) -> None:
        with self._served.portal.wrap_async_context_manager(together_lifespan()(self._app)):
            pass

    def close(self) -> None:
        self._served.shut_down()


class FastAPIRig:
    """FastAPI."""

    mistakes = (ConfigurationError, NotStartedError)
    set_up = "together_lifespan"

    def make_apps(self, *options: Mapping[str, Any]) -> Sequence[FastAPIApp]:
        return [FastAPIApp(each) for each in options]

    def use_before_set_up(self) -> None:
        TestClient(with_routes(FastAPI())).get("/sync")


RIG = FastAPIRig()
