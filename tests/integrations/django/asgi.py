"""What ASGI servers load."""

from __future__ import annotations

from together_di_django.asgi import get_asgi_application

application = get_asgi_application()
