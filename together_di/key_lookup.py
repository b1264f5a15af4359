"""Finding the API key, and keeping one that stands in a store up to date."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from ._fork import ForkSafeLock
from .credentials import KEY_VARIABLE, Credential, conceal, shown_key
from .errors import ConfigurationError, MissingAPIKeyError
from .options import OPTIONS
from .secrets import Reference, SecretError, SecretNotFoundError, colab, store_for

if TYPE_CHECKING:
    from pydantic import SecretStr

    from .credentials import KeyFunction

logger = logging.getLogger("together_di")

#: Seconds after which a key that was read from a store is read again.
TIME_TO_LIVE = 300.0
#: Seconds for which a store is left alone that failed, or gave a key that the API had refused.
FUTILE_FOR = 5.0


class KeyReference(Credential):
    """A key that stands elsewhere: read when it is first needed, and again when it may have changed.

    It is read again when its time to live is over, at once if the store can tell that it is another, and after the API
    has refused it. One thread reads, the others wait for it. While the store is down, the last key goes on being used.
    Of several references the first counts that there is a secret for.
    """

    __slots__ = (
        "_asked",
        "_expires",
        "_futile",
        "_is_stale",
        "_key",
        "_lifetime",
        "_lock",
        "_named_by",
        "_read_at",
        "_reading",
        "_references",
        "_stamp",
        "_stores",
    )  # fmt: skip

    def __init__(self, references: tuple[Reference, ...], named_by: str, lifetime: float = TIME_TO_LIVE) -> None:
        """Refer to a key.

        Args:
            references: Where it stands.
            named_by: Where that is said.
            lifetime: Seconds after which it is read again.
        """
        super().__init__(self.get, f"{' or '.join(map(str, references))}, from {named_by}")
        self._references = references
        self._named_by = named_by
        self._lifetime = lifetime
        self._stores = [store_for(reference) for reference in references]
        self._lock = ForkSafeLock()
        self._key: SecretStr | None = None
        self._reading = 0
        self._is_stale = False
        self._stamp: object = None
        self._read_at = 0.0
        self._expires = 0.0
        self._futile = 0.0
        self._asked = 0

    @property
    def is_async(self) -> bool:
        """Never: in an event loop, a worker thread reads."""
        return False

    @property
    def shown(self) -> tuple[str, str]:
        """What of the key may be seen, without asking anybody for it, and where it came from."""
        if self._key is None:
            return "not read yet", self.source
        ago = f"read {time.monotonic() - self._read_at:.0f} s ago"
        state = f"{ago}, out of reach since" if self._is_stale else ago
        return shown_key(self._key), f"{self._references[self._reading]}, {state}, from {self._named_by}"

    def refresh(self) -> None:
        """Have the key read again before the next call; while its store is down, it goes on being used."""
        # Counted, because a reading that is under way now may have begun before the key was changed.
        self._asked += 1
        self._expires = self._futile = 0.0

    def get(self) -> SecretStr:
        """The key as of now, for most calls without asking the store.

        Raises:
            SecretError: It cannot be read, and never could.
        """
        key = self._current()
        if key is not None:
            return key
        with self._lock:
            return self._current() or self._renewed()

    async def aget(self) -> SecretStr:
        """The key as of now; if the store must be asked, a worker thread does it."""
        key = self._current()
        if key is not None:
            return key
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.get, abandon_on_cancel=True)

    def renew(self, refused: SecretStr | None) -> bool:
        """Read again because the API refused `refused`; whether there is another key now."""
        with self._lock:
            if self._key == refused and time.monotonic() >= self._futile:
                self._renewed()
                # A key that is wrong for good must not have every call ask the store.
                self._futile = time.monotonic() + FUTILE_FOR if self._key == refused else 0.0
            return self._key is not None and self._key != refused

    async def arenew(self, refused: SecretStr | None) -> bool:
        """The same, in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.renew, refused, abandon_on_cancel=True)

    def _current(self) -> SecretStr | None:
        """The key that was read, if it still counts."""
        if self._key is None or time.monotonic() >= self._expires:
            return None
        stamp = self._stores[self._reading].stamp
        changed = stamp is not None and stamp(self._references[self._reading]) != self._stamp
        return None if changed else self._key

    def _renewed(self) -> SecretStr:
        asked = self._asked
        try:
            self._key, self._reading, self._stamp = self._read_now()
        except Exception as error:
            if self._key is None:
                raise
            if not self._is_stale:
                logger.warning("%s The key that was read before goes on being used.", error)
            self._is_stale, lifetime = True, FUTILE_FOR
            self._stamp = self._stamp_of(self._reading)
        else:
            self._is_stale, lifetime, self._read_at = False, self._lifetime, time.monotonic()
        if asked == self._asked:
            self._expires = time.monotonic() + lifetime
        return self._key

    def _stamp_of(self, index: int) -> object:
        stamp = self._stores[index].stamp
        return stamp(self._references[index]) if stamp else None

    def _read_now(self) -> tuple[SecretStr, int, object]:
        """The key, which of the references it stands under, and what it looked like from outside just before."""
        problems: list[str] = []
        for index, (reference, store) in enumerate(zip(self._references, self._stores, strict=True)):
            try:
                before = self._stamp_of(index)
                return self._usable(store.read(reference)), index, before
            except SecretNotFoundError as error:
                problems.append(f"{reference}: {error}")
            except Exception as error:  # noqa: BLE001 - each store has errors of its own
                own = isinstance(error, ConfigurationError)
                problems.append(f"{reference}: {error if own else f'{type(error).__name__} from the store'}")
                # Not there is one thing, out of reach another: the next one might have an older key.
                raise_as = SecretError
                break
        else:
            raise_as = SecretNotFoundError
        raise raise_as(f"{'; '.join(problems).removesuffix('.')} (from {self._named_by}).")

    def __reduce__(self) -> tuple[object, ...]:
        return KeyReference, (self._references, self._named_by, self._lifetime)


def find_credential(
    keys: Sequence[tuple[SecretStr | KeyFunction, str, bool]],
    stores: tuple[tuple[Reference, ...], str] | None,
    places: Sequence[str],
    *,
    client: str,
    lifetime: float,
) -> Credential:
    """The first key there is: given or set, then in the stores, then among Google Colab's secrets.

    Args:
        keys: The keys that are set: each with its source, and whether the program gave it.
        stores: The references to try else, and where they are listed.
        places: Where a key was looked for so far, as a person would say it.
        client: The name of the client.
        lifetime: Seconds after which a key that stands elsewhere is read again.

    Raises:
        MissingAPIKeyError: There is none; the message lists every place that was looked at.
        ConfigurationError: The first one found cannot be a key.
    """
    if keys:
        value, source, was_given = keys[0]
        return credential_of(value, source, lifetime, client=None if was_given else client)
    if stores is not None and stores[0]:
        return KeyReference(*stores, lifetime)
    variable = OPTIONS["api_key"].variables(client)[0]
    try:
        secret = cast("SecretStr", conceal(colab.read(Reference("colab", variable))))
    except SecretError as error:
        looked = (*places, "the stores that the option secrets lists (none)", f"Google Colab's secrets ({error})")
        raise missing_key(looked, variable) from None
    return Credential(secret, f"{variable} (Google Colab secret)", client=client)


def credential_of(
    secret: SecretStr | KeyFunction, source: str, lifetime: float = TIME_TO_LIVE, *, client: str | None = None
) -> Credential:
    """A key or a key function, or what a secret reference in the place of a key stands for."""
    reference = None if callable(secret) else Reference.parse(secret.get_secret_value())
    if reference is None:
        return Credential(secret, source, client=client)
    return KeyReference((reference,), source, lifetime)


def missing_key(places: tuple[str, ...], variable: str) -> MissingAPIKeyError:
    """The error for a key that is nowhere."""
    looked = "".join(f"\n  {number}. {place}" for number, place in enumerate(places, start=1))
    shared = (
        f"{KEY_VARIABLE} is the default client's key: to share it, write env://{KEY_VARIABLE} as this client's key. "
        if variable != KEY_VARIABLE and os.environ.get(KEY_VARIABLE)
        else ""
    )
    return MissingAPIKeyError(
        f"There is no Together API key. Looked at, in this order:{looked}\n"
        f"Set {variable}, or pass api_key=... (a str, or a function that gives one). {shared}"
        "To try things out without a key, set TOGETHER_TRANSPORT=embedded.",
        places=places,
    )
