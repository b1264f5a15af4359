"""Reading a JSON request body with the checks, and the error messages, of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic_core import from_json

from .exchange import ApiError, Json, JsonObject, invalid

if TYPE_CHECKING:
    from collections.abc import Collection

_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


def kind_of(value: Json) -> str:
    """Return what a JSON value is, with its article: `an array`."""
    return _KINDS[type(value)]


class Parameters:
    """The named values of a request body; each getter raises a 400 that names the parameter."""

    __slots__ = ("_values",)

    def __init__(self, values: JsonObject) -> None:
        self._values = values

    @classmethod
    def parse(cls, body: bytes) -> Parameters:
        """Read a body that has to be a JSON object."""
        if not body.strip():
            raise ApiError(400, "The request body is empty: send a JSON object.", code="invalid_json")
        try:
            values = cast("Json", from_json(body, allow_inf_nan=False))
        except ValueError as error:
            message = f"The request body is not valid JSON: {error}."
            raise ApiError(400, message, code="invalid_json") from None
        if not isinstance(values, dict):
            message = f"The request body has to be a JSON object, not {kind_of(values)}."
            raise ApiError(400, message, code="invalid_json")
        return cls(values)

    def get(self, name: str) -> Json:
        """Return a value as it came; absent and null are both None."""
        return self._values.get(name)

    def present(self) -> JsonObject:
        """All values but nulls."""
        return {name: value for name, value in self._values.items() if value is not None}

    def has(self, name: str) -> bool:
        """Return whether a value other than null came."""
        return self._values.get(name) is not None

    def required(self, name: str) -> Json:
        """Return a value that has to be there."""
        value = self._values.get(name)
        if value is None:
            raise invalid(name, f"`{name}` is required: add it to the request body.", code="missing_required")
        return value

    def text(self, name: str) -> str:
        """Return a required string that is not empty."""
        value = self.required(name)
        if not isinstance(value, str):
            raise wrong_type(name, "a string", value)
        if not value:
            raise invalid(name, f"`{name}` is empty: send at least one character.")
        return value

    def optional_text(self, name: str, default: str = "") -> str:
        """Return a string, or the default."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise wrong_type(name, "a string", value)
        return value

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """Return one of a fixed set of strings, or the default."""
        value = self.optional_text(name, default)
        if value not in choices:
            raise invalid(name, f"`{name}` is {value!r}: use one of {', '.join(sorted(choices))}.")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean; absent is False."""
        value = self._values.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise wrong_type(name, "a boolean", value)
        return value

    def integer(self, name: str, *, minimum: int | None = None, maximum: int | None = None) -> int | None:
        """Return an integer within bounds, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(name, "an integer", value)
        _check_bounds(name, value, minimum, maximum)
        return value

    def number(self, name: str, *, minimum: float | None = None, maximum: float | None = None) -> float | None:
        """Return an integer or a float within bounds, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise wrong_type(name, "a number", value)
        _check_bounds(name, value, minimum, maximum)
        return value

    def strings(self, name: str) -> list[str]:
        """Return a list of strings; a lone string is a list of one, absent an empty list."""
        value = self._values.get(name)
        if value is None:
            return []
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            raise wrong_type(name, "a string or an array of strings", value)
        texts = [item for item in value if isinstance(item, str)]
        if len(texts) != len(value):
            index = next(i for i, item in enumerate(value) if not isinstance(item, str))
            raise wrong_type(f"{name}.{index}", "a string", value[index])
        return texts

    def items(self, name: str) -> list[Json]:
        """Return an array; absent is an empty one."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise wrong_type(name, "an array", value)
        return value

    def mapping(self, name: str) -> JsonObject:
        """Return an object; absent is an empty one."""
        value = self._values.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise wrong_type(name, "an object", value)
        return value


def wrong_type(name: str, expected: str, value: Json) -> ApiError:
    """Return a 400 for a value of another type than expected."""
    return invalid(name, f"`{name}` has to be {expected}, not {kind_of(value)}.", code="invalid_type")


def _check_bounds(name: str, value: float, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and value < minimum:
        raise invalid(name, f"`{name}` is {value}: it has to be at least {minimum}.")
    if maximum is not None and value > maximum:
        raise invalid(name, f"`{name}` is {value}: it has to be at most {maximum}.")
