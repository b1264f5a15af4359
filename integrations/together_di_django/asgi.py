"""Django under ASGI, with the start and the end of the server.

# asgi.py
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

from together_di_django.asgi import get_asgi_application

application = get_asgi_application()
"""

from __future__ import annotations

import logging
from typing import cast

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from django.core import asgi
from django.core.handlers.asgi import ASGIHandler

from .clients import get_container

__all__ = ["TogetherLifespan", "get_asgi_application"]

logger = logging.getLogger("together_di")


class TogetherLifespan:
    """An ASGI application around another one that serves the lifespan protocol, which Django's own refuses.

    Once the server has let its requests end, the connections to the API are closed in the loop they belong to. Give it
    the outermost application, as in `TogetherLifespan(ProtocolTypeRouter(...))`, when Django has been set up.
    """

    def __init__(self, application: ASGI3Application | ASGIHandler) -> None:
        self._application = cast("ASGI3Application", application)
        # Here, not in a request: it imports libraries, which stops the event loop for a moment.
        self._container = get_container()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one connection, or the lifespan of the server."""
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        try:
            await self._container.aclose()
        except ExceptionGroup as error:
            reasons = "; ".join(map(str, error.exceptions))
            logger.exception("%s: %s", error.message, reasons)
            await send({"type": "lifespan.shutdown.failed", "message": reasons})
        else:
            await send({"type": "lifespan.shutdown.complete"})


def get_asgi_application() -> TogetherLifespan:
    """Django's ASGI application inside `TogetherLifespan`."""
    return TogetherLifespan(asgi.get_asgi_application())
