"""What ASGI servers load: `uvicorn support_desk.asgi:application`."""

import os

from together_di_django.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_desk.settings")

application = get_asgi_application()
