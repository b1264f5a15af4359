"""What `app.config` says about the clients."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, cast

from together_di import ConfigurationError
from together_di.options import OPTIONS
from together_di.sources import DEFAULT, client_names

logger = logging.getLogger("together_di")

DICT = "TOGETHER"

IN_DICT = 'app.config["TOGETHER"]["{}"]'
IN_VARIABLES = 'app.config["TOGETHER_{}"]'
IN_EITHER = 'app.config["TOGETHER"] or its TOGETHER_* variables: {}'


class Given(NamedTuple):
    """What a container is made with.

    Attributes:
        options: The options of the one client, or a dict of them for each.
        source: What messages call an option; `{}` stands for its name.
    """

    options: dict[str, Any]
    source: str


def read(config: Mapping[str, Any]) -> Given:
    """The options in `app.config["TOGETHER"]`, and those that only stand in `TOGETHER_*` variables of `app.config`.

    The variables have the names they have in the environment, as `app.config.from_prefixed_env()` writes them.

    Raises:
        ConfigurationError: `app.config["TOGETHER"]` is not a dict.
    """
    options = config.get(DICT)
    if options is None:
        options = {}
    if not isinstance(options, Mapping):
        raise ConfigurationError(
            f'app.config["TOGETHER"] is a {type(options).__name__}. Write a dict of options, {{"timeout": 20}}, or one '
            'for each client, {"default": {...}, "eu": {...}}.'
        )
    own = dict(cast("Mapping[str, Any]", options))
    names = client_names(own)
    _warn_of_misspelt(config, names or [DEFAULT])
    if names:
        completed = {name: _completed(own[name], config, name) for name in names}
    else:
        completed = _completed(own, config, DEFAULT)
    if completed == own:
        return Given(own, IN_DICT)
    return Given(completed, IN_EITHER if own else IN_VARIABLES)


def _completed(own: Any, config: Mapping[str, Any], name: str) -> Any:
    """The options of one client, with those of its variables that it has not set itself."""
    if not isinstance(own, Mapping):
        return own  # the container says so
    completed = dict(cast("Mapping[str, Any]", own))
    spelt = {str(key).lower(): key for key in completed}
    for option in OPTIONS.values():
        values = [config[variable] for variable in option.variables(name) if _is_set(config.get(variable))]
        key = spelt.get(option.name, option.name.upper())
        no_limit = option.name == "timeout" and key in completed and completed[key] is None
        if values and not no_limit and not _is_set(completed.get(key)):
            completed[key] = values[0]
    return completed


def _is_set(value: object) -> bool:
    return value is not None and value != ""


def _warn_of_misspelt(config: Mapping[str, Any], names: list[str]) -> None:
    """A variable that is nearly an option is a slip; any other may be the app's own."""
    known = {variable for option in OPTIONS.values() for name in names for variable in option.variables(name)}
    for key in config:
        if key.startswith(f"{DICT}_") and key not in known and (near := get_close_matches(key, known, 1, cutoff=0.85)):
            logger.warning('app.config["%s"]: nothing reads this variable (did you mean %r?).', key, near[0])
