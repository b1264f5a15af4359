"""Together AI in FastAPI and Starlette.

    from fastapi import FastAPI
    from together_di_fastapi import AsyncTogetherDep, sse, together_lifespan

    app = FastAPI(lifespan=together_lifespan())

    @app.post("/chat")
    async def chat(question: str, together: AsyncTogetherDep):
        return sse(
            await together.chat.completions.create(
                model="meta-llama/Llama-3.3-70B-Instruct-Turbo",
                messages=[{"role": "user", "content": question}],
                stream=True,
            )
        )

All but `TogetherDep` and `AsyncTogetherDep` works in Starlette without FastAPI.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

try:
    from .dependencies import get_async_together, get_async_together_named, get_together, get_together_named
except ModuleNotFoundError as error:
    if error.name != "starlette":
        raise
    raise ImportError('FastAPI is not installed: pip install "together-di[fastapi]"', name=error.name) from error
from .error_handlers import add_error_handlers
from .health import health_route
from .lifespan import together_lifespan
from .state import NotStartedError, get_container
from .streaming import sse

if TYPE_CHECKING:
    from .annotations import AsyncTogetherDep as AsyncTogetherDep
    from .annotations import TogetherDep as TogetherDep

__all__ = [
    "AsyncTogetherDep",
    "NotStartedError",
    "TogetherDep",
    "add_error_handlers",
    "get_async_together",
    "get_async_together_named",
    "get_container",
    "get_together",
    "get_together_named",
    "health_route",
    "sse",
    "together_lifespan",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name in {"AsyncTogetherDep", "TogetherDep"}:
        return getattr(importlib.import_module(".annotations", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
