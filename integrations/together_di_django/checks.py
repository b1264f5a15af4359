"""The system checks: what `manage.py check`, and before a start `runserver` and `migrate`, say of the configuration.

Only what makes every call fail for certain is an error, because errors stop `migrate` as well. A key that is not there
is none: images are built and databases migrated without it. `check --deploy --fail-level WARNING` insists on it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import warnings
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from together_di import ConfigurationError, InsecureBaseURLWarning, MissingAPIKeyError, Timeout, TogetherClient
from together_di.secrets import Reference
from together_di.sources import Found, look, misspelt

from .settings import DEFAULTS, SOURCE, TogetherSetting

#: `manage.py check --tag together_di` runs these checks alone.
TAG = "together_di"

_ASK_CONFIG = "Run manage.py together config: it lists every option, and where its value came from."


def check_configuration(**_: object) -> list[CheckMessage]:
    """Whether each client can be built: E001, W001, W002, W003."""
    return [message for name in _names() for message in _of_client(name)] if isinstance(_names(), tuple) else []
