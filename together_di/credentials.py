"""The API key: where it comes from, and how it stays out of sight.

A key is a `SecretStr` from the moment it enters the package. No function here keeps one in a local variable as
plain text while something can fail, because tracebacks may be shown with their locals.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast

from ._fork import ForkSafeLock
from .errors import ConfigurationError, MissingAPIKeyError
from .secrets import Reference, SecretError, colab, store_for

if TYPE_CHECKING:
    from pydantic import SecretStr

KEY_VARIABLE = "TOGETHER_API_KEY"

logger = logging.getLogger("together_di")

#: Seconds after which a key that was read from a store is read again.
TIME_TO_LIVE = 300.0
#: Seconds for which a store is left alone that failed, or gave a key that the API had refused.
FUTILE_FOR = 5.0

P = ParamSpec("P")
T = TypeVar("T")

#: A function that gives the key; it is asked again for every attempt.
KeyFunction: TypeAlias = "Callable[[], str | SecretStr] | Callable[[], Awaitable[str | SecretStr]]"
APIKey: TypeAlias = "str | SecretStr | KeyFunction"


def conceal(value: Any) -> SecretStr | KeyFunction | None:
    """`value` as a secret; a function is left as it is.

    Raises:
        TypeError: It is neither; the message names its type only.
    """
    from pydantic import SecretStr

    if isinstance(value, str):
        return SecretStr(value)
    if value is None or isinstance(value, SecretStr) or callable(value):
        return cast("SecretStr | KeyFunction | None", value)
    kind, value = type(value).__name__, None
    raise TypeError(f"api_key must be a str, or a function that gives one, not {kind}.")


def without_locals(function: Callable[P, T]) -> Callable[P, T]:
    """Leave the frames below `function`, and its arguments, out of the traceback of a mistake in the configuration.

    They may hold a key where it does not belong (given by position, under a misspelt name, in a header), and
    tracebacks may be shown with their local variables. What such an error has to say is in its message.
    """

    @functools.wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> T:
        try:
            return function(*args, **options)
        except (TypeError, ConfigurationError, MissingAPIKeyError) as error:
            problem = error
        del args, options
        raise problem.with_traceback(None)

    return call


class Credential:
    """A key, or the function that gives it, with the name of the place it came from.

    Attributes:
        source: Where the key came from, as a person would say it.
    """

    __slots__ = ("_origin", "_value", "source")

    def __init__(self, value: SecretStr | KeyFunction, source: str, *, origin: str = "argument") -> None:
        from pydantic import SecretStr

        self.source = source
        self._origin = origin
        self._value = _checked(value, source) if isinstance(value, SecretStr) else value

    @property
    def is_async(self) -> bool:
        """Whether the key comes from an `async` function."""
        return inspect.iscoroutinefunction(self._value)

    def get(self) -> SecretStr:
        """The key as of now.

        Raises:
            ConfigurationError: The function gave something that cannot be a key, or is async.
        """
        if not callable(self._value):
            return self._value
        return self._usable(self._value())

    async def aget(self) -> SecretStr:
        """The key as of now; an async function is awaited."""
        if not callable(self._value):
            return self._value
        found: list[Any] = [self._value()]
        if inspect.isawaitable(found[0]):
            found.append(await found.pop())
        # Popped, so that this frame no longer has it if it turns out to be unusable.
        return self._usable(found.pop())

    @without_locals
    def _usable(self, value: object) -> SecretStr:
        from pydantic import SecretStr

        if isinstance(value, str):
            value = SecretStr(value)
        if isinstance(value, SecretStr):
            return _checked(value, self.source)
        if inspect.iscoroutine(value):
            value.close()
        if inspect.isawaitable(value):
            raise ConfigurationError(
                f"{self.source} is async, and Together is not: use AsyncTogether, or a plain function."
            )
        raise ConfigurationError(f"{self.source} must give a str; it gave {type(value).__name__}.")

    def renew(self, refused: SecretStr | None) -> bool:
        """The API refused `refused`: whether there is another key to try."""
        return callable(self._value) and self.get() != refused

    async def arenew(self, refused: SecretStr | None) -> bool:
        """The same, in an event loop."""
        return callable(self._value) and await self.aget() != refused

    def __repr__(self) -> str:
        return f"<Credential from {self.source}>"

    def __reduce__(self) -> tuple[object, ...]:
        """A key does not travel: what is pickled is how to find it on the other side."""
        from pickle import PicklingError

        if self._origin == "argument" and not callable(self._value):
            raise PicklingError(
                f"A client whose key was given as {self.source} cannot be pickled: the key would travel with it. "
                f"Leave api_key out and set {KEY_VARIABLE} on both sides, or pass a function that gives the key."
            )
        if callable(self._value):
            return Credential, (self._value, self.source)
        return find_credential, ()


class KeyReference(Credential):
    """A key that stands elsewhere: read when it is first needed, and again when it may have changed.

    It is read again `TIME_TO_LIVE` after the last time, at once if the store can tell that it is another, and after
    the API has refused it. One thread reads, the others wait for it. While the store is down, the last key goes on
    being used.
    """

    __slots__ = ("_expires", "_futile", "_is_stale", "_key", "_lock", "_reference", "_stamp", "_store")

    def __init__(self, reference: Reference, source: str) -> None:
        super().__init__(self._read_now, f"{reference}, from {source}")
        self._reference = reference
        self._store = store_for(reference)
        self._lock = ForkSafeLock()
        self._key: SecretStr | None = None
        self._is_stale = False
        self._stamp: object = None
        self._expires = 0.0
        self._futile = 0.0

    @property
    def is_async(self) -> bool:
        """Never: in an event loop, a worker thread reads."""
        return False

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

        return await anyio.to_thread.run_sync(self.get)

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

        return await anyio.to_thread.run_sync(self.renew, refused)

    def _current(self) -> SecretStr | None:
        """The key that was read, if it still counts."""
        if self._key is None or time.monotonic() >= self._expires:
            return None
        stamp = self._store.stamp
        return None if stamp is not None and stamp(self._reference) != self._stamp else self._key

    def _renewed(self) -> SecretStr:
        before = self._store.stamp(self._reference) if self._store.stamp else None
        try:
            self._key = self._usable(self._read_now())
        except Exception as error:
            if self._key is None:
                raise
            if not self._is_stale:
                logger.warning("%s The key that was read before goes on being used.", error)
            self._is_stale, self._stamp, self._expires = True, before, time.monotonic() + FUTILE_FOR
            return self._key
        self._is_stale, self._stamp, self._expires = False, before, time.monotonic() + TIME_TO_LIVE
        return self._key

    def _read_now(self) -> str:
        try:
            return self._store.read(self._reference)
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            problem = str(error) if isinstance(error, SecretError) else f"{type(error).__name__} from the store"
        raise SecretError(f"{self.source}: {problem}.")

    def __reduce__(self) -> tuple[object, ...]:
        return KeyReference, (self._reference, self.source.partition(", from ")[2])


def find_credential(
    explicit: SecretStr | KeyFunction | None = None, source: str = "the api_key argument"
) -> Credential:
    """The first key that is set: explicit, then the environment, then Google Colab's secrets.

    Raises:
        MissingAPIKeyError: There is none; the message lists every place that was looked at.
        ConfigurationError: The first one found cannot be a key.
    """
    if callable(explicit):
        return Credential(explicit, source)
    places = [f"{source} (not given)" if explicit is None else f"{source} (empty)"]
    if explicit is not None and explicit.get_secret_value().strip():
        return credential_of(explicit, source)
    found = conceal(os.environ.get(KEY_VARIABLE))
    if found is not None and not callable(found) and found.get_secret_value().strip():
        return credential_of(found, f"{KEY_VARIABLE} (environment)", origin="environment")
    places.append(f"the environment variable {KEY_VARIABLE} ({'not set' if found is None else 'empty'})")
    try:
        secret = cast("SecretStr", conceal(colab.read(Reference("colab", KEY_VARIABLE))))
    except SecretError as error:
        places.append(f"Google Colab's secrets ({error})")
        raise _missing(tuple(places)) from None
    return Credential(secret, f"{KEY_VARIABLE} (Google Colab secret)", origin="colab")


def credential_of(secret: SecretStr | KeyFunction, source: str, *, origin: str = "argument") -> Credential:
    """A key or a key function, or what a secret reference in the place of a key stands for."""
    reference = None if callable(secret) else Reference.parse(secret.get_secret_value())
    return Credential(secret, source, origin=origin) if reference is None else KeyReference(reference, source)


def _missing(places: tuple[str, ...]) -> MissingAPIKeyError:
    looked = "".join(f"\n  {number}. {place}" for number, place in enumerate(places, start=1))
    return MissingAPIKeyError(
        f"There is no Together API key. Looked at, in this order:{looked}\n"
        f"Set {KEY_VARIABLE}, or pass api_key=... (a str, or a function that gives one). "
        "To try things out without a key, set TOGETHER_TRANSPORT=embedded.",
        places=places,
    )


def _checked(value: SecretStr, source: str) -> SecretStr:
    """`value` stripped, if every character can stand in a header; the message never quotes it."""
    from pydantic import SecretStr

    value = SecretStr(value.get_secret_value().strip())
    length = len(value.get_secret_value())
    if not length:
        raise ConfigurationError(f"{source} is empty: give the key, or leave it out.")
    bad = [index for index in range(length) if not "!" <= value.get_secret_value()[index] <= "~"]
    if bad:
        raise ConfigurationError(
            f"{source} cannot be a key: the character at position {bad[0] + 1} of {length} is a space, a line break or "
            "not ASCII. Check what it was copied from (a whole line of a file, quotation marks, two keys)."
        )
    return value
