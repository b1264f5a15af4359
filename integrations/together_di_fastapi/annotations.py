"""What stands in the signatures of routes. The one module that needs FastAPI itself."""

from __future__ import annotations

from typing import Annotated

try:
    from fastapi import Depends
except ImportError as error:
    raise ImportError(
        'TogetherDep needs FastAPI, which is not installed: pip install "together-di[fastapi]". In Starlette, write '
        "together = await get_together(request).",
        name=error.name,
    ) from error

from together_di import AsyncTogether, Together

from .dependencies import get_async_together, get_together

__all__ = ["AsyncTogetherDep", "TogetherDep"]

TogetherDep = Annotated[Together, Depends(get_together)]
"""The client for `def` routes: `def route(together: TogetherDep)`."""

AsyncTogetherDep = Annotated[AsyncTogether, Depends(get_async_together)]
"""The client for `async def` routes and WebSockets: `async def route(together: AsyncTogetherDep)`."""
