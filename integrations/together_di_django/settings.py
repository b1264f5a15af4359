"""The setting `TOGETHER`, as a container takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from django.conf import settings

from together_di import ConfigurationError

#: What messages call an option.
SOURCE: Final = 'settings TOGETHER["{}"]'
#: What counts if an option is set nowhere: a view that blocks its event loop is told so.
DEFAULTS: Final = {"blocking_calls": "warn"}


class TogetherSetting(Mapping[str, object]):
    """What `TOGETHER` holds at the moment it is looked at, so that nothing here can be older than the settings.

    Raises:
        ConfigurationError: When it is looked at: `TOGETHER` is no dict.
    """

    def __getitem__(self, option: str) -> object:
        return _setting()[option]

    def __iter__(self) -> Iterator[str]:
        return iter(_setting())

    def __len__(self) -> int:
        return len(_setting())


def _setting() -> Mapping[str, object]:
    setting: object = getattr(settings, "TOGETHER", {})
    if not isinstance(setting, Mapping):
        # Not quoted: it may be a key.
        kind, setting = type(setting).__name__, None
        raise ConfigurationError(
            f'settings TOGETHER must be a dict of options such as {{"TIMEOUT": 20}}, not a {kind}.'
        )
    return cast("Mapping[str, object]", setting)
