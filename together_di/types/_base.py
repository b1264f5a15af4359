"""The base of every response model."""

from typing import Any, Generic, TypeVar

import pydantic
from pydantic.alias_generators import to_camel

__all__ = ["BaseModel", "CamelModel"]

T = TypeVar("T")


class BaseModel(pydantic.BaseModel):
    """A response, or a part of one. Fields the API added since are kept, in `model_extra`."""

    model_config = pydantic.ConfigDict(extra="allow", protected_namespaces=(), populate_by_name=True)

    def to_dict(self, *, use_api_names: bool = True, exclude_unset: bool = True) -> dict[str, Any]:
        """What the API sent, as a dictionary of plain values."""
        return self.model_dump(mode="json", by_alias=use_api_names, exclude_unset=exclude_unset, warnings=False)

    def to_json(self, *, indent: int | None = 2, use_api_names: bool = True, exclude_unset: bool = True) -> str:
        """What the API sent, as JSON text."""
        return self.model_dump_json(indent=indent, by_alias=use_api_names, exclude_unset=exclude_unset, warnings=False)


class CamelModel(BaseModel):
    """A response of the `/v2` API, which writes `fieldName` where Python reads `field_name`."""

    model_config = pydantic.ConfigDict(alias_generator=to_camel)


class PageBody(BaseModel, Generic[T]):
    """The body of one page of a list."""

    data: list[T] | None = None
    next_cursor: str | None = None
