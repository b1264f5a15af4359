"""The API key, and how it stays out of sight; `key_lookup` finds it.

A key is a `SecretStr` from the moment it enters the package. No function here keeps one in a local variable as
plain text while something can fail, because tracebacks may be shown with their locals.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast

from .errors import ConfigurationError, MissingAPIKeyError
from .secrets import Reference

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

    __slots__ = ("_client", "_value", "source")

    def __init__(self, value: SecretStr | KeyFunction, source: str, *, client: str | None = None) -> None:
        """Hold a key.

        Args:
            value: The key, or the function that gives it.
            source: Where it came from.
            client: The name of the client whose key it is, if another process can find it again by that name.
        """
        from pydantic import SecretStr

        self.source = source
        self._client = client
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

    def refresh(self) -> None:
        """Have the key read again before the next call, where it stands elsewhere."""

    @property
    def shown(self) -> tuple[str, str]:
        """What of the key may be seen, without asking anybody for it, and where it came from."""
        return shown_key(self._value), self.source

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

        if callable(self._value):
            from .travel import by_name

            return _given_by, (*by_name(self._value, self.source), self.source)
        if self._client is None:
            raise PicklingError(
                f"A client whose key was given as {self.source} cannot be pickled: the key would travel with it. "
                f"Leave api_key out and set {KEY_VARIABLE} on both sides, or pass a secret reference such as "
                "file:///run/secrets/together, or a function that gives the key."
            )
        return _found_again, (self._client,)


def shown_key(key: object) -> str:
    """The last four characters of a key that is long enough for them to tell nothing; a reference as it is."""
    from pydantic import SecretStr

    if not isinstance(key, SecretStr):
        return "of a function"
    reference = Reference.parse(key.get_secret_value())
    if reference is not None:
        return str(reference)
    return f"****{key.get_secret_value()[-4:]}" if len(key.get_secret_value()) >= 16 else "****"


def _found_again(client: str) -> Credential:
    """The key of the client named `client`, as it is found in this process."""
    from .config import TogetherClient

    return TogetherClient.credential_named(client)


def _given_by(module: str, name: str, source: str) -> Credential:
    """The key that a function of this process gives."""
    from .travel import named

    return Credential(named(module, name), source)


#: What is taken for a key by mistake, and what is said then.
_NO_KEYS = {
    r"(?i)bearer\s": "it begins with 'Bearer', which is added on the way; leave that out",
    r"\{": "it is JSON; name the field that has the key, as in file:///run/secrets/together.json#api_key",
    r"([\"']).*\1\Z": "it stands in quotation marks; leave them out",
    r"[a-z][a-z0-9+.-]*://": "it is a reference, and what a reference refers to must be the key itself",
}


def _checked(value: SecretStr, source: str) -> SecretStr:
    """`value` stripped, if every character can stand in a header; the message never quotes it."""
    from pydantic import SecretStr

    value = SecretStr(value.get_secret_value().strip())
    length = len(value.get_secret_value())
    if not length:
        raise ConfigurationError(f"{source} is empty: give the key, or leave it out.")
    for pattern, problem in _NO_KEYS.items():
        if re.match(pattern, value.get_secret_value()):
            raise ConfigurationError(f"{source} cannot be a key: {problem}.")
    bad = next((found.end() for found in re.finditer("[^!-~]", value.get_secret_value())), None)
    if bad is not None:
        raise ConfigurationError(
            f"{source} cannot be a key: the character at position {bad} of {length} is a space, a line break or "
            "not ASCII. Check what it was copied from (a whole line of a file, quotation marks, two keys)."
        )
    return value
