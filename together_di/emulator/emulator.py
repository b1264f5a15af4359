"""The emulator: one object that answers every request of the API."""

from __future__ import annotations

import itertools
import os
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from . import clusters, code_interpreter, endpoints, jig, jobs, organization, post_training, videos
from .account import whoami
from .chat import create_chat_completion
from .completions import create_completion
from .embeddings import create_embeddings
from .exchange import ApiError, Reply, Request
from .files import Files
from .images import generate_images, serve_image
from .models import ProjectModels, list_models, list_supported_models, retrieve_supported_model
from .rerank import create_rerank
from .routing import Route, Router
from .speech import create_speech, list_voices
from .transcriptions import create_transcription, create_translation

if TYPE_CHECKING:
    from collections.abc import Mapping


class Emulator:
    """A Together-compatible API in this process: deterministic, without a model, files and models in memory.

    It may be shared between threads.
    """

    def __init__(self) -> None:
        lock, self._numbers = Lock(), itertools.count(1)
        files = Files(lock)
        self._router = Router(
            [
                *_routes(files, ProjectModels(lock)),
                *jobs.routes(lock, files),
                *endpoints.routes(lock),
                *clusters.routes(lock),
                *jig.routes(lock),
                *post_training.routes(lock),
                *videos.routes(lock),
                *organization.routes(),
                *code_interpreter.routes(lock),
            ]
        )

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, base_url: str) -> Reply:
        """Answer one request; a bad one gets an error reply, never an exception.

        Args:
            method: the HTTP method.
            target: the path with its query, such as `/v1/models?dedicated=true`.
            headers: with lower-case names.
            body: the whole body; empty when there is none.
            base_url: `scheme://host[:port]` under which the caller reaches the emulator.
        """
        number = next(self._numbers)
        try:
            reply = self._answer(number, method, target, headers, body, base_url)
        except ApiError as error:
            reply = error.reply()
        reply.headers["x-request-id"] = f"req-{number:08d}"
        return reply

    def _answer(
        self, number: int, method: str, target: str, headers: Mapping[str, str], body: bytes, base_url: str
    ) -> Reply:
        path, _, query = target.encode(errors="replace").decode().partition("?")
        match = self._router.match(method.upper(), path.rstrip("/") or "/")
        if not match.route.public:
            _check_key(headers.get("authorization", ""))
        values = dict(parse_qsl(query)) if query else {}
        return match.route.handler(Request(number, headers, values, match.path_values, body, base_url.rstrip("/")))


def _check_key(authorization: str) -> None:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "No API key came with the request: send the header `Authorization: Bearer <key>`."
        raise ApiError(401, message, code="invalid_api_key", kind="authentication_error")


def _routes(files: Files, models: ProjectModels) -> list[Route]:
    project_models = "/v2/projects/{project_id}/models"
    project_model = f"{project_models}/{{id}}"
    return [
        Route("POST", "/v1/chat/completions", create_chat_completion),
        Route("POST", "/v1/completions", create_completion),
        Route("POST", "/v1/embeddings", create_embeddings),
        Route("POST", "/v1/rerank", create_rerank),
        Route("POST", "/v1/images/generations", generate_images),
        Route("GET", "/emulator/images/{name}", serve_image, public=True),
        Route("POST", "/v1/audio/speech", create_speech),
        Route("POST", "/v1/audio/transcriptions", create_transcription),
        Route("POST", "/v1/audio/translations", create_translation),
        Route("GET", "/v1/voices", list_voices),
        *files.routes(),
        Route("GET", "/v1/models", list_models),
        Route("GET", "/v2/supported-models", list_supported_models),
        Route("GET", "/v2/supported-models/{id}", retrieve_supported_model),
        Route("GET", project_models, models.list),
        Route("POST", project_models, models.create),
        Route("GET", project_model, models.retrieve),
        Route("PATCH", project_model, models.update),
        Route("DELETE", project_model, models.delete),
        Route("GET", f"{project_model}/files", models.files),
        Route("GET", f"{project_model}/revisions", models.revisions),
        Route("GET", "/v2/organizations/{organization_id}/models", models.list_organization),
        Route("GET", "/v1/whoami", whoami),
        Route("GET", "/v3/whoami", whoami),
    ]


class _Default:
    """Holds the process's shared emulator."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start anew: a forked child may have inherited a lock that another thread held."""
        self._lock = Lock()
        self._emulator: Emulator | None = None

    def get(self) -> Emulator:
        with self._lock:
            if self._emulator is None:
                self._emulator = Emulator()
            return self._emulator


_default = _Default()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_default.reset)


def default_emulator() -> Emulator:
    """Return this process's shared emulator; a forked child starts with a fresh one."""
    return _default.get()
