"""From response bytes to a model in one step, and what happens when they do not fit.

The API may add fields, enum values and nulls at any time. The fast path hands the bytes to pydantic-core. Only if that
refuses them, the slow path rebuilds the model piece by piece and keeps each value that does not fit as it came.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar, Union, cast

import pydantic_core
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from .errors import APIResponseValidationError, blotted
from .wire import Response

T = TypeVar("T")


class Reader(Generic[T]):
    """From JSON bytes to a type, for one method.

    Args:
        kind: The type.
        who: The method's name, for errors.
        strict: Whether what does not fit is an error.

    Attributes:
        validate: The same for bytes that fit, and `ValueError` for others: what a stream calls for each chunk.
    """

    __slots__ = ("_decode", "_who", "validate")

    def __init__(self, kind: type[T], who: str, *, strict: bool) -> None:
        annotation: Any = kind
        self.validate: Callable[[bytes], T] = _validator(annotation)
        self._decode: Callable[[bytes], T] = decoder(annotation, strict=strict)
        self._who = who

    def __call__(self, response: Response, data: bytes) -> T:
        """The bytes of `response` as the type.

        Raises:
            APIResponseValidationError: They are not JSON or, if that is required, do not fit.
        """
        try:
            return self._decode(data)
        except Misfit as error:
            problem = str(error)
        content_type = response.headers.get("content-type", "no content type")
        status = response.status_code
        raise APIResponseValidationError(
            response,
            blotted(data.decode("utf-8", "replace"), response)[:2000],
            message=f"{self._who}(): the response of {response.url} ({status}, {content_type}) is not as documented: "
            f"{problem}",
        )


class Misfit(Exception):  # noqa: N818 - internal; callers turn it into APIResponseValidationError
    """The bytes are not JSON, or not of the documented shape and that is required."""


@functools.lru_cache(maxsize=1024)
def decoder(annotation: Any, *, strict: bool) -> Callable[[bytes], Any]:
    """A function from JSON bytes to `annotation`; it raises `Misfit`."""
    validate = _validator(annotation)

    def decode(data: bytes) -> Any:
        try:
            return validate(data)
        except ValidationError as error:
            problem = error
        first = problem.errors(include_url=False, include_input=False)[0]
        if strict or first["type"] == "json_invalid":
            where = ".".join(map(str, first["loc"]))
            raise Misfit(f"{where}: {first['msg']}" if where else first["msg"])
        result = fit(annotation, pydantic_core.from_json(data))
        wanted: type = list if typing.get_origin(annotation) is list else BaseModel
        if wanted not in type(result).__mro__:
            raise Misfit(f"an object is expected, not {type(result).__name__}")
        return result

    return decode


@functools.lru_cache(maxsize=1024)
def _validator(annotation: Any) -> Callable[[bytes], Any]:
    if own := getattr(annotation, "json_decoder", None):
        return cast("Callable[[bytes], Any]", own())
    return TypeAdapter(annotation).validator.validate_json


def fit(annotation: Any, value: Any) -> Any:
    """`value` as `annotation` as far as it goes; what does not fit stays as it is."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return fit(arguments[0], value)
    if origin in {Union, types.UnionType}:
        return _fit_union(annotation, arguments, value)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(value, dict):
        return _fit_model(annotation, cast("dict[str, object]", value))
    if origin is list and isinstance(value, list):
        return [fit(arguments[0], item) for item in cast("list[object]", value)]
    if origin is dict and isinstance(value, dict):
        return {key: fit(arguments[1], item) for key, item in cast("dict[str, object]", value).items()}
    return _fit_whole(annotation, value)


def _fit_whole(annotation: Any, value: object) -> object:
    try:
        return _adapter(annotation).validate_python(value)
    except ValidationError:
        return value


def _fit_union(annotation: Any, arms: tuple[Any, ...], value: Any) -> Any:
    try:
        return _adapter(annotation).validate_python(value)
    except ValidationError:
        if value is None:
            return None
    keys: frozenset[str] = frozenset(value if isinstance(value, dict) else ())  # pyright: ignore[reportUnknownArgumentType]
    arms = tuple(arm for arm in arms if arm is not types.NoneType)
    return fit(max(arms, key=lambda arm: _likeness(arm, keys)), value)


def _likeness(arm: Any, keys: frozenset[str]) -> tuple[int, int]:
    """How many of the keys `arm` knows, and how few it misses that it requires."""
    fields: dict[str, FieldInfo] = getattr(arm, "model_fields", {})
    known = {field.alias or name for name, field in fields.items()}
    required = {field.alias or name for name, field in fields.items() if field.is_required()}
    return len(keys & known), -len(required - keys)


def _fit_model(model: type[BaseModel], data: dict[str, object]) -> BaseModel:
    values: dict[str, Any] = {}
    given: set[str] = set()
    left = dict(data)
    for name, field in model.model_fields.items():
        key = field.alias if field.alias in left else name
        if key in left:
            values[name] = fit(field.annotation, left.pop(key))
            given.add(name)
        elif field.is_required():
            values[name] = None
    built = model.model_construct(given | left.keys(), **values)
    if built.__pydantic_extra__ is not None:
        built.__pydantic_extra__.update(left)
    return built


@functools.lru_cache(maxsize=1024)
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)
