"""The settings of the project in a process of its own."""

from __future__ import annotations

import json
import os
from typing import Any

ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "together_di_django"]
ROOT_URLCONF = "project"
SECRET_KEY = "for-tests"
STATIC_ROOT = "static"
STATIC_URL = "static/"
TOGETHER: dict[str, Any] = json.loads(os.environ.get("PROJECT_TOGETHER", "{}"))
USE_TZ = True

# In development mode asyncio warns of all that takes long; how fast the machine is does not matter here.
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"asyncio": {"level": "ERROR"}}}
