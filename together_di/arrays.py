"""Methods whose numbers become a numpy array, without a Python float for each of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._lazy import lazy
from .endpoint import Declared, Endpoint, P, S
from .errors import ConfigurationError
from .request import Call, RequestBuilder, Template

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["array"]


def array(path: str) -> Callable[[Declared[P, S]], Endpoint[P, S, S]]:
    """Declare a method that sends `POST path` and gives the vectors of the answer as rows of one array."""
    return lambda function: _ArrayEndpoint(function, Template("POST", path))


class _ArrayEndpoint(Endpoint[P, S, S]):
    @lazy
    def result(self) -> Any:
        """What tells the decoder how to read the answer."""
        return _Rows

    def prepare(self, builder: RequestBuilder, args: tuple[object, ...], values: dict[str, Any]) -> Call:
        """The call for these arguments; a missing library is found here, before anything is sent."""
        self.load()
        return super().prepare(builder, args, values)


class _Rows:
    """Stands for an array of shape `(vectors, dimensions)`."""

    @staticmethod
    def json_decoder() -> Callable[[bytes], NDArray[np.float32]]:
        """A function from JSON bytes to the array.

        Raises:
            ConfigurationError: numpy or pysimdjson is missing.
        """
        from .decoding import Misfit

        try:
            np, simdjson = importlib.import_module("numpy"), importlib.import_module("simdjson")
        except ImportError as error:
            raise ConfigurationError(
                f'embeddings.create_array() needs {error.name}: pip install "together-di[numpy]"'
            ) from None

        def decode(data: bytes) -> Any:
            try:
                entries = simdjson.Parser().parse(data)["data"]
                if not isinstance(entries, simdjson.Array):
                    raise Misfit("data is no list")
                rows = {
                    entry.get("index", place): np.frombuffer(entry["embedding"].as_buffer(of_type="d"))
                    for place, entry in enumerate(entries)
                }
                if not len(entries):
                    return np.empty((0, 0), dtype=np.float32)
                if len(rows) < len(entries):
                    raise Misfit("two vectors have the same index")
                # A buffer holds the numbers of inner lists as well; few answers have a list too many.
                if data.count(b"[") > 1 + len(rows) and any(
                    isinstance(number, simdjson.Array) for entry in entries for number in entry["embedding"]
                ):
                    raise Misfit("a vector holds a list")
                with np.errstate(over="raise"):
                    return np.stack([rows[index] for index in sorted(rows)], dtype=np.float32, casting="same_kind")
            except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError) as error:
                raise Misfit(f"these are no vectors of one length ({error})") from None

        return decode
