"""Together AI in Django: one client for each alias in the setting `TOGETHER`, in every view, command and worker.

    # settings.py
    INSTALLED_APPS = [..., "together_di_django"]
    TOGETHER = {"TIMEOUT": 20}  # the key from TOGETHER_API_KEY; or, like DATABASES: {"default": {...}, "eu": {...}}

    # views.py
    def answer(request):
        text = get_together().chat.completions.create(...).choices[0].message.content

    async def answer(request):
        return sse(await get_async_together().chat.completions.create(..., stream=True))

`manage.py together check` says whether it works, and `manage.py together config` where each option came from.
"""

from __future__ import annotations

try:
    import django as django
except ImportError as error:
    raise ImportError('together_di_django needs Django: pip install "together-di[django]"') from error

from .clients import get_async_together, get_container, get_together, override
from .events import sse

__all__ = ["get_async_together", "get_container", "get_together", "override", "sse"]
