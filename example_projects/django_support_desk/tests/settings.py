"""The project's settings, in a clean environment: no setting of the machine reaches a test."""

from __future__ import annotations

import os

for name in list(os.environ):
    if name.startswith(("DJANGO_", "TOGETHER_")) or name.lower().endswith("_proxy"):
        del os.environ[name]
os.environ["TOGETHER_ENV_FILE"] = os.devnull  # nor one that stands in `.env`
os.environ["DJANGO_SETTINGS_MODULE"] = "support_desk.settings"  # for the servers that tests start

from support_desk.settings import *  # noqa: E402, F403
