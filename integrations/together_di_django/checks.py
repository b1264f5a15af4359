"""The system checks: what `manage.py check`, and before their work `runserver` and `migrate`, say of the configuration.

Only what makes every call fail for certain is an error, because errors stop `migrate` as well. A key that is missing is
none: images are built and databases migrated without it. `check --deploy --fail-level WARNING` insists on it.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator

from django.core import checks
from pydantic import SecretStr

from together_di import ConfigurationError, MissingAPIKeyError, Timeout
from together_di.config import credential_for, exposure
from together_di.options import OPTIONS
from together_di.secrets import Reference
from together_di.sources import Found, look, misspelt

from .settings import DEFAULTS, SOURCE, TogetherSetting

#: `manage.py check --tag together_di` runs these checks alone.
TAG = "together_di"

_ASK = "manage.py together config lists every option, and where its value came from."


def check_configuration(**_: object) -> list[checks.CheckMessage]:
    """What keeps a client from working.

    Returns:
        `together_di.E001`: an option is unknown, or cannot be used; `W001`: there is no key; `W002`: the key goes
        unencrypted to a public host; `W003`: a variable nearly has the name of an option.
    """
    try:
        clients = _clients()
        unread = [_warning(3, text, "Rename the variable, or remove it.") for text in misspelt(clients[0].names)]
        return unread + [message for found in clients for message in _configuration(found)]
    except (ConfigurationError, TypeError) as error:
        return [_error(str(error))]


def check_deployment(**_: object) -> list[checks.CheckMessage]:
    """What should not be so in production; only with `--deploy`.

    Returns:
        `together_di.W004`: the key stands in the settings; `W005`: the emulator answers; `W006`: the server gives up
        before the client does.
    """
    try:
        return [message for found in _clients() for message in _deployment(found)]
    except (ConfigurationError, TypeError):
        return []  # `check_configuration` says it


def _clients() -> list[Found]:
    setting = TogetherSetting()
    return [look(setting, SOURCE, name, DEFAULTS) for name in look(setting, SOURCE).names]


def _configuration(found: Found) -> Iterator[checks.CheckMessage]:
    values, problems = found.check()
    try:
        credential_for(found, values)
    except MissingAPIKeyError:
        yield _warning(
            1,
            f"The Together client {found.name!r} has no API key: each of its calls will fail.",
            f"Set {OPTIONS['api_key'].variables(found.name)[0]}, or the transport 'embedded' to do without. {_ASK}",
        )
    except ConfigurationError as error:
        problems.append(str(error))
    yield from map(_error, problems)
    message = exposure(values.get("base_url", ""))
    if message and values.get("transport") != "embedded":
        yield _warning(2, message, _ASK)


def _deployment(found: Found) -> Iterator[checks.CheckMessage]:
    key = next(iter(found.of("api_key")), None)
    if key is not None and key.was_given and isinstance(key.value, SecretStr) and _is_written_out(key.value):
        yield _warning(
            4,
            f"{key.source} is the API key itself: whoever reads the settings has it.",
            f"Leave it out and set {OPTIONS['api_key'].variables(found.name)[0]}, or write where it stands, such as "
            '"vault://secret/together#api_key". Silence this if your settings read it from a safe place.',
        )
    values, problems = found.check()
    if problems:
        return
    if values.get("transport") == "embedded":
        source = found.of("transport")[0].source
        yield _warning(5, f"{source} is 'embedded': the emulator makes the answers up.", "Remove it.")
    limit, timeout = _gunicorn_timeout(), _timeout(found)
    if limit and (timeout is None or timeout > limit):
        yield _warning(
            6,
            f"The Together client {found.name!r} waits "
            f"{'for ever' if timeout is None else f'up to {timeout:g} s'} for an answer, but gunicorn kills a worker "
            f"that is busy for {limit:g} s (GUNICORN_CMD_ARGS).",
            "Set a smaller TIMEOUT, or a larger --timeout of gunicorn, or use threads.",
        )


def _is_written_out(key: SecretStr) -> bool:
    """Whether it is neither a reference nor a value that the settings have taken from the environment."""
    return Reference.parse(key.get_secret_value()) is None and key.get_secret_value() not in os.environ.values()


def _timeout(found: Found) -> float | None:
    """Seconds that the client waits for the next bytes of an answer; `None` if it waits for ever."""
    values = found.check()[0]
    timeout = values.get("timeout_read", values.get("timeout", OPTIONS["timeout"].default))
    return timeout.read if isinstance(timeout, Timeout) else timeout


def _gunicorn_timeout() -> float | None:
    """Seconds after which gunicorn kills a busy worker; `None` where it does not, or is not known to.

    Its command line and its configuration file are not known here, so a default is never assumed.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-t", "--timeout", type=float)
    parser.add_argument("-k", "--worker-class", default="sync")
    parser.add_argument("--threads", type=int, default=1)
    try:
        options, _ = parser.parse_known_args(shlex.split(os.environ.get("GUNICORN_CMD_ARGS", "")))
    except (argparse.ArgumentError, ValueError):
        return None  # gunicorn itself will refuse it
    return options.timeout if options.worker_class == "sync" and options.threads == 1 else None


def _error(text: str) -> checks.CheckMessage:
    return checks.Error(text, hint=_ASK, id="together_di.E001")


def _warning(number: int, text: str, hint: str) -> checks.CheckMessage:
    return checks.Warning(text, hint=hint, id=f"together_di.W{number:03}")
