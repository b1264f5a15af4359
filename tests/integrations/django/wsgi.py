"""What WSGI servers load."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from together_di_django import get_together

application = get_wsgi_application()

if "PROJECT_WARM_UP" in os.environ:
    # With --preload, this is the parent of the workers: its connection must stay its own.
    get_together().chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
