"""Whether a client works: its configuration, its key, and the API, with a reason an operator can act on."""

from __future__ import annotations

from dataclasses import dataclass

from .client import AsyncTogether, Together
from .config import TogetherClient
from .errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
)

__all__ = ["PATIENCE", "Health", "ahealth_of", "health_of"]

#: Seconds each part of the one attempt may take.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found.

    Attributes:
        ok: Whether calls can be made.
        reason: What was found, or what is wrong and what to do about it.
    """

    ok: bool
    reason: str

    def __bool__(self) -> bool:
        return self.ok


def health_of(client: Together) -> Health:
    """Ask the API once whom the key of `client` belongs to."""
    try:
        client.with_options(timeout=PATIENCE, max_retries=0).whoami()
    except Exception as error:  # noqa: BLE001 - every one of them is the answer
        return _judged(client.client, error)
    return _judged(client.client, None)


async def ahealth_of(client: AsyncTogether) -> Health:
    """Ask the API once whom the key of `client` belongs to."""
    try:
        await client.with_options(timeout=PATIENCE, max_retries=0).whoami()
    except Exception as error:  # noqa: BLE001 - every one of them is the answer
        return _judged(client.client, error)
    return _judged(client.client, None)


def _judged(config: TogetherClient, error: Exception | None) -> Health:
    if config.transport == "embedded" and error is None:
        return Health(True, "the emulator in this process answers, and needs no key.")
    host, key = config.base_url, "the key {} ({})".format(*config.credential.shown)
    if error is None:
        return Health(True, f"{host} answers, and takes {key}.")
    if isinstance(error, NotFoundError):
        # Gateways and other servers of this API have no such path; they answered, but said nothing about the key.
        return Health(True, f"{host} answers; it has no /v3/whoami, so {key} was not tried.")
    return Health(False, _advice(error, host, key))


def _advice(error: Exception, host: str, key: str) -> str:
    if isinstance(error, ConfigurationError):
        return str(error)
    if isinstance(error, AuthenticationError):
        return f"{host} refuses {key}. Is it complete, of this API, and not revoked?"
    if isinstance(error, PermissionDeniedError):
        return f"{host} knows {key}, but does not let it in: {error}"
    if isinstance(error, APIStatusError):
        return f"{host} answers with an error: {error}"
    if isinstance(error, APIConnectionError):
        return f"{error} Are the base URL {host}, the proxy and the network right?"
    return f"{type(error).__name__}: {error}"
