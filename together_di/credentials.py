"""The API key: where it comes from, and how it stays out of sight.

A key is a `SecretStr` from the moment it enters the package. No function here keeps one in a local variable as
plain text while something can fail, because tracebacks may be shown with their locals.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast

from .errors import ConfigurationError, MissingAPIKeyError

if TYPE_CHECKING:
    from pydantic import SecretStr

KEY_VARIABLE = "TOGETHER_API_KEY"

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
        return Credential(explicit, source)
    found = conceal(os.environ.get(KEY_VARIABLE))
    if found is not None and not callable(found) and found.get_secret_value().strip():
        return Credential(found, f"{KEY_VARIABLE} (environment)", origin="environment")
    places.append(f"the environment variable {KEY_VARIABLE} ({'not set' if found is None else 'empty'})")
    colab, state = _colab_secret()
    if colab is not None:
        return Credential(colab, f"{KEY_VARIABLE} (Google Colab secret)", origin="colab")
    places.append(f"Google Colab's secrets ({state})")
    raise _missing(tuple(places))


def _missing(places: tuple[str, ...]) -> MissingAPIKeyError:
    looked = "".join(f"\n  {number}. {place}" for number, place in enumerate(places, start=1))
    return MissingAPIKeyError(
        f"There is no Together API key. Looked at, in this order:{looked}\n"
        f"Set {KEY_VARIABLE}, or pass api_key=... (a str, or a function that gives one). "
        "To try things out without a key, set TOGETHER_TRANSPORT=embedded.",
        places=places,
    )


def _colab_secret() -> tuple[SecretStr | None, str]:
    """The key in Google Colab's secrets, and what was found there in words.

    Only asked inside Colab, where the module is loaded already: anywhere else importing it means nothing.
    """
    if "google.colab" not in sys.modules:
        return None, "not running in Colab"
    try:
        userdata: Any = importlib.import_module("google.colab.userdata")
        value = conceal(userdata.get(KEY_VARIABLE))
    except Exception as error:  # noqa: BLE001 - Colab's errors share no base class, and none may stop the search
        return None, _COLAB_STATES.get(type(error).__name__, f"failed: {type(error).__name__}")
    if value is None or callable(value) or not value.get_secret_value().strip():
        return None, "the secret is empty"
    return value, "found"


_COLAB_STATES = {
    "SecretNotFoundError": "no secret of that name",
    "NotebookAccessError": "the secret exists, but this notebook has no access to it: switch it on in the key panel",
    "TimeoutException": "no answer; secrets can be read only from the Colab page itself",
}


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
