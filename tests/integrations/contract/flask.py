"""The contract's rig for Flask."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from flask import Flask, Response

from together_di import AsyncTogether, Together
from together_di_flask import FlaskSetupError, FlaskTogether, get_async_together, get_together, sse

from .rig import CHAT, Answer


def add_routes(app: Flask) -> None:
    @app.get("/sync")
    def sync_view() -> str:
        return get_together().chat.completions.create(**CHAT).choices[0].message.content or ""

    @app.get("/async")
    async def async_view() -> str:
        answer = await get_async_together().chat.completions.create(**CHAT)
        return answer.choices[0].message.content or ""

    @app.get("/stream")
    def stream_view() -> Response:
        return sse(get_together().chat.completions.create(stream=True, **CHAT))


class FlaskApp:
    """A Flask app, asked by Flask's own test client."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._app = Flask(__name__)
        self._app.config["TOGETHER"] = dict(options)
        self._together = FlaskTogether(self._app)
        add_routes(self._app)

    @property
    def client(self) -> Together:
        with self._app.app_context():
            return get_together()

    @property
    def async_client(self) -> AsyncTogether:
        with self._app.app_context():
            return get_async_together()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str) -> Answer:
        response = self._app.test_client().get(path)
        return Answer(response.status_code, response.text)

    def read_one_event(self, path: str) -> bytes:
        with self._app.test_client().get(path, buffered=False) as response:
            return next(response.iter_encoded())

    def override(self, fake: Together | AsyncTogether) -> AbstractContextManager[object]:
        return self._together.override(fake)

    def set_up_again(self) -> None:
        self._together.init_app(self._app)

    def close(self) -> None:
        self._together.close(self._app)


class FlaskRig:
    """Flask."""

    mistakes = (FlaskSetupError,)
    set_up = "init_app"

    def make_apps(self, *options: Mapping[str, Any]) -> list[FlaskApp]:
        return [FlaskApp(each) for each in options]

    def use_before_set_up(self) -> None:
        with Flask(__name__).app_context():
            get_together()


RIG = FlaskRig()
