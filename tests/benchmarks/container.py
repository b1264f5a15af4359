"""What the container costs: asking for a client that is there, and finding out a configuration."""

from __future__ import annotations

import os
from pathlib import Path

from dependency_injector import providers

from together_di import TogetherClient, TogetherContainer
from together_di.options import OPTIONS

from .measure import FLOOR, OURS, Case, Contender, timed

VARIABLES = [name for option in OPTIONS.values() for name in option.variables("default")]


def read_the_places() -> None:
    """What no resolution can do without: ask for every variable, and whether the files are there."""
    for variable in VARIABLES:
        os.environ.get(variable)
    for name in ("CREDENTIALS_DIRECTORY", "TOGETHER_ENV_FILE", "TOGETHER_SECRETS_DIR", "TOGETHER_CONFIG_FILE"):
        os.environ.get(name)
    Path(".env").exists()
    Path("/run/secrets").exists()


def cases() -> list[Case]:
    """The floor of the first is dependency-injector's own singleton, of the second reading the places."""
    singleton = providers.ThreadSafeSingleton(object)
    container = TogetherContainer(config={"api_key": "k" * 20})
    asked = [
        Contender(FLOOR, timed(singleton, 10_000)),
        Contender(OURS, timed(container.client, 10_000)),
    ]
    found = [
        Contender(FLOOR, timed(read_the_places, 200)),
        Contender(OURS, timed(lambda: TogetherClient.resolve(transport="embedded"), 200)),
    ]
    return [Case("built-singleton", "s", asked), Case("resolve", "s", found)]
